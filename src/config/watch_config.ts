/**
 * What is watched: `watches` of ContainerPilot 3 and `backends` of ContainerPilot 2.
 *
 * @module
 */
import type { WatchConfig } from "./config.ts";
import { ConfigFault, type DecodeContext, formatPath, type Path } from "./config_fault.ts";
import { readList } from "./list_entries.ts";
import { decodeServiceName } from "./service_name.ts";
import { decodeInteger, decodeString, type Entry, readFields } from "./weak_decode.ts";

// Of a watch that gives none. ContainerPilot refuses such a watch, so there is no rule to follow.
const DEFAULT_INTERVAL_MS = 10_000;

/**
 * Reads a list of watches. Equal ones are kept, with a warning.
 *
 * @param entry `watches` or `backends`.
 * @param context Whether names are free, and where warnings go.
 * @param seen Paths of the watches that were read before, by what they watch. Is added to.
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

// "poll", "onChange" and "timeout" are ContainerPilot 2's. The last two start a program there.
const FIELDS = ["name", "interval", "tag", "dc", "poll", "onChange", "timeout"] as const;

function decodeWatch(item: Entry, context: DecodeContext): WatchConfig {
  const { known, unknown } = readFields(item, FIELDS);
  for (const path of unknown) {
    const target = { path, key: true };
    // Version 2 took any key here for most of its life, version 3 none that it does not know.
    if (path[0] !== "backends") {
      throw new ConfigFault(target, "is not known here: the keys are name, interval, tag and dc");
    }
    context.warn(target, "is not a known key and is left out");
  }
  return Object.freeze({
    name: decodeServiceName(known.name, context.anyName),
    tag: decodeString(known.tag) || undefined,
    datacenter: decodeString(known.dc) || undefined,
    intervalMs: decodeInterval(known.interval.value === undefined ? known.poll : known.interval),
  });
}

function decodeInterval(entry: Entry): number {
  if (entry.value === undefined) return DEFAULT_INTERVAL_MS;
  const problem = "must be a whole number of seconds above 0";
  const seconds = decodeInteger(entry, problem);
  if (!(seconds >= 1)) throw new ConfigFault(entry, problem, entry.value);
  return seconds * 1000;
}
