import type { Environment } from "../runtime/environment.ts";
import type { Config } from "./config.ts";
import { decodeConsul } from "./consul_config.ts";
import { ConfigFault, type DecodeContext, type Path } from "./config_fault.ts";
import { decodeLoadedRegistrations, decodeRegistrations } from "./registration_config.ts";
import { didYouMean } from "./unknown_key.ts";
import { decodeWatches } from "./watch_config.ts";
import { type Entry, isObject } from "./weak_decode.ts";

/** A configuration before its warnings are known by line and column. */
export type DecodedConfig = Omit<Config, "warnings">;

// Keys of ContainerPilot 3 or 2 that Piloted does not use.
const CONTAINERPILOT_KEYS = [
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
] as const;

/** The parts of a document that Piloted reads. */
export const PARTS = ["consul", "watches", "backends", "jobs", "services"] as const;

// Those of a loaded configuration, in an object given in code.
const LOADED_PARTS = ["registrations", "warnings"] as const;

/**
 * Decodes a document.
 *
 * @param value The document: the value of a file, or an object given in code.
 * @param env The environment.
 * @param context Where the document comes from, and where warnings go.
 * @returns The configuration, deeply frozen.
 * @throws {ConfigFault} when the document is not a configuration.
 */
export function decodeConfig(
  value: unknown,
  env: Environment,
  context: DecodeContext,
): DecodedConfig {
  // A text that is only "null" is an empty document to ContainerPilot.
  const document = value ?? {};
  if (!isObject(document)) throw new ConfigFault({ path: [] }, "must be an object", value);
  warnOfUnknownKeys(Object.keys(document), context);
  const part = (key: (typeof PARTS | typeof LOADED_PARTS)[number]): Entry => ({
    value: document[key],
    path: [key],
  });
  const seen = new Map<string, Path>();
  return {
    consul: decodeConsul(part("consul"), env, context),
    watches: Object.freeze([
      ...decodeWatches(part("watches"), context, seen),
      ...decodeWatches(part("backends"), context, seen),
    ]),
    registrations: Object.freeze([
      ...context.inCode ? decodeLoadedRegistrations(part("registrations"), context) : [],
      ...decodeRegistrations(part("jobs"), context),
      ...decodeRegistrations(part("services"), context),
    ]),
  };
}

function warnOfUnknownKeys(keys: readonly string[], context: DecodeContext): void {
  const known: readonly string[] = [
    ...PARTS,
    ...context.inCode ? LOADED_PARTS : [],
    ...CONTAINERPILOT_KEYS,
  ];
  for (const key of keys) {
    if (known.includes(key)) continue;
    const hint = didYouMean(key, known);
    context.warn({ path: [key], key: true }, `is not a known key and is left out${hint}`);
  }
}
