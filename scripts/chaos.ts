/**
 * Runs the chaos programs one after the other: what Piloted does while Consul does what it should
 * not, with figures against their bounds.
 *
 *     deno task chaos [name]... [--option value]...
 *
 * A name is that of a program in `scripts/chaos/`; without one all of them run, which takes about
 * 20 minutes. Options go to every program. Exits with 1 when a bound was broken.
 *
 * @module
 */
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { runCommand } from "./run_command.ts";
import { ensureNodeModules } from "./set_up.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const PROGRAMS = [
  "absent_at_start",
  "sighups",
  "agent_away",
  "leader_kills",
  "pinned_server",
  "thousand_services",
  "soak",
];

await ensureNodeModules(ROOT);
const given = process.argv.slice(2);
const first = given.findIndex((text) => text.startsWith("--"));
const [names, options] = first < 0 ? [given, []] : [given.slice(0, first), given.slice(first)];
const unknown = names.filter((name) => !PROGRAMS.includes(name));
if (unknown.length > 0) {
  throw new Error(`Cannot run ${unknown.join(", ")}: there are ${PROGRAMS.join(", ")}`);
}
for (const name of names.length > 0 ? names : PROGRAMS) {
  console.log(`\n=== ${name}`);
  const file = join("scripts", "chaos", `${name}.ts`);
  const { ok, ending } = await runCommand(
    [process.execPath, "run", "-A", "--no-check", file, ...options],
    { cwd: ROOT },
  );
  if (!ok) {
    console.log(`${name}: ${ending}`);
    process.exitCode = 1;
  }
}
