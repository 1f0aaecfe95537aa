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
      promises: { readFile(path: string | URL, encoding: "utf8"): Promise<string> };
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
