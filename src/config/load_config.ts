import { fromFileUrl, isAbsolute } from "@std/path";
import { checkOptions } from "../check_options.ts";
import { PilotedError } from "../errors.ts";
import { type Environment, environment } from "../runtime/environment.ts";
import { readTextFile } from "../runtime/files.ts";
import type { Config } from "./config.ts";
import { describeKind } from "./describe_value.ts";
import { type Missing, parseConfigText, type ReadContext } from "./parse_config.ts";

/** Options of {@linkcode loadConfig}. */
export interface LoadConfigOptions {
  /**
   * The environment, instead of the process's. `process.env` can be used.
   *
   * @default the environment of this process
   */
  readonly env?: Environment | undefined;
  /**
   * What an unset variable is in the template: the empty string and a warning, or an error.
   *
   * @default {"empty"}
   */
  readonly missing?: Missing | undefined;
}

const RULES = {
  env: { type: "object" },
  missing: { type: "one-of", values: ["empty", "error"] },
} as const;

/**
 * Reads a configuration file. `loadConfig()` of the core.
 *
 * @param path A path or a `file:` URL.
 * @param options Options.
 * @returns The configuration.
 */
export async function loadConfig(
  path: string | URL,
  options: LoadConfigOptions = {},
): Promise<Config> {
  checkOptions("loadConfig()", options, RULES);
  return await readConfigFile(path, readContext(options));
}

/**
 * Reads a configuration file.
 *
 * @param path A path or a `file:` URL.
 * @param context The environment, and what an unset variable is.
 * @returns The configuration.
 * @throws {PilotedError} as `loadConfig`.
 */
export async function readConfigFile(path: string | URL, context: ReadContext): Promise<Config> {
  if (typeof path !== "string" && !(path instanceof URL)) {
    throw new TypeError(
      "Cannot read a configuration file: the path must be a string or a file: URL, " +
        `received ${describeKind(path)}`,
    );
  }
  const name = String(path);
  let text: string;
  try {
    text = await readTextFile(filePath(name));
  } catch (cause) {
    throw notFound(name, cause);
  }
  return await parseConfigText(text, context, name);
}

/**
 * The context of reading: for the template every variable counts, while Consul's own variables may
 * be such that the process has no permission to read them.
 *
 * @param options The environment instead of the process's, and what an unset variable is.
 * @returns The context.
 */
export function readContext({ env, missing }: LoadConfigOptions): ReadContext {
  return {
    template: env ?? environment(),
    consul: env ?? environment({ quiet: true }),
    missing,
  };
}

function filePath(path: string): string {
  if (!/^file:/i.test(path)) return path;
  // Without a third slash it is a path for ContainerPilot 2, not a host.
  const rest = /^file:\/\/(?!localhost\/|\/)(.*)/is.exec(path)?.[1];
  return rest ?? fromFileUrl(path);
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  ENOTDIR: "there is no such file",
  EISDIR: "it is a folder",
  EACCES: "permission denied",
  EPERM: "permission denied",
  NotCapable: "Deno does not allow it, run with --allow-read",
};

function notFound(path: string, cause: unknown): PilotedError {
  const problem = "Cannot read the configuration file";
  // Neither is repeated: a text may hold secrets, a URL a password.
  const mistake = /^\s*[{[]|[\r\n]/.test(path)
    ? "a path is expected and a text was received, pass a text to parseConfig()"
    : /^(?!file:)[a-z][a-z0-9+.-]+:\/\//i.test(path)
    ? "a path or a file: URL is expected and another URL was received"
    : undefined;
  if (mistake !== undefined) {
    return new PilotedError("CONFIG_NOT_FOUND", `${problem}: ${mistake}`);
  }
  const { code, name } = cause as { code?: string; name?: string };
  const reason = REASONS[code ?? ""] ?? REASONS[name ?? ""] ?? "it can't be read";
  const hint = code === "ENOENT" && !/^file:/i.test(path) && !isAbsolute(path)
    ? ". The path is relative to the working directory"
    : "";
  return new PilotedError("CONFIG_NOT_FOUND", `${problem} ${path}: ${reason}${hint}`, {
    cause,
    path,
  });
}
