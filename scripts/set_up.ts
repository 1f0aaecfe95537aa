/**
 * Gets what the tests need and a fresh clone does not have.
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ensureConsul } from "./get_consul.ts";
import { ensureServer } from "./get_servers.ts";
import { runCommand } from "./run_command.ts";

interface LockedPackage {
  version?: string;
  optional?: boolean;
  link?: boolean;
}

type LockedPackages = Record<string, LockedPackage>;

/**
 * Fills `node_modules` from the lock file, where it is missing or holds something else.
 *
 * @param root Folder of the project.
 * @throws {Error} when npm fails.
 */
export async function ensureNodeModules(root: string): Promise<void> {
  const locked = await readLock(join(root, "package-lock.json"));
  const installed = await readLock(join(root, "node_modules", ".package-lock.json"));
  if (locked && installed && isInstalled(locked, installed)) return;
  console.log("Set-up: npm ci (npm packages, Bun among them)");
  const result = await runCommand(["npm", "ci", "--no-audit", "--no-fund"], { cwd: root });
  if (!result.ok) {
    throw new Error(`Cannot install the npm packages: npm ci ended with ${result.ending}`);
  }
}

/**
 * Compares what npm installed with what the lock file asks for. Optional packages, which are for
 * other machines, may be missing.
 *
 * @param locked `packages` of `package-lock.json`.
 * @param installed `packages` of `node_modules/.package-lock.json`.
 * @returns Whether they agree.
 */
export function isInstalled(locked: LockedPackages, installed: LockedPackages): boolean {
  const wanted = Object.entries(locked).filter(([path]) => path !== "");
  return Object.keys(installed).every((path) => path in locked) &&
    wanted.every(([path, { version, optional }]) =>
      installed[path] ? installed[path].version === version : optional === true
    );
}

/**
 * Finds or gets a Consul for the live tests. Without one they say so, and fail only under CI.
 *
 * @returns Its path, or `undefined`.
 */
export async function consulForTests(): Promise<string | undefined> {
  try {
    return await ensureConsul();
  } catch (error) {
    console.log(`Set-up: ${error instanceof Error ? error.message : error}`);
    return undefined;
  }
}

/**
 * Finds or gets the database servers that some test files need. Without one they say so, and fail
 * only under CI.
 *
 * @param files Paths of the test files.
 */
export async function serversForTests(files: readonly string[]): Promise<void> {
  for (const [name, folder] of [["redis", "plugs/redis/"], ["postgres", "plugs/pg/"]] as const) {
    if (!files.some((file) => file.includes(folder))) continue;
    try {
      console.log(`Set-up: ${name} ${await ensureServer(name)}`);
    } catch (error) {
      console.log(`Set-up: ${error instanceof Error ? error.message : error}`);
    }
  }
}

async function readLock(path: string): Promise<LockedPackages | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")).packages;
  } catch {
    return undefined;
  }
}
