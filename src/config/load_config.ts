import { PilotedError } from "../errors.ts";
import { type Environment, environment } from "../runtime/environment.ts";
import { readTextFile } from "../runtime/files.ts";
import type { Config } from "./config.ts";
import { type Environments, parseConfigText } from "./parse_config.ts";

/** Options of {@linkcode loadConfig}. */
export interface LoadConfigOptions {
  /**
   * The environment, in place of the process's.
   *
   * @default the environment of this process
   */
  readonly env?: Environment;
}

/**
 * Reads a configuration file of ContainerPilot 2 or 3.
 *
 * @param path A path, or a `file:` URL as a string or a `URL`. A string that starts with `file://`
 * and no third slash is a path after it, as ContainerPilot 2 reads it.
 * @param options Options.
 * @returns The configuration, frozen all through.
 * @throws {PilotedError} `CONFIG_NOT_FOUND` when the file is not there or can't be read,
 * `TEMPLATE_INVALID` when its template can't be rendered, `CONFIG_INVALID` when it is no
 * configuration.
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { PilotedError } from "../errors.ts";
 * import { loadConfig } from "./load_config.ts";
 *
 * await assertRejects(() => loadConfig("/no/such/containerpilot.json5"), PilotedError);
 * ```
 */
export async function loadConfig(
  path: string | URL,
  options: LoadConfigOptions = {},
): Promise<Config> {
  const name = String(path);
  let text: string;
  try {
    text = await readTextFile(fileLocation(path));
  } catch (cause) {
    throw notFound(name, cause);
  }
  return await parseConfigText(text, environments(options.env), name);
}

/**
 * The environment for the template, where each variable counts, and for Consul's own variables,
 * which a process may do without the permission to read.
 *
 * @param env What was given in place of the process's.
 * @returns Both.
 */
export function environments(env: Environment | undefined): Environments {
  return { template: env ?? environment(), consul: env ?? environment({ quiet: true }) };
}

function fileLocation(path: string | URL): string | URL {
  if (typeof path !== "string" || !/^file:/i.test(path)) return path;
  if (/^file:\/\/(?!localhost\/|\/)/i.test(path)) return path.slice("file://".length);
  return new URL(path);
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  ENOTDIR: "there is no such file",
  EISDIR: "it is a folder",
  EACCES: "this user may not read it",
  EPERM: "this user may not read it",
  NotCapable: "Deno does not allow it, run with --allow-read",
};

function notFound(path: string, cause: unknown): PilotedError {
  const problem = "Cannot read the configuration file";
  // Neither is repeated: a text may hold secrets, a URL a password.
  const mistake = /^\s*[{[]|[\r\n]/.test(path)
    ? "a path is expected and a text was received, which parseConfig() takes"
    : /^(?!file:)[a-z][a-z0-9+.-]+:\/\//i.test(path)
    ? "of all URLs only file: URLs can be read"
    : undefined;
  if (mistake !== undefined) {
    return new PilotedError("CONFIG_NOT_FOUND", `${problem}: ${mistake}`, { cause });
  }
  const { code, name } = cause as { code?: string; name?: string };
  const reason = REASONS[code ?? ""] ?? REASONS[name ?? ""] ?? "it can't be read";
  return new PilotedError("CONFIG_NOT_FOUND", `${problem} ${path}: ${reason}`, { cause, path });
}
