import { PilotedError } from "../errors.ts";
import type { Config } from "./config.ts";
import { type ConfigObject, parseConfigObject } from "./config_object.ts";
import { environments, loadConfig, type LoadConfigOptions } from "./load_config.ts";
import { isObject } from "./weak_decode.ts";

/** What a configuration can be made of. */
export type ConfigInput = string | URL | ConfigObject | Config | undefined;

/** Options of {@linkcode resolveConfig}. */
export type ResolveConfigOptions = LoadConfigOptions;

/**
 * Makes a configuration of what `config()` takes. Reads the file again each time.
 *
 * @param source A path, a `file:` URL as a string or a `URL`, an object, or a configuration that is
 * ready. `""` and nothing stand for the file that the environment variable `CONTAINERPILOT` names.
 * @param options Options.
 * @returns The configuration, frozen all through.
 * @throws {PilotedError} `CONFIG_NOT_FOUND` when nothing names a file, or the file can't be read;
 * `TEMPLATE_INVALID` or `CONFIG_INVALID` when what was read is no configuration.
 * @throws {TypeError} when `source` is something else.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { resolveConfig } from "./resolve_config.ts";
 *
 * const config = await resolveConfig({ consul: "consul:8500", watches: [{ name: "customers" }] });
 * assertEquals(config.watches[0]?.intervalMs, 10_000);
 * ```
 */
export async function resolveConfig(
  source?: ConfigInput,
  options: ResolveConfigOptions = {},
): Promise<Config> {
  if (source === undefined || source === "") {
    return await loadConfig(fromVariable(options), options);
  }
  if (typeof source === "string" || source instanceof URL) return await loadConfig(source, options);
  if (!isObject(source)) {
    throw new TypeError(
      `Cannot configure Piloted: the source must be a path, a URL or an object, received ${source}`,
    );
  }
  if (isConfig(source)) return source;
  return await parseConfigObject(source, environments(options.env));
}

function fromVariable(options: ResolveConfigOptions): string {
  const path = environments(options.env).template.CONTAINERPILOT;
  if (path) return path;
  throw new PilotedError(
    "CONFIG_NOT_FOUND",
    "Cannot find the configuration: give config() a path, or set the environment variable " +
      "CONTAINERPILOT to the path of containerpilot.json5",
  );
}

function isConfig(source: ConfigObject | Config): source is Config {
  return Object.isFrozen(source) && Array.isArray(source.registrations) &&
    Array.isArray(source.warnings);
}
