/**
 * Parts of Piloted that are loaded when they are needed.
 *
 * A file that cannot be read at that moment, because the process has no file descriptors left, makes
 * the import fail. Node 22, Node 24, Bun and Deno read it again at the next call. Node 20 keeps the
 * failure for the life of the process, for the module and for each of its dependencies, so a retry
 * under another specifier does not help either. That is why everything a client needs is loaded
 * when it starts, and why the error says what to do.
 *
 * @module
 */
import { PilotedError } from "./errors.ts";

/**
 * Loads a module.
 *
 * @param load Imports it.
 * @returns The module.
 * @throws {PilotedError} `LOAD_FAILED` when it cannot be loaded now.
 *
 * @example
 * ```ts
 * import { loadModule } from "./load_module.ts";
 *
 * const { parseGoDuration } = await loadModule(() => import("./go_duration.ts"));
 * if (parseGoDuration("1s") !== 1_000) throw new Error("Not a second");
 * ```
 */
export async function loadModule<Module>(load: () => Promise<Module>): Promise<Module> {
  try {
    return await load();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const missing = missingPackage(why);
    const message = missing === undefined
      ? `Cannot load a part of Piloted: ${why}; ${REMEDY}`
      : `Cannot load a part of Piloted: the package ${missing} is not installed; install it, for ` +
        `example with npm install ${missing}`;
    throw new PilotedError("LOAD_FAILED", message, { cause });
  }
}

// Node, Bun and Deno say "Cannot find package 'hono' imported from ...", Deno also "Import "hono" not
// a dependency".
function missingPackage(why: string): string | undefined {
  const name = /(?:Cannot find (?:package|module)|Import) ["']((?:@[\w.-]+\/)?[a-z][\w.-]*)/.exec(
    why,
  );
  return name?.[1];
}

const REMEDY = "raise the limit of open files (ulimit -n) or reinstall what is missing, and try " +
  "again; Node 20 has to be restarted";
