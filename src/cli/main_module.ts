/**
 * Telling a program from an import.
 *
 * @module
 */
import { realpathSync } from "node:fs";
import process from "node:process";
import { pathToFileURL } from "node:url";

/**
 * Whether a module is the program that was started.
 *
 * @param meta The module's `import.meta`.
 * @returns `true` for the program, `false` for what it imports.
 */
export function isMainModule(meta: { readonly url: string; readonly main?: boolean }): boolean {
  // Deno, Bun and Node 24 tell; before that Node names the script, maybe through a link.
  if (meta.main !== undefined) return meta.main;
  const script = process.argv[1];
  return script !== undefined && pathToFileURL(realpathSync(script)).href === meta.url;
}
