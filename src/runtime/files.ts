/**
 * Files, on runtimes that have any.
 *
 * @module
 */

// The little that is used here: the core is type-checked without any runtime's types. Node, Bun and
// Deno all have it, and asking for it this way leaves no import of node: for the edge to stumble on.
interface Runtime {
  process?: {
    getBuiltinModule?(name: "node:fs"): {
      promises: {
        readFile(path: string | URL, encoding: "utf8"): Promise<string>;
        writeFile(path: string, text: string, options: { mode: number }): Promise<void>;
        rename(from: string, to: string): Promise<void>;
        rm(path: string, options: { force: boolean }): Promise<void>;
      };
    } | undefined;
  };
}

/**
 * Reads a text file.
 *
 * @param path A path, relative to the working directory where it is not absolute, or a `file:` URL.
 * @returns The text. Bytes that are not UTF-8 become U+FFFD.
 * @throws {Error} the runtime's own, when the file is not there or may not be read, or when the
 * runtime has no files.
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
 * Replaces a text file as a whole: a reader sees the old text or the new one, whatever happens
 * meanwhile. Only the owner may read it.
 *
 * @param path A path, relative to the working directory where it is not absolute.
 * @param text The new text.
 * @throws {Error} the runtime's own, when the file can't be written, or when the runtime has no files.
 */
export async function writeTextFile(path: string, text: string): Promise<void> {
  const fs = (globalThis as unknown as Runtime).process?.getBuiltinModule?.("node:fs");
  if (fs === undefined) throw new Error("Cannot write a file: this runtime has no file system");
  const temporary = `${path}.${crypto.randomUUID()}.tmp`;
  try {
    await fs.promises.writeFile(temporary, text, { mode: 0o600 });
    await fs.promises.rename(temporary, path);
  } catch (cause) {
    await fs.promises.rm(temporary, { force: true }).catch(() => {});
    throw cause;
  }
}
