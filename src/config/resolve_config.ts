import { PilotedError } from "../errors.ts";
import type { Config } from "./config.ts";
import type { ConfigObject, Watched } from "./config_object.ts";
import { describeKind } from "./describe_value.ts";
import { type LoadConfigOptions, readConfigFile, readContext } from "./load_config.ts";
import { isConfig } from "./loaded_config.ts";
import { parseConfigObject } from "./parse_config_object.ts";
import type { ReadContext } from "./parse_config.ts";
import { isObject } from "./weak_decode.ts";

/**
 * A configuration, or where to find it: a path, a `file:` URL as a string or a `URL`, an object, or
 * a loaded `Config`. `""` and `undefined` mean the file that the environment variable
 * `CONTAINERPILOT` names.
 */
export type ConfigInput<Watch extends Watched = Watched> =
  | string
  | URL
  | ConfigObject<Watch>
  | Config
  | undefined;

/** Options of {@linkcode resolveConfig}. */
export type ResolveConfigOptions = LoadConfigOptions;

/**
 * Reads the configuration that `config()` and `createPiloted()` are given. A file is read again by
 * each call.
 *
 * @param source The configuration, or where to find it.
 * @param options Options.
 * @returns The configuration, deeply frozen. A loaded one is returned as it is.
 * @throws {PilotedError} `CONFIG_NOT_FOUND` when no file is named, or the file can't be read;
 * `TEMPLATE_INVALID` or `CONFIG_INVALID` when it is not a valid configuration.
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
  const context = readContext(options);
  if (source === undefined || source === "") {
    return await readConfigFile(fromVariable(context), context);
  }
  if (typeof source === "string" || source instanceof URL) {
    return await readConfigFile(source, context);
  }
  if (!isObject(source)) {
    throw new TypeError(
      "Cannot use the configuration: it must be a path, a file: URL or an object, " +
        `received ${describeKind(source)}`,
    );
  }
  return isConfig(source) ? source : await parseConfigObject(source, context);
}

function fromVariable({ template }: ReadContext): string {
  const path = template.CONTAINERPILOT;
  if (path) return path;
  throw new PilotedError(
    "CONFIG_NOT_FOUND",
    "Cannot find the configuration: pass a path or an object, or set the environment variable " +
      "CONTAINERPILOT to the path of containerpilot.json5",
  );
}
