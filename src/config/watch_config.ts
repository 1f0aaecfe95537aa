/**
 * Watched services: `watches` of ContainerPilot 3 and `backends` of ContainerPilot 2.
 *
 * @module
 */
import type { WatchConfig } from "./config.ts";
import { ConfigFault, type DecodeContext, formatPath, type Path } from "./config_fault.ts";
import { readList } from "./list_entries.ts";
import { didYouMean, unknownKeyProblem } from "./unknown_key.ts";
import { decodeServiceName } from "./service_name.ts";
import { decodeInteger, decodeString, type Entry, readFields } from "./weak_decode.ts";

// For a watch without an interval. ContainerPilot refuses such a watch, so there is no rule to follow.
const DEFAULT_INTERVAL_MS = 10_000;

/**
 * Reads a list of watches. Equal ones are kept, with a warning.
 *
 * @param entry `watches` or `backends`.
 * @param context Where the document comes from, and where warnings go.
 * @param seen Paths of the watches that were read before, by what they watch. These are added.
 * @returns The watches in the document's order.
 * @throws {ConfigFault} when one of them is invalid.
 */
export function decodeWatches(
  entry: Entry,
  context: DecodeContext,
  seen: Map<string, Path>,
): WatchConfig[] {
  return readList(entry, context).map((item) => {
    const watch = decodeWatch(item, context);
    const identity = JSON.stringify([watch.name, watch.tag, watch.datacenter]);
    const first = seen.get(identity);
    if (first === undefined) seen.set(identity, item.path);
    else context.warn(item, `watches the same as ${formatPath(first)}`);
    return watch;
  });
}

// "poll", "onChange" and "timeout" are ContainerPilot 2's. The last two belong to a program there.
const BACKEND_KEYS = ["poll", "onChange", "timeout"] as const;
const FILE_KEYS = ["name", "interval", "tag", "dc"] as const;
const OBJECT_KEYS = ["name", "interval", "intervalMs", "tag", "datacenter"] as const;

function decodeWatch(item: Entry, context: DecodeContext): WatchConfig {
  const { inCode } = context;
  const keys = inCode ? OBJECT_KEYS : FILE_KEYS;
  const { known, unknown } = readFields<WatchKey>(item, [...keys, ...BACKEND_KEYS]);
  for (const path of unknown) refuseKey(path, keys, context);
  return Object.freeze({
    name: decodeServiceName(known.name, inCode),
    tag: decodeString(known.tag) || undefined,
    datacenter: decodeString(inCode ? known.datacenter : known.dc) || undefined,
    intervalMs: inCode && known.intervalMs.value !== undefined
      ? decodeIntervalMs(known.intervalMs, known.interval)
      : decodeInterval(known.interval.value === undefined ? known.poll : known.interval),
  });
}

type WatchKey = (typeof BACKEND_KEYS | typeof FILE_KEYS | typeof OBJECT_KEYS)[number];

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
