/**
 * Watched services: `watches` of ContainerPilot 3 and `backends` of ContainerPilot 2.
 *
 * @module
 */
import { type Reach, REACH_KEYS } from "../reach.ts";
import type { PatternConfig, WatchConfig } from "./config.ts";
import { ConfigFault, type DecodeContext, formatPath, type Path } from "./config_fault.ts";
import { readList } from "./list_entries.ts";
import { didYouMean, unknownKeyProblem } from "./unknown_key.ts";
import { decodeAnyServiceName, decodeServiceName } from "./service_name.ts";
import {
  decodeBoolean,
  decodeInteger,
  decodeString,
  type Entry,
  readFields,
} from "./weak_decode.ts";

// For a watch without an interval. ContainerPilot refuses such a watch, so there is no rule to follow.
const DEFAULT_INTERVAL_MS = 10_000;

/** Paths of the watches that were read before, for warnings. */
export interface SeenWatches {
  /** By all that they say. */
  readonly same: Map<string, Path>;
  /** By the name that they are looked up by. */
  readonly named: Map<string, Path>;
}

/** Watches of services by name, and of services whose names match a pattern. */
export interface DecodedWatches {
  /** Those with a name. */
  readonly watches: readonly WatchConfig[];
  /** Those with a pattern. */
  readonly patterns: readonly PatternConfig[];
}

/**
 * Reads a list of watches. Equal ones are kept, with a warning.
 *
 * @param entry `watches` or `backends`.
 * @param context Where the document comes from, and where warnings go.
 * @param seen The watches that were read before. These are added.
 * @returns The watches in the document's order.
 * @throws {ConfigFault} when one of them is invalid.
 */
export function decodeWatches(
  entry: Entry,
  context: DecodeContext,
  seen: SeenWatches,
): DecodedWatches {
  const watches: WatchConfig[] = [];
  const patterns: PatternConfig[] = [];
  for (const item of readList(entry, context)) {
    const watch = decodeWatch(item, context);
    if ("pattern" in watch) {
      patterns.push(watch);
    } else {
      warnOfTwins(watch, item, context, seen);
      watches.push(watch);
    }
  }
  return { watches, patterns };
}

/**
 * Reads `catalog: true`, which watches every service.
 *
 * @param entry A flag, or nothing.
 * @param context Where the document comes from.
 * @returns The pattern `*`, or none.
 * @throws {ConfigFault} when it is no flag.
 */
export function decodeCatalog(entry: Entry, context: DecodeContext): DecodedWatches {
  const isOn = decodeBoolean(entry) ?? false;
  const every = { value: { pattern: "*" }, path: entry.path };
  return {
    watches: [],
    patterns: isOn ? [decodeWatch(every, context) as PatternConfig] : [],
  };
}

/** One list for two queries is rarely meant: writes go to replicas. An `as` on both says that it is. */
function warnOfTwins(
  watch: WatchConfig,
  item: Entry,
  context: DecodeContext,
  seen: SeenWatches,
): void {
  // Consul compares names and tags without regard to case.
  const { intervalMs: _, name, as = name, tag = "", ...facts } = watch;
  const shown = as.toLowerCase();
  const identity = JSON.stringify([shown, name.toLowerCase(), tag.toLowerCase(), facts]);
  const same = seen.same.get(identity);
  const named = seen.named.get(shown);
  if (same === undefined) seen.same.set(identity, item.path);
  if (named === undefined) seen.named.set(shown, item.path);
  if (same !== undefined) {
    context.warn(item, `watches the same as ${formatPath(same)}`);
  } else if (named !== undefined && watch.as === undefined) {
    context.warn(
      item,
      `is one list with ${formatPath(named)}, looked up as ${JSON.stringify(as)}; ` +
        'give each a name of its own with "as", or the same "as" if one list is meant',
    );
  }
}

// "poll", "onChange" and "timeout" are ContainerPilot 2's. The last two belong to a program there.
const BACKEND_KEYS = ["poll", "onChange", "timeout"] as const;
// Piloted's own, in a file too. ContainerPilot 3.8 refuses a file with them.
const OWN_KEYS = ["as", ...REACH_KEYS, "pattern", "limit"] as const;
const FILE_KEYS = ["name", "interval", "tag", "dc", ...OWN_KEYS] as const;
const OBJECT_KEYS = ["name", "interval", "intervalMs", "tag", "datacenter", ...OWN_KEYS] as const;
// Without a limit a pattern could open a query for each of thousands of services.
const DEFAULT_LIMIT = 200;

function decodeWatch(item: Entry, context: DecodeContext): WatchConfig | PatternConfig {
  const { inCode } = context;
  const keys = inCode ? OBJECT_KEYS : FILE_KEYS;
  const { known, unknown } = readFields<WatchKey>(item, [...keys, ...BACKEND_KEYS]);
  for (const path of unknown) refuseKey(path, keys, context);
  const pattern = decodeString(known.pattern);
  if (pattern === "") {
    const name = decodeWatchedName(known.name, item, context);
    const as = decodeString(known.as) === "" ? undefined : decodeServiceName(known.as, inCode);
    refuse(known.limit, "only a pattern has a limit");
    return Object.freeze({ name, ...decodeFacts(known, context), ...as !== undefined && { as } });
  }
  refuse(known.name, "a pattern names the services");
  refuse(known.as, "a pattern names the services");
  const limit = decodeLimit(known.limit);
  return Object.freeze({ pattern, limit, ...decodeFacts(known, context) });
}

/** What watches of a name and of a pattern have in common. */
function decodeFacts(
  known: Readonly<Record<WatchKey, Entry>>,
  context: DecodeContext,
): Omit<WatchConfig, "name" | "as"> {
  const { inCode } = context;
  return {
    tag: decodeString(known.tag) || undefined,
    datacenter: decodeString(inCode ? known.datacenter : known.dc) || undefined,
    intervalMs: inCode && known.intervalMs.value !== undefined
      ? decodeIntervalMs(known.intervalMs, known.interval)
      : decodeInterval(known.interval.value === undefined ? known.poll : known.interval),
    ...decodeReach(known, context),
  };
}

function refuse(entry: Entry, why: string): void {
  if (entry.value !== undefined) throw new ConfigFault(entry, `must be left out: ${why}`);
}

type WatchKey = (typeof BACKEND_KEYS | typeof FILE_KEYS | typeof OBJECT_KEYS)[number];

// Version 2 had no rule for the names of its backends, and files with any name are in use.
function decodeWatchedName(entry: Entry, item: Entry, context: DecodeContext): string {
  const { inCode } = context;
  return item.path[0] === "backends" && !inCode
    ? decodeAnyServiceName(entry, context)
    : decodeServiceName(entry, inCode);
}

function decodeReach(known: Readonly<Record<WatchKey, Entry>>, { inCode }: DecodeContext): Reach {
  const reach: { -readonly [Key in keyof Reach]: string } = {};
  for (const key of REACH_KEYS) {
    const value = decodeString(known[key]);
    if (value !== "") reach[key] = value;
  }
  if (reach.peer !== undefined && (inCode ? known.datacenter : known.dc).value) {
    // Consul answers such a query with 400.
    throw new ConfigFault(
      known.peer,
      "must be left out: a peer and a datacenter exclude each other",
    );
  }
  return reach;
}

function decodeLimit(entry: Entry): number {
  if (entry.value === undefined) return DEFAULT_LIMIT;
  const problem = "must be a whole number above 0";
  const limit = decodeInteger(entry, problem);
  if (!(limit >= 1)) throw new ConfigFault(entry, problem, entry.value);
  return limit;
}

function refuseKey(path: Path, keys: readonly string[], context: DecodeContext): void {
  const target = { path, key: true };
  const key = String(path.at(-1));
  // Version 2 accepted any key here for most of its life, version 3 only those that it knows.
  if (path[0] !== "backends") throw new ConfigFault(target, unknownKeyProblem(key, keys));
  const hint = didYouMean(key, [...keys, ...BACKEND_KEYS]);
  context.warn(target, `is not a known key and is left out${hint}`);
}

function decodeInterval(entry: Entry): number {
  if (entry.value === undefined) return DEFAULT_INTERVAL_MS;
  const problem = "must be a whole number of seconds above 0";
  const seconds = decodeInteger(entry, problem);
  if (!(seconds >= 1)) throw new ConfigFault(entry, problem, entry.value);
  return seconds * 1000;
}

function decodeIntervalMs(entry: Entry, interval: Entry): number {
  if (interval.value !== undefined) {
    throw new ConfigFault(interval, "must be left out: intervalMs is the same in milliseconds");
  }
  const { value } = entry;
  if (typeof value === "number" && Number.isFinite(value) && value > 0) return value;
  throw new ConfigFault(entry, "must be a number of milliseconds above 0", value);
}
