/**
 * The parameters that every read of the catalog accepts, and the wait for a change.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import type { Catalog } from "./catalog.ts";
import { parseGoDuration } from "../go_duration.ts";
import { Refusal } from "./refusal.ts";
import { onAbort } from "../wait.ts";

// "Blocking Queries" of Consul's HTTP API documentation.
const DEFAULT_WAIT_MS = 300_000;
const LONGEST_WAIT_MS = 600_000;
const LARGEST_INDEX = 2n ** 64n - 1n;

/** Parameters of a read. */
export interface ReadQuery {
  /** Respond only when the index is higher than this; with 0 respond at once. */
  readonly index: bigint;
  /** Maximum wait in milliseconds, without jitter. */
  readonly waitMs: number;
  /** The name that Consul uses in its response. */
  readonly consistency: "leader" | "stale" | "consistent";
  /** Whether the agent's cache may respond. */
  readonly cached: boolean;
}

/**
 * Reads the parameters. Errors are checked in the same order and have the same text as in Consul.
 *
 * @param params Parameters of the request.
 * @returns The decoded parameters.
 * @throws {Refusal} 400 when one is not valid or two contradict each other.
 */
export function parseReadQuery(params: URLSearchParams): ReadQuery {
  const wait = params.get("wait") || "0";
  const waitMs = parseGoDuration(wait);
  if (waitMs === undefined) throw new Refusal(400, "Invalid wait time");
  const text = params.get("index") || "0";
  const index = /^\d+$/.test(text) ? BigInt(text) : -1n;
  if (index < 0n || index > LARGEST_INDEX) throw new Refusal(400, "Invalid index");
  const [stale, consistent, cached] = ["stale", "consistent", "cached"].map((k) => params.has(k));
  for (const [given, name] of [[stale, "stale"], [cached, "cached"]] as const) {
    if (given && consistent) {
      throw new Refusal(400, `Cannot specify ?${name} with ?consistent, conflicting semantics.`);
    }
  }
  return {
    index,
    waitMs: waitMs <= 0 ? DEFAULT_WAIT_MS : Math.min(waitMs, LONGEST_WAIT_MS),
    consistency: stale ? "stale" : consistent ? "consistent" : "leader",
    cached: cached === true,
  };
}

/** Dependencies of {@linkcode waitForIndex}. */
export interface Waiting {
  readonly clock: Clock;
  /** Random numbers in [0, 1): up to a sixteenth of the wait is added as jitter. */
  readonly random: () => number;
  /** Ends the wait. */
  readonly signal: AbortSignal;
}

/**
 * Waits until the index is higher than the one in the query, or the wait is over.
 *
 * @param catalog Catalog whose writes may change the index.
 * @param current Returns the current index.
 * @param query Index to wait for, and maximum wait.
 * @param waiting Clock, random numbers and a signal.
 * @returns `true` if it had to wait, `false` if the index was already higher.
 * @throws The signal's own reason when it aborts.
 */
export function waitForIndex(
  catalog: Catalog,
  current: () => bigint,
  query: ReadQuery,
  { clock, random, signal }: Waiting,
): Promise<boolean> {
  signal.throwIfAborted();
  if (query.index === 0n || current() > query.index) return Promise.resolve(false);
  return new Promise((resolve, reject) => {
    const end = (settle: () => void) => {
      timer.cancel();
      unsubscribe();
      removeAbort();
      settle();
    };
    const delayMs = query.waitMs + random() * query.waitMs / 16;
    const timer = clock.start(() => end(() => resolve(true)), delayMs);
    const resets = catalog.resets;
    const unsubscribe = catalog.subscribe(() => {
      // After a restore a server ends all blocking queries, whatever their index.
      if (current() > query.index || catalog.resets !== resets) end(() => resolve(true));
    });
    const removeAbort = onAbort(signal, (reason) => end(() => reject(reason)));
  });
}
