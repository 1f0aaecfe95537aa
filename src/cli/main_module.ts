/**
 * Whether a module is the program or an import of it.
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
 * @returns `true` for the program, `false` for an imported module.
 */
export function isMainModule(meta: { readonly url: string; readonly main?: boolean }): boolean {
  // Deno, Bun and Node 24 have `main`; older versions of Node only name the script, maybe by a link.
  if (meta.main !== undefined) return meta.main;
  const script = process.argv[1];
  return script !== undefined && pathToFileURL(realpathSync(script)).href === meta.url;
}
