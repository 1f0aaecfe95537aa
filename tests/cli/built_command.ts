/** The command in one piece, so that a test waits for its own start-up and not for a compiler. */
import { execFile } from "node:child_process";
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { ROOT } from "../architecture/project.ts";

const run = promisify(execFile);
const REQUIRE =
  `import{createRequire}from"node:module";const require=createRequire(import.meta.url);`;

let built: Promise<string> | undefined;

/** Bundles `cli.ts` once for this process. Returns the path of the script. */
export function builtCommand(): Promise<string> {
  return built ??= build();
}

async function build(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "piloted-command-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  await run(join(ROOT, "node_modules", ".bin", "esbuild"), [
    "cli.ts",
    "--bundle",
    "--splitting",
    "--format=esm",
    "--platform=node",
    "--target=es2023",
    "--out-extension:.js=.mjs",
    "--log-level=warning",
    `--banner:js=${REQUIRE}`,
    `--outdir=${folder}`,
  ], { cwd: ROOT });
  return join(folder, "cli.mjs");
}
