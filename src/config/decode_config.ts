import type { Environment } from "../runtime/environment.ts";
import type { Config } from "./config.ts";
import { decodeConsul } from "./consul_config.ts";
import { ConfigFault, type DecodeContext, type Path } from "./config_fault.ts";
import { decodeRegistrations } from "./registration_config.ts";
import { decodeWatches } from "./watch_config.ts";
import { type Entry, isObject } from "./weak_decode.ts";

/** A configuration before its warnings are known by line and column. */
export type DecodedConfig = Omit<Config, "warnings">;

// Keys that ContainerPilot 3 or 2 knows and that Piloted leaves alone.
const CONTAINERPILOT_KEYS = new Set([
  "control",
  "coprocesses",
  "logging",
  "postStop",
  "preStart",
  "preStop",
  "onStart",
  "stopTimeout",
  "tasks",
  "telemetry",
]);

/** The parts of a document that Piloted reads. */
export const PARTS = ["consul", "watches", "backends", "jobs", "services"] as const;

/**
 * Makes a configuration of a document.
 *
 * @param value The document: the value of a file, or an object given in code.
 * @param env The environment.
 * @param context Whether names are free, and where warnings go.
 * @returns The configuration, frozen all through.
 * @throws {ConfigFault} when the document is no configuration.
 */
export function decodeConfig(
  value: unknown,
  env: Environment,
  context: DecodeContext,
): DecodedConfig {
  // A text that says only "null" is an empty document to ContainerPilot.
  const document = value ?? {};
  if (!isObject(document)) throw new ConfigFault({ path: [] }, "must be an object", value);
  warnOfUnknownKeys(Object.keys(document), context);
  const part = (key: (typeof PARTS)[number]): Entry => ({ value: document[key], path: [key] });
  const seen = new Map<string, Path>();
  return {
    consul: decodeConsul(part("consul"), env, context.warn),
    watches: Object.freeze([
      ...decodeWatches(part("watches"), context, seen),
      ...decodeWatches(part("backends"), context, seen),
    ]),
    registrations: Object.freeze([
      ...decodeRegistrations(part("jobs"), context),
      ...decodeRegistrations(part("services"), context),
    ]),
  };
}

function warnOfUnknownKeys(keys: readonly string[], context: DecodeContext): void {
  const known = new Set<string>([...PARTS, ...CONTAINERPILOT_KEYS]);
  for (const key of keys) {
    if (known.has(key)) continue;
    const meant = [...known].find((name) => name.toLowerCase() === key.toLowerCase());
    const hint = meant === undefined ? "" : `, did you mean ${JSON.stringify(meant)}`;
    context.warn({ path: [key], key: true }, `is not a known key and is left out${hint}`);
  }
}
