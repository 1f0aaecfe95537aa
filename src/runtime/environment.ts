/**
 * Environment variables, on runtimes that have any.
 *
 * @module
 */
import { PilotedError } from "../errors.ts";

/** Environment variables, from name to value. An unset one is no property. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Options of {@linkcode environment}. */
export interface EnvironmentOptions {
  /**
   * Whether a variable that may not be read counts as unset. Otherwise reading it asks for the
   * permission where somebody is there to answer, and throws where nobody is.
   *
   * @default {false}
   */
  readonly quiet?: boolean;
}

// The little of each runtime that is used here: the core is type-checked without any runtime's types.
interface Runtime {
  Deno?: {
    env: { get(name: string): string | undefined; toObject(): Record<string, string> };
    permissions?: {
      querySync?(descriptor: { name: "env"; variable: string }): { readonly state: string };
    };
  };
  process?: { readonly env?: Record<string, string | undefined> };
}

/**
 * The environment of this process, empty where there is none, as at the edge. On Deno each variable
 * is read when it is looked up, so that `--allow-env=NAME,OTHER` with the names in use is enough;
 * only listing all of them needs the permission for all.
 *
 * @param options Options.
 * @returns The variables. Looking one up throws {@linkcode PilotedError} `CONFIG_INVALID` when
 * Deno does not allow it.
 *
 * @example
 * ```ts
 * import { environment } from "./environment.ts";
 *
 * const path = environment({ quiet: true }).CONTAINERPILOT;
 * if (path !== undefined) console.log(`The configuration is in ${path}`);
 * ```
 */
export function environment(options: EnvironmentOptions = {}): Environment {
  const { Deno: deno, process } = globalThis as unknown as Runtime;
  if (deno === undefined) return process?.env ?? {};
  const read = (name: string) => readDeno(deno, name, options.quiet ?? false);
  return new Proxy<Record<string, string>>({}, {
    get: (_, name) => typeof name === "string" ? read(name) : undefined,
    has: (_, name) => typeof name === "string" && read(name) !== undefined,
    ownKeys: () => Object.keys(deno.env.toObject()),
    getOwnPropertyDescriptor: (_, name) => {
      const value = typeof name === "string" ? read(name) : undefined;
      if (value === undefined) return undefined;
      return { value, enumerable: true, configurable: true, writable: true };
    },
  });
}

function readDeno(
  deno: NonNullable<Runtime["Deno"]>,
  name: string,
  quiet: boolean,
): string | undefined {
  // Names that no variable can have; Deno throws for them.
  if (name === "" || name.includes("=") || name.includes("\0")) return undefined;
  if (quiet && !granted(deno, name)) return undefined;
  try {
    return deno.env.get(name);
  } catch (cause) {
    throw new PilotedError(
      "CONFIG_INVALID",
      `Cannot read the environment variable ${name}: Deno does not allow it, ` +
        `run with --allow-env=${name}`,
      { cause },
    );
  }
}

function granted(deno: NonNullable<Runtime["Deno"]>, variable: string): boolean {
  const { permissions } = deno;
  if (permissions?.querySync === undefined) return true;
  return permissions.querySync({ name: "env", variable }).state === "granted";
}
