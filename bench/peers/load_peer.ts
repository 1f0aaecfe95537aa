/**
 * Finds and loads the peers' packages.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("./", import.meta.url));
const requireHere = createRequire(join(FOLDER, "package.json"));

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
