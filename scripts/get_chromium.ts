/**
 * Finds a Chromium for the browser tests, and gets Debian's when there is none.
 *
 * `$CHROMIUM_BIN`, else `chromium` or the like on `PATH`, else Debian's package with whatever of its
 * libraries this machine lacks, unpacked into the cache.
 *
 * Run it: `deno run -A scripts/get_chromium.ts`, `bun scripts/get_chromium.ts` or
 * `node --import tsx scripts/get_chromium.ts`. It prints the path of the binary.
 */
import { execFile } from "node:child_process";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  CACHE,
  findProgram,
  isExecutable,
  isMain,
  withDebianPackages,
  writeLauncher,
} from "./debian_package.ts";

const run = promisify(execFile);

const UNPACKED = join(CACHE, "chromium");
const LAUNCHER = join(UNPACKED, "launch");
const NAMES = ["chromium", "chromium-browser", "google-chrome"];

/**
 * Looks for a Chromium without downloading anything.
 *
 * @returns Its path, or `undefined` where there is none.
 * @throws {Error} when `$CHROMIUM_BIN` names something that can't be executed.
 */
export function findChromium(): Promise<string | undefined> {
  return findProgram({ variable: "CHROMIUM_BIN", names: NAMES, paths: [LAUNCHER] });
}

/**
 * Looks for a Chromium and gets one when there is none. Two processes may do so at once.
 *
 * @returns Its path.
 * @throws {Error} when there is none and this machine can't get one.
 */
export async function ensureChromium(): Promise<string> {
  return await findChromium() ?? await unpackChromium();
}

async function unpackChromium(): Promise<string> {
  const request = { names: ["chromium", "fonts-dejavu-core"], withDependencies: true };
  try {
    return await withDebianPackages(request, async (folder) => {
      await writeFonts(folder);
      const fonts = `export FONTCONFIG_FILE="${join(UNPACKED, "fonts.conf")}"\n`;
      await writeLauncher(
        join(folder, "launch"),
        UNPACKED,
        "usr/lib/chromium/chromium",
        fonts,
      );
      await rename(folder, UNPACKED).catch(async (error) => {
        if (!await isExecutable(LAUNCHER)) throw error;
      });
      await run(LAUNCHER, ["--version"]);
      return LAUNCHER;
    });
  } catch (cause) {
    throw new Error(`${(cause as Error).message}; set $CHROMIUM_BIN`, { cause });
  }
}

async function writeFonts(folder: string): Promise<void> {
  await writeFile(
    join(folder, "fonts.conf"),
    `<fontconfig><dir>/usr/share/fonts</dir><dir>${join(UNPACKED, "usr/share/fonts")}</dir>` +
      `<cachedir>${join(UNPACKED, "fonts-cache")}</cachedir></fontconfig>\n`,
  );
}

if (await isMain(import.meta.url)) console.log(await ensureChromium());
