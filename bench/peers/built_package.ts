/**
 * Piloted as npm users install it: peers are plain JavaScript, too.
 *
 * @module
 */
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { runCommand } from "../../scripts/run_command.ts";
import { runtimeBinary } from "../../tests/support/process.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
// Inside the checkout, whose node_modules has the dependencies.
const FOLDER = join(ROOT, ".cache", "peers", "npm");

/** A built package. */
export interface BuiltPackage {
  readonly folder: string;
  /** URL of its main module. */
  readonly main: string;
}

let built: Promise<BuiltPackage> | undefined;

/** Builds it, once for each run. */
export function builtPackage(): Promise<BuiltPackage> {
  return built ??= build();
}

async function build(): Promise<BuiltPackage> {
  const command = [
    await runtimeBinary("node"),
    "--import",
    "tsx",
    join(ROOT, "scripts", "build_npm.ts"),
    FOLDER,
  ];
  let output = "";
  const { ok, ending } = await runCommand(command, {
    cwd: ROOT,
    env: { ...process.env },
    onOutput: (text) => void (output += text),
  });
  if (!ok) throw new Error(`Cannot build the npm package: ${ending}\n${output}`);
  return { folder: FOLDER, main: pathToFileURL(join(FOLDER, "mod.js")).href };
}
