/**
 * Every instance of a service, whatever its health, and what its checks say. It is read when
 * somebody looks: lists in use keep neither the instances that are not handed out nor any output,
 * which changes far more often than the list.
 *
 * @module
 */
import { type Endpoint, endpointIdentity } from "../endpoint.ts";
import type { PilotedError } from "../errors.ts";
import type { CheckResult } from "../source/source.ts";
import { toPilotedError, type Watch } from "../watch/watch.ts";

/** One instance, whatever its health. */
export interface Instance {
  /** The instance. */
  readonly endpoint: Endpoint;
  /** Its checks, those of its node included; empty where the source knows none. */
  readonly checks: readonly CheckResult[];
}

/** What `inspect()` found. */
export interface Inspection {
  /** Every instance of the watches that could be read, each once. */
  readonly instances: readonly Instance[];
  /** Why the other watches could not be read. */
  readonly errors: readonly PilotedError[];
}

/**
 * Reads the instances of some watches.
 *
 * @param watches The watches of one service.
 * @param signal Aborts the reads.
 * @returns The instances of those that could be read.
 * @throws The signal's own reason when it aborts.
 */
export async function inspectWatches(
  watches: readonly Watch[],
  signal: AbortSignal,
): Promise<Inspection> {
  const instances = new Map<string, Instance>();
  const errors: PilotedError[] = [];
  const results = await Promise.allSettled(watches.map((watch) => watch.inspect(signal)));
  signal.throwIfAborted();
  results.forEach((result, position) => {
    if (result.status === "rejected") {
      errors.push(toPilotedError(result.reason, watches[position]!.query.service));
      return;
    }
    const { endpoints, checks = [] } = result.value;
    endpoints.forEach((endpoint, index) => {
      instances.set(endpointIdentity(endpoint), { endpoint, checks: checks[index] ?? [] });
    });
  });
  return { instances: [...instances.values()], errors };
}
