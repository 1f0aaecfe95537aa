/**
 * Debian packages for tests: downloaded by apt and unpacked by dpkg into a folder of this project.
 * Nothing is installed, nobody needs to be root, and the lists, the cache and the installed packages
 * of the machine are not touched.
 *
 * @module
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
  rm,
  stat,
  writeFile,
} from "node:fs/promises";
import { delimiter, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";
// apt-get lists every package of an archive.
const MAX_BUFFER = 16 << 20;

/** Folder for what is downloaded. */
export const CACHE: string = fileURLToPath(new URL("../.cache/", import.meta.url));

/** What to download. */
export interface PackageRequest {
  /** Names of packages. */
  readonly names: readonly string[];
  /**
   * Release of Debian that has them, such as `bullseye`.
   *
   * @default {the package sources of this machine}
   */
  readonly suite?: string;
  /**
   * Also downloads packages that they depend on and that this machine lacks.
   *
   * @default {false}
   */
  readonly withDependencies?: boolean;
  /** Names of dependencies that are left out, because the programs also run without them. */
  readonly without?: RegExp;
}

/** What a program is found by. */
export interface ProgramRequest {
  /** Environment variable that names the program. */
  readonly variable: string;
  /** Its names on `PATH`. */
  readonly names: readonly string[];
  /** Further paths, such as the one in the cache. */
  readonly paths: readonly string[];
}

/**
 * Looks for a program without downloading anything.
 *
 * @param request Where it may be; the first that exists is taken.
 * @returns Its path, or `undefined` where there is none.
 * @throws {Error} when the environment variable names something that can't be executed.
 */
export async function findProgram(request: ProgramRequest): Promise<string | undefined> {
  const { variable, names, paths } = request;
  const named = process.env[variable];
  if (named) {
    if (await isExecutable(named)) return named;
    throw new Error(`Cannot use $${variable}: not an executable file, received ${named}`);
  }
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  const onPath = folders.flatMap((folder) => names.map((name) => join(folder, name)));
  for (const path of [...onPath, ...paths]) if (await isExecutable(path)) return path;
  return undefined;
}

/**
 * Downloads packages, unpacks them into a temporary folder in the cache, and removes that folder
 * again. Several processes may do so at once.
 *
 * @param request Which packages.
 * @param use Takes from the folder what is needed. A rename within the cache is atomic, so that
 * another process can't see half of it.
 * @returns What `use` returns.
 * @throws {Error} when this machine can't download or unpack them.
 */
export async function withDebianPackages<Result>(
  request: PackageRequest,
  use: (folder: string) => Promise<Result>,
): Promise<Result> {
  const origins = request.suite === undefined ? [undefined] : await debianMirrors();
  await mkdir(CACHE, { recursive: true });
  let cause: unknown;
  for (const mirror of origins) {
    const root = await mkdtemp(join(CACHE, "apt-"));
    try {
      return await use(await unpack(request, root, mirror));
    } catch (error) {
      cause = error;
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  }
  const suite = request.suite === undefined ? "" : ` ${request.suite}`;
  const why = origins.length === 0 ? "no Debian mirror in apt's configuration" : String(cause);
  throw new Error(`Cannot get ${request.names.join(", ")} from Debian${suite}: ${why}`, { cause });
}

/**
 * Writes a script that starts an unpacked program with the libraries that were unpacked beside it.
 *
 * @param script Path of the script.
 * @param folder Where the packages will be.
 * @param program The program, relative to the folder.
 * @param environment Further lines of the script.
 */
export async function writeLauncher(
  script: string,
  folder: string,
  program: string,
  environment = "",
): Promise<void> {
  const machine = `${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu`;
  const folders = ["usr/lib", "lib"].map((name) => join(folder, name, machine));
  // Where Debian keeps the libraries that only others of PulseAudio load.
  const libraries = [...folders, join(folders[0]!, "pulseaudio")].join(":");
  const text = `#!/bin/sh
export LD_LIBRARY_PATH="${libraries}\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
${environment}exec "${join(folder, program)}" "$@"
`;
  await writeFile(script, text, { mode: 0o755 });
}

/**
 * Whether a file is a program.
 *
 * @param path Path of the file.
 */
export async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/**
 * Whether a module is the program that was started.
 *
 * @param url `import.meta.url` of the module.
 */
export async function isMain(url: string): Promise<boolean> {
  return Boolean(process.argv[1]) && await realpath(process.argv[1]!) === fileURLToPath(url);
}

async function unpack(
  request: PackageRequest,
  root: string,
  mirror: string | undefined,
): Promise<string> {
  const archives = join(root, "archives");
  for (const folder of [join(root, "lists/partial"), join(archives, "partial")]) {
    await mkdir(folder, { recursive: true });
  }
  const settings = await aptSettings(request, root, mirror);
  const apt = async (...words: string[]) =>
    await run("apt-get", [...settings, ...words], { cwd: archives, maxBuffer: MAX_BUFFER });
  await apt(...mirror === undefined ? [] : ["--error-on=any"], "update");
  const names = new Set(request.names);
  if (request.withDependencies) {
    const words = ["install", "--simulate", "--no-install-recommends", ...request.names];
    for (const [, name] of (await apt(...words)).stdout.matchAll(/^Inst (\S+)/gm)) {
      if (!request.without?.test(name!)) names.add(name!);
    }
  }
  await apt("download", ...names);
  const out = join(root, "out");
  for (const file of (await readdir(archives)).filter((name) => name.endsWith(".deb"))) {
    const path = join(archives, file);
    const [name, version] = file.replace(/%3a/g, ":").split("_");
    const megabytes = ((await stat(path)).size / 1e6).toFixed(1);
    const origin = request.suite === undefined ? "" : ` ${request.suite}`;
    console.error(`Downloaded ${name} ${version} from Debian${origin}, ${megabytes} MB`);
    await run("dpkg", ["-x", path, out]);
  }
  return out;
}

async function aptSettings(
  { suite }: PackageRequest,
  root: string,
  mirror: string | undefined,
): Promise<string[]> {
  const settings = [
    `Dir::State::lists=${join(root, "lists")}`,
    `Dir::Cache=${root}`,
    "Debug::NoLocking=1",
    // Without it apt, run by root, warns that its download user can't enter this folder.
    "APT::Sandbox::User=root",
  ];
  if (mirror !== undefined) {
    const sources = join(root, "sources.list");
    await writeFile(sources, `deb [signed-by=${KEYRING}] ${mirror} ${suite} main\n`);
    settings.push(`Dir::Etc::sourcelist=${sources}`, "Dir::Etc::sourceparts=-");
    settings.push("Dir::State::status=/dev/null");
  }
  return settings.flatMap((setting) => ["-o", setting]);
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
