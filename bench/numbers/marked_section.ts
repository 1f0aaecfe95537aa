/**
 * Parts of `docs/numbers.md` that a benchmark writes.
 *
 * @module
 */
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** The document. */
export const NUMBERS: string = fileURLToPath(new URL("../../docs/numbers.md", import.meta.url));

/**
 * Replaces what stands between the marks of a benchmark, `<!-- NAME begins -->` and `<!-- NAME ends -->`.
 *
 * @param text A document.
 * @param name Name of the benchmark.
 * @param content Markdown.
 * @returns The document with the content.
 * @throws {Error} when it lacks the marks.
 */
export function withSection(text: string, name: string, content: string): string {
  const [first, last] = [`<!-- ${name} begins -->`, `<!-- ${name} ends -->`];
  const begin = text.indexOf(first);
  const end = text.indexOf(last);
  if (begin < 0 || end < begin) {
    throw new Error(`Cannot write the tables: the document lacks ${first} or ${last}`);
  }
  const before = text.slice(0, begin + first.length);
  return `${before}\n\n${content.trim()}\n\n${text.slice(end)}`;
}

/** Replaces a section of a file. */
export async function writeSection(path: string, name: string, content: string): Promise<void> {
  await writeFile(path, withSection(await readFile(path, "utf8"), name, content));
}
