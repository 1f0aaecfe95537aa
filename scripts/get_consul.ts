/**
 * Finds a Consul binary for the live tests, and gets one from Debian when there is none.
 *
 * `$CONSUL_BIN`, else `consul` on `PATH`, else HashiCorp Consul 1.8.7 of Debian's bullseye suite,
 * which apt can fetch and dpkg can unpack without being root and without installing anything.
 *
 * Run it: `deno run -A scripts/get_consul.ts`, `bun scripts/get_consul.ts` or
 * `node --import tsx scripts/get_consul.ts`. It prints the path of the binary.
 */
import { execFile } from "node:child_process";
import {
  access,
  constants,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
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

const SUITE = "bullseye";
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";
const CACHE = fileURLToPath(new URL("../.cache/consul/", import.meta.url));
const CACHED_BINARY = join(CACHE, "consul");

/**
 * Looks for a Consul binary without downloading anything.
 *
 * @returns Its path, or `undefined` where there is none.
 * @throws {Error} when `$CONSUL_BIN` names something that can't be executed.
 */
export async function findConsul(): Promise<string | undefined> {
  const named = process.env.CONSUL_BIN;
  if (named) {
    if (await executable(named)) return named;
    throw new Error(`Cannot use $CONSUL_BIN: not an executable file, received ${named}`);
  }
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    const path = join(folder, "consul");
    if (folder !== "" && await executable(path)) return path;
  }
  return await executable(CACHED_BINARY) ? CACHED_BINARY : undefined;
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
  const mirrors = await debianMirrors();
  if (mirrors.length === 0) {
    throw new Error("Cannot get Consul: no Debian mirror in apt's configuration; set $CONSUL_BIN");
  }
  await mkdir(CACHE, { recursive: true });
  let cause: unknown;
  for (const mirror of mirrors) {
    const root = await mkdtemp(join(CACHE, "apt-"));
    try {
      const unpacked = await unpackFrom(mirror, root);
      // A rename replaces atomically, so a second process can't see half a binary.
      await rename(unpacked, CACHED_BINARY);
      return CACHED_BINARY;
    } catch (error) {
      cause = error;
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  }
  throw new Error(
    `Cannot get Consul from Debian ${SUITE}: ${mirrors.length} mirror(s) tried; set $CONSUL_BIN`,
    { cause },
  );
}

// A private apt root: nothing of the machine's own lists, cache or installed packages is touched.
async function unpackFrom(mirror: string, root: string): Promise<string> {
  for (const folder of ["lists/partial", "cache/archives/partial"]) {
    await mkdir(join(root, folder), { recursive: true });
  }
  const sources = join(root, "sources.list");
  await writeFile(sources, `deb [signed-by=${KEYRING}] ${mirror} ${SUITE} main\n`);
  const settings = [
    `Dir::Etc::sourcelist=${sources}`,
    "Dir::Etc::sourceparts=-",
    `Dir::State::lists=${join(root, "lists")}`,
    `Dir::Cache=${join(root, "cache")}`,
    "Dir::State::status=/dev/null",
    // Without it apt, run by root, warns that its download user can't enter this folder.
    "APT::Sandbox::User=root",
  ].flatMap((setting) => ["-o", setting]);
  await run("apt-get", [...settings, "--error-on=any", "update"]);
  await run("apt-get", [...settings, "download", "consul"], { cwd: root });
  const file = (await readdir(root)).find((name) => name.endsWith(".deb"));
  if (file === undefined) throw new Error(`Cannot get Consul: apt left no package in ${root}`);
  const [name, version] = file.replace(/%3a/g, ":").split("_");
  const megabytes = ((await stat(join(root, file))).size / 1e6).toFixed(1);
  console.error(`Downloaded ${name} ${version} from Debian ${SUITE}, ${megabytes} MB`);
  await run("dpkg", ["-x", file, "out"], { cwd: root });
  const binary = join(root, "out", "usr", "bin", "consul");
  await run(binary, ["version"]);
  return binary;
}

// Every Debian mirror that this machine's apt uses, most likely first.
async function debianMirrors(): Promise<string[]> {
  const found = [...await mirrorsFromApt(), ...await mirrorsFromFiles()]
    .map((url) => url.replace(/\/+$/, ""))
    .filter((url) => !/security/.test(url));
  const likely = (url: string) => /\/debian$/.test(url) ? 0 : 1;
  return [...new Set(found)].sort((a, b) => likely(a) - likely(b));
}

async function mirrorsFromApt(): Promise<string[]> {
  const format = ["indextargets", "--format", "$(SITE)", "Created-By: Packages"];
  try {
    return (await run("apt-get", format)).stdout.split("\n").filter((line) => line !== "");
  } catch {
    return [];
  }
}

// Before the first `apt-get update` of a machine apt lists no targets, but the files name mirrors.
async function mirrorsFromFiles(): Promise<string[]> {
  const parts = "/etc/apt/sources.list.d";
  const names = await readdir(parts).catch(() => []);
  const paths = ["/etc/apt/sources.list", ...names.map((name) => join(parts, name))];
  const mirrors: string[] = [];
  for (const path of paths) {
    const text = await readFile(path, "utf8").catch(() => "");
    for (const line of text.split("\n")) {
      const uris = /^deb\s+(?:\[[^\]]*\]\s+)?(\S+)/.exec(line) ?? /^URIs:\s*(.+)$/i.exec(line);
      if (uris !== null) mirrors.push(...uris[1]!.trim().split(/\s+/));
    }
  }
  return mirrors.filter((url) => /^(https?|file|mirror\+\w+):/.test(url));
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
  console.log(await ensureConsul());
}
