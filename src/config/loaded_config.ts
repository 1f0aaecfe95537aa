/**
 * Configurations that are ready, and what is kept of one that was spread into an object.
 *
 * @module
 */
import type { Config, ConfigWarning } from "./config.ts";
import { ConfigFault } from "./config_fault.ts";
import type { DecodedConfig } from "./decode_config.ts";
import { isObject } from "./weak_decode.ts";

// By its shape alone, a configuration is the same as a frozen object with the same keys.
const ready = new WeakSet<object>();

/**
 * Completes a configuration.
 *
 * @param decoded The decoded parts.
 * @param warnings The warnings.
 * @returns The configuration, deeply frozen.
 */
export function completeConfig(
  decoded: DecodedConfig,
  warnings: readonly ConfigWarning[],
): Config {
  const config = Object.freeze({ ...decoded, warnings: Object.freeze([...warnings]) });
  ready.add(config);
  return config;
}

/**
 * Whether an object is a configuration that was read here, and not a copy of one.
 *
 * @param value Any object.
 */
export function isConfig(value: object): value is Config {
  return ready.has(value);
}

/**
 * The warnings of a loaded configuration that was spread into an object.
 *
 * @param value Its `warnings`, or nothing.
 * @returns The warnings.
 * @throws {ConfigFault} when it is not a list of warnings.
 */
export function keptWarnings(value: unknown): readonly ConfigWarning[] {
  if (value === undefined || value === null) return [];
  const target = { path: ["warnings"] };
  if (!Array.isArray(value)) throw new ConfigFault(target, "must be a list", value);
  if (value.every(isWarning)) return value;
  throw new ConfigFault(target, "must be the warnings of a loaded configuration");
}

function isWarning(value: unknown): value is ConfigWarning {
  return isObject(value) && typeof value.message === "string" && typeof value.at === "string";
}
