/**
 * Finds a Chromium for the browser tests, and gets Debian's when there is none.
 *
 * `$CHROMIUM_BIN`, else `chromium` or the like on `PATH`, else Debian's package with whatever of its
 * libraries this machine lacks, unpacked into a cache folder: nothing is installed, and nobody needs
 * to be root.
 *
 * Run it: `deno run -A scripts/get_chromium.ts`, `bun scripts/get_chromium.ts` or
 * `node --import tsx scripts/get_chromium.ts`. It prints the path of the binary.
 */
import { execFile } from "node:child_process";
import {
  access,
  constants,
  mkdir,
  mkdtemp,
  readdir,
  realpath,
  rename,
  rm,
  stat,
  writeFile,
} from "node:fs/promises";
import { delimiter, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

const CACHE = fileURLToPath(new URL("../.cache/", import.meta.url));
const UNPACKED = join(CACHE, "chromium");
const LAUNCHER = join(UNPACKED, "launch");
const NAMES = ["chromium", "chromium-browser", "google-chrome"];

/**
 * Looks for a Chromium without downloading anything.
 *
 * @returns Its path, or `undefined` where there is none.
 * @throws {Error} when `$CHROMIUM_BIN` names something that can't be executed.
 */
export async function findChromium(): Promise<string | undefined> {
  const named = process.env.CHROMIUM_BIN;
  if (named) {
    if (await executable(named)) return named;
    throw new Error(`Cannot use $CHROMIUM_BIN: not an executable file, received ${named}`);
  }
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    for (const name of NAMES) {
      const path = join(folder, name);
      if (folder !== "" && await executable(path)) return path;
    }
  }
  return await executable(LAUNCHER) ? LAUNCHER : undefined;
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
  await mkdir(CACHE, { recursive: true });
  const root = await mkdtemp(join(CACHE, "chromium-"));
  try {
    await download(root);
    const out = join(root, "out");
    const files = (await readdir(join(root, "archives"))).filter((name) => name.endsWith(".deb"));
    for (const file of files) await run("dpkg", ["-x", join(root, "archives", file), out]);
    await writeLauncher(out);
    // A rename replaces at once, so that a second process can't see half a folder.
    await rename(out, UNPACKED).catch(async (error) => {
      if (!await executable(LAUNCHER)) throw error;
    });
    await run(LAUNCHER, ["--version"]);
    console.error(`Unpacked Debian's Chromium and ${files.length - 1} packages that it needs`);
    return LAUNCHER;
  } catch (cause) {
    throw new Error("Cannot get Chromium from Debian; set $CHROMIUM_BIN", { cause });
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

// The machine's own package sources and list of what is installed, but lists and cache of our own.
async function download(root: string): Promise<void> {
  for (const folder of ["lists/partial", "archives/partial"]) {
    await mkdir(join(root, folder), { recursive: true });
  }
  const settings = [
    `Dir::State::lists=${join(root, "lists")}`,
    `Dir::Cache=${root}`,
    "Debug::NoLocking=1",
    // Without it apt, run by root, warns that its download user can't enter this folder.
    "APT::Sandbox::User=root",
  ].flatMap((setting) => ["-o", setting]);
  const options = { maxBuffer: 16 << 20 };
  await run("apt-get", [...settings, "update"], options);
  const packages = ["chromium", "fonts-dejavu-core"];
  const install = ["install", "--download-only", "--no-install-recommends", "--yes", ...packages];
  await run("apt-get", [...settings, ...install], options);
}

async function writeLauncher(out: string): Promise<void> {
  const { stdout } = await run("dpkg-architecture", ["-qDEB_HOST_MULTIARCH"])
    .catch(() => ({ stdout: `${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu` }));
  const folders = ["usr/lib", "lib"].map((folder) => join(UNPACKED, folder, stdout.trim()));
  // Where Debian keeps the libraries that only others of PulseAudio load.
  const libraries = [...folders, join(folders[0]!, "pulseaudio")];
  const fonts = join(out, "fonts.conf");
  const script = `#!/bin/sh
export LD_LIBRARY_PATH="${libraries.join(":")}"
export FONTCONFIG_FILE="${join(UNPACKED, "fonts.conf")}"
exec "${join(UNPACKED, "usr/lib/chromium/chromium")}" "$@"
`;
  await writeFile(
    fonts,
    `<fontconfig><dir>/usr/share/fonts</dir><dir>${join(UNPACKED, "usr/share/fonts")}</dir>` +
      `<cachedir>${join(UNPACKED, "fonts-cache")}</cachedir></fontconfig>\n`,
  );
  await writeFile(join(out, "launch"), script, { mode: 0o755 });
}

async function executable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

if (process.argv[1] && await realpath(process.argv[1]) === fileURLToPath(import.meta.url)) {
  console.log(await ensureChromium());
}
