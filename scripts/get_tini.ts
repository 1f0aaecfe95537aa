/**
 * Finds tini for the tests of the first process of a container, and gets it from Debian when there is
 * none: unpacked without being root and without installing anything.
 *
 * Run it: `deno run -A scripts/get_tini.ts`, `bun scripts/get_tini.ts` or
 * `node --import tsx scripts/get_tini.ts`. It prints the path of the binary.
 */
import { execFile } from "node:child_process";
import { access, constants, mkdir, mkdtemp, readdir, realpath, rename, rm } from "node:fs/promises";
import { delimiter, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const CACHE = fileURLToPath(new URL("../.cache/tini/", import.meta.url));
const CACHED_BINARY = join(CACHE, "tini");

/**
 * Looks for tini and gets it when there is none. Two processes may do so at once.
 *
 * @returns Its path.
 * @throws {Error} when there is none and this machine can't get it.
 */
export async function ensureTini(): Promise<string> {
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  for (const path of [...folders.map((folder) => join(folder, "tini")), CACHED_BINARY]) {
    if (await access(path, constants.X_OK).then(() => true, () => false)) return path;
  }
  await mkdir(CACHE, { recursive: true });
  const root = await mkdtemp(join(CACHE, "apt-"));
  try {
    // The machine's own sources, with lists and a cache that are nobody else's.
    for (const folder of ["lists/partial", "cache/archives/partial"]) {
      await mkdir(join(root, folder), { recursive: true });
    }
    const settings = [
      `Dir::State::lists=${join(root, "lists")}`,
      `Dir::Cache=${join(root, "cache")}`,
      "APT::Sandbox::User=root",
    ].flatMap((setting) => ["-o", setting]);
    await run("apt-get", [...settings, "update"]);
    await run("apt-get", [...settings, "download", "tini"], { cwd: root });
    const file = (await readdir(root)).find((name) => name.endsWith(".deb"));
    if (file === undefined) throw new Error("Cannot get tini: apt left no package");
    await run("dpkg", ["-x", file, "out"], { cwd: root });
    // A rename replaces atomically, so a second process can't see half a binary.
    await rename(join(root, "out", "usr", "bin", "tini"), CACHED_BINARY);
    return CACHED_BINARY;
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

if (process.argv[1] && await realpath(process.argv[1]) === fileURLToPath(import.meta.url)) {
  console.log(await ensureTini());
}
