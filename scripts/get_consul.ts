/**
 * Finds a Consul binary for the live tests, and gets one from Debian when there is none.
 *
 * `$CONSUL_BIN`, else `consul` on `PATH`, else HashiCorp Consul 1.8.7 of Debian's bullseye suite,
 * which is unpacked into the cache.
 *
 * Run it: `deno run -A scripts/get_consul.ts`, `bun scripts/get_consul.ts` or
 * `node --import tsx scripts/get_consul.ts`. It prints the path of the binary.
 */
import { execFile } from "node:child_process";
import { mkdir, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { CACHE, findProgram, isMain, withDebianPackages } from "./debian_package.ts";

const run = promisify(execFile);

const CACHED_BINARY = join(CACHE, "consul", "consul");

/**
 * Looks for a Consul binary without downloading anything.
 *
 * @returns Its path, or `undefined` where there is none.
 * @throws {Error} when `$CONSUL_BIN` names something that can't be executed.
 */
export function findConsul(): Promise<string | undefined> {
  return findProgram({ variable: "CONSUL_BIN", names: ["consul"], paths: [CACHED_BINARY] });
}

/**
 * Looks for a Consul binary and gets one when there is none. Two processes may do so at once.
 *
 * @returns Its path.
 * @throws {Error} when there is none and this machine can't get one.
 */
export async function ensureConsul(): Promise<string> {
  return await findConsul() ?? await downloadConsul();
}

async function downloadConsul(): Promise<string> {
  try {
    return await withDebianPackages({ names: ["consul"], suite: "bullseye" }, async (folder) => {
      const binary = join(folder, "usr", "bin", "consul");
      await run(binary, ["version"]);
      await mkdir(dirname(CACHED_BINARY), { recursive: true });
      await rename(binary, CACHED_BINARY);
      return CACHED_BINARY;
    });
  } catch (cause) {
    throw new Error(`${(cause as Error).message}; set $CONSUL_BIN`, { cause });
  }
}

if (await isMain(import.meta.url)) console.log(await ensureConsul());
