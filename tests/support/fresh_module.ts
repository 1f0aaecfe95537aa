/** Modules that keep a state, such as the default client, anew for each test. */
import process from "node:process";
import { fileURLToPath } from "node:url";

let count = 0;

/**
 * Imports another instance of a module, in the state in which a program first finds it. What the
 * module imports is shared with all other instances.
 *
 * @param specifier The module, relative to the test.
 * @param from The test's `import.meta.url`.
 * @returns Its exports; name their type: `freshModule<typeof import("../../src/a.ts")>(...)`.
 */
export async function freshModule<T>(specifier: string, from: string): Promise<T> {
  const { href } = new URL(specifier, from);
  // What differs in its query is another module; Bun sees the query of a path alone.
  const module = process.versions.bun ? fileURLToPath(href) : href;
  return await import(`${module}?fresh=${++count}`) as T;
}
