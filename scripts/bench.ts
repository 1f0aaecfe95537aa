/**
 * Runs the benchmarks one after the other, since two at a time would measure each other.
 *
 *     deno task bench [name]...
 *
 * A name is that of a file in `bench/`; without one all of them run. Exits with 1 when one of them
 * missed a limit of its own.
 *
 * @module
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { runCommand } from "./run_command.ts";
import { ensureNodeModules } from "./set_up.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

await ensureNodeModules(ROOT);
const files = (await readdir(join(ROOT, "bench"))).filter((name) => name.endsWith(".ts")).sort();
const chosen = process.argv.slice(2).map((name) => name.replace(/(\.ts)?$/, ".ts"));
const unknown = chosen.filter((name) => !files.includes(name));
if (unknown.length > 0) {
  throw new Error(`Cannot run ${unknown.join(", ")}: bench has ${files.join(", ")}`);
}
for (const file of chosen.length > 0 ? chosen : files) {
  console.log(`\n=== bench/${file}`);
  const { ok, ending } = await runCommand(
    [process.execPath, "run", "-A", "--no-check", join("bench", file)],
    { cwd: ROOT },
  );
  if (!ok) {
    console.log(`bench/${file}: ${ending}`);
    process.exitCode = 1;
  }
}
