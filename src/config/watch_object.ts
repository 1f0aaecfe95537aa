/**
 * One watch that is given in code, without a configuration around it.
 *
 * @module
 */
import type { WatchConfig } from "./config.ts";
import { ConfigFault, formatPath } from "./config_fault.ts";
import type { WatchObject } from "./config_object.ts";
import { describeValue } from "./describe_value.ts";
import { decodeWatches } from "./watch_config.ts";

/**
 * Reads a watch.
 *
 * @param watch The watch, without templates.
 * @returns The watch, frozen.
 * @throws {TypeError} when it is not a watch.
 */
export function decodeWatchObject(watch: WatchObject): WatchConfig {
  const seen = { same: new Map(), named: new Map() };
  try {
    const { watches } = decodeWatches(
      { value: [watch], path: [] },
      { inCode: true, warn: () => {} },
      seen,
    );
    if (watches[0] !== undefined) return watches[0];
  } catch (fault) {
    if (!(fault instanceof ConfigFault)) throw fault;
    const { target, message, shown, received } = fault;
    const key = formatPath(target.path.slice(1)) || "the watch";
    const found = shown ? `, received ${describeValue(received)}` : "";
    throw new TypeError(`Cannot watch a service: ${key} ${message}${found}`);
  }
  throw new TypeError("Cannot watch a service: the watch must have a name");
}
