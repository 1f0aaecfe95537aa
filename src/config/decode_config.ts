import type { Environment } from "../runtime/environment.ts";
import type { Config } from "./config.ts";
import { decodeConsul } from "./consul_config.ts";
import { ConfigFault, type DecodeContext, type Path } from "./config_fault.ts";
import { decodeLoadedRegistrations, decodeRegistrations } from "./registration_config.ts";
import { decodeStatic } from "./static_config.ts";
import { decodeUpstream } from "./upstream_config.ts";
import { didYouMean } from "./unknown_key.ts";
import { decodeCatalog, decodeWatches } from "./watch_config.ts";
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
export const PARTS = [
  "consul",
  "static",
  "upstream",
  "watches",
  "backends",
  "jobs",
  "services",
  "catalog",
] as const;

// Those of a loaded configuration, in an object given in code.
const LOADED_PARTS = ["patterns", "registrations", "warnings"] as const;

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
  const seen = { same: new Map<string, Path>(), named: new Map<string, Path>() };
  const upstream = decodeUpstream(part("upstream"), env, context);
  const given = part("consul");
  // Then it is needed for registrations only.
  const isOptional = upstream !== undefined && (given.value ?? null) === null;
  const consul = decodeConsul(isOptional ? { ...given, value: "" } : given, env, {
    ...context,
    etcd: "etcd" in document,
  });
  const lists = [
    decodeWatches(part("watches"), context, seen),
    decodeWatches(part("backends"), context, seen),
    ...context.inCode ? [decodeWatches(part("patterns"), context, seen)] : [],
    decodeCatalog(part("catalog"), context),
  ];
  const patterns = lists.flatMap((list) => list.patterns);
  const watches = Object.freeze(lists.flatMap((list) => list.watches));
  const overrides = decodeStatic(part("static"), watches, env, context);
  return {
    consul,
    ...overrides && { static: overrides },
    ...upstream && { upstream },
    watches,
    ...patterns.length > 0 && { patterns: Object.freeze(patterns) },
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
    if (key === "etcd") {
      context.warn({ path: [key], key: true }, "is not supported and is left out: Consul is used");
      continue;
    }
    const hint = didYouMean(key, known);
    const refused = context.inCode ? "" : "; ContainerPilot refuses the file";
    context.warn({ path: [key], key: true }, `is not a known key and is left out${hint}${refused}`);
  }
}
