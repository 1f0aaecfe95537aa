/**
 * Files, on runtimes that have any.
 *
 * @module
 */

// The parts that are used here: the core is type-checked without any runtime's types. Node, Bun and
// Deno all have it, and asking for it this way leaves no import of node: that would fail at the edge.
interface FileSystem {
  readFile(path: string | URL, encoding: "utf8"): Promise<string>;
  writeFile(path: string, text: string, options: { mode: number; flag: string }): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  rm(path: string, options: { force: boolean }): Promise<void>;
  readlink(path: string): Promise<string>;
  lstat(path: string): Promise<Stats>;
}

interface Stats {
  readonly mode: number;
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
  isFIFO(): boolean;
  isSocket(): boolean;
}

interface PathModule {
  resolve(...parts: string[]): string;
  dirname(path: string): string;
}

interface Runtime {
  process?: {
    getBuiltinModule?(name: "node:fs"): { promises: FileSystem } | undefined;
    getBuiltinModule?(name: "node:path"): PathModule | undefined;
  };
}

// As many as Linux follows.
const MAX_LINKS = 40;

/**
 * Reads a text file.
 *
 * @param path A path, relative to the working directory when it is not absolute, or a `file:` URL.
 * @returns The text. Bytes that are not UTF-8 become U+FFFD.
 * @throws {Error} the runtime's own, when the file is missing or not readable, or when the runtime
 * has no files.
 *
 * @example
 * ```ts
 * import { readTextFile } from "./files.ts";
 *
 * if (!(await readTextFile(new URL("../errors.ts", import.meta.url))).includes("PilotedError")) {
 *   throw new Error("That is not the file");
 * }
 * ```
 */
export async function readTextFile(path: string | URL): Promise<string> {
  const fs = (globalThis as unknown as Runtime).process?.getBuiltinModule?.("node:fs");
  if (fs === undefined) throw new Error("Cannot read a file: this runtime has no file system");
  return await fs.promises.readFile(path, "utf8");
}

/**
 * Replaces a text file as a whole: a reader sees the old text or the new one, never a part. The text
 * is written to a temporary file in the same folder, which is then renamed. Only the owner may read
 * a new file; an existing one keeps its permissions.
 *
 * @param path A path, relative to the working directory when it is not absolute. A symbolic link
 * stays a link: its target is replaced.
 * @param text The new text.
 * @throws {Error} when the path is a folder, a device, a pipe or a socket; the runtime's own when
 * the file cannot be written; or when the runtime has no files.
 */
export async function writeTextFile(path: string, text: string): Promise<void> {
  const { process } = globalThis as unknown as Runtime;
  const fs = process?.getBuiltinModule?.("node:fs")?.promises;
  const paths = process?.getBuiltinModule?.("node:path");
  if (fs === undefined || paths === undefined) {
    throw new Error("Cannot write a file: this runtime has no file system");
  }
  const { target, mode } = await findTarget(fs, paths, path);
  const temporary = `${target}.${crypto.randomUUID()}.tmp`;
  try {
    // Never through something that is there already.
    await fs.writeFile(temporary, text, { mode, flag: "wx" });
    await fs.rename(temporary, target);
  } catch (cause) {
    await fs.rm(temporary, { force: true }).catch(() => {});
    throw cause;
  }
}

// Follows links one by one, also to a target that does not exist yet.
async function findTarget(
  fs: FileSystem,
  paths: PathModule,
  path: string,
): Promise<{ target: string; mode: number }> {
  let target = path;
  for (let links = 0; links <= MAX_LINKS; links++) {
    const stats = await statOf(fs, target);
    if (stats === undefined) return { target, mode: 0o600 };
    if (stats.isFile()) return { target, mode: stats.mode & 0o777 };
    if (!stats.isSymbolicLink()) {
      const via = target === path ? "" : ` (a link to ${target})`;
      throw new Error(`Cannot write ${path}${via}: it is ${kindOf(stats)}, not a regular file`);
    }
    target = paths.resolve(paths.dirname(target), await fs.readlink(target));
  }
  throw new Error(
    `Cannot write ${path}: more than ${MAX_LINKS} symbolic links lead from one to another`,
  );
}

async function statOf(fs: FileSystem, path: string): Promise<Stats | undefined> {
  try {
    return await fs.lstat(path);
  } catch (cause) {
    if ((cause as { code?: unknown }).code === "ENOENT") return undefined;
    throw cause;
  }
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return "a folder";
  if (stats.isFIFO()) return "a pipe";
  return stats.isSocket() ? "a socket" : "a device";
}
