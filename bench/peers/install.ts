/**
 * The peers' packages, which nothing else needs: `bench/peers/package.json` names them.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runCommand } from "../../scripts/run_command.ts";
import { isInstalled } from "../../scripts/set_up.ts";

const FOLDER = fileURLToPath(new URL("./", import.meta.url));
const requireHere = createRequire(join(FOLDER, "package.json"));

/** Installs what the lock file names, unless it is there. Prints what it downloads. */
export async function installPeers(): Promise<void> {
  const locked = await packagesOf("package-lock.json");
  const installed = await packagesOf(join("node_modules", ".package-lock.json"));
  if (locked && installed && isInstalled(locked, installed)) return;
  const { dependencies } = JSON.parse(await readFile(join(FOLDER, "package.json"), "utf8"));
  const names = Object.entries(dependencies).map(([name, version]) => `${name}@${version}`);
  const count = Object.keys(locked ?? {}).filter((path) => path !== "").length;
  console.log(`Installing ${names.join(", ")} (${count} packages with theirs): npm ci`);
  const command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"];
  const { ok, ending } = await runCommand(command, { cwd: FOLDER });
  if (!ok) throw new Error(`Cannot install the peers: npm ci ended with ${ending}`);
}

/**
 * Folder of an npm package, as a program in this folder finds it.
 *
 * @param name Name of the package.
 * @param from Folder of the package that needs it.
 */
export function packageFolder(name: string, from = FOLDER): string | undefined {
  for (let folder = from;; folder = dirname(folder)) {
    const found = join(folder, "node_modules", name);
    if (existsSync(join(found, "package.json"))) return found;
    if (dirname(folder) === folder) return undefined;
  }
}

/** Whether a package is installed. */
export function hasPackage(name: string): boolean {
  return packageFolder(name) !== undefined;
}

/**
 * Loads a peer. Not by an import: a checkout is type-checked without the peers.
 *
 * @param path Name of a package, or a file in it.
 */
export function loadPeer<T>(path: string): T {
  return requireHere(path) as T;
}

async function packagesOf(path: string): Promise<Record<string, object> | undefined> {
  try {
    return JSON.parse(await readFile(join(FOLDER, path), "utf8")).packages;
  } catch {
    return undefined;
  }
}
