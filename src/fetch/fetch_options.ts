/**
 * Options of the balanced fetch.
 *
 * @module
 */
import type { Fetch } from "../platform_fetch.ts";
import { type Clock, systemClock } from "../clock.ts";
import type { FetchObserver } from "./fetch_observer.ts";

/** How many retries a service may get. */
export interface RetryBudgetOptions {
  /** Retries per hundred requests. @default {20} */
  percent?: number;
  /** Retries per second that are allowed however few requests there are. @default {3} */
  minimumPerSecond?: number;
  /** Time over which requests and retries are counted, in milliseconds. @default {10_000} */
  windowMs?: number;
}

/** When a second request is sent beside one that takes long. */
export interface HedgeOptions {
  /** Sent when the first one takes longer than so many per cent of the requests lately. @default {95} */
  percentile?: number;
  /** Hedges per hundred requests; they count as retries, too. @default {5} */
  percent?: number;
}

/** Options of `createFetch()`. */
export interface FetchOptions {
  /** What sends the requests. @default {the runtime's fetch} */
  fetch?: Fetch;
  /** What becomes of a URL whose host is not a watched service. @default {"pass"} */
  others?: "pass" | "refuse";
  /** Time for all attempts together until an answer begins, in milliseconds. @default {no limit} */
  timeoutMs?: number;
  /** Time for one attempt until an answer begins, in milliseconds. @default {no limit} */
  attemptTimeoutMs?: number;
  /** How many attempts there are at most. @default {3} */
  attempts?: number;
  /**
   * What is tried again: `"safe"` what is idempotent or certainly never left, `"always"` everything
   * whose body can be sent again, `"never"` nothing. @default {"safe"}
   */
  retry?: "safe" | "always" | "never";
  /** Ceiling of the wait before the first retry, in milliseconds; it doubles with each. @default {25} */
  backoffBaseMs?: number;
  /** Ceiling of every wait, in milliseconds. @default {250} */
  backoffMaxMs?: number;
  /** Longest `Retry-After` of a 429 that is waited for, in milliseconds. @default {5_000} */
  maxRetryAfterMs?: number;
  /** How many retries a service may get. @default {{}} */
  retryBudget?: RetryBudgetOptions;
  /** Whether, and when, a second request is sent beside one that takes long. @default {false} */
  hedge?: boolean | HedgeOptions;
  /** How many requests to one service may be under way. @default {1_024} */
  maxInFlight?: number;
  /** How long a request waits for the first endpoint of its service, in milliseconds. @default {0} */
  waitForEndpointsMs?: number;
  /** Key of a request, for the balancer `hash`. @default {undefined} */
  key?: (url: string, init: RequestInit | undefined) => string | undefined;
  /** Told of every call, for traces and metrics. @default {undefined} */
  observer?: FetchObserver;
  /** Time. @default {the system's} */
  clock?: Clock;
  /** Random numbers in [0, 1). @default {Math.random} */
  random?: () => number;
}

/** {@linkcode FetchOptions} with defaults in place of what was left out. */
export type ResolvedFetchOptions =
  & Required<
    Omit<
      FetchOptions,
      "timeoutMs" | "attemptTimeoutMs" | "key" | "observer" | "hedge" | "retryBudget"
    >
  >
  & Pick<FetchOptions, "key" | "observer">
  & {
    readonly timeoutMs: number;
    readonly attemptTimeoutMs: number;
    readonly hedge: Required<HedgeOptions> | undefined;
    readonly retryBudget: Required<RetryBudgetOptions>;
  };

/**
 * Fills in the defaults.
 *
 * @param options The user's.
 * @returns All of them.
 * @throws {TypeError} when an option is not one of its words.
 * @throws {RangeError} when a number is not in its range.
 */
export function resolveFetchOptions(options: FetchOptions): ResolvedFetchOptions {
  const { fetch: send, others = "pass", retry = "safe", hedge, retryBudget = {} } = options;
  oneOf("others", others, ["pass", "refuse"]);
  oneOf("retry", retry, ["safe", "always", "never"]);
  return {
    // The global one is looked up at every call, since a test or a tracer may replace it, and none is
    // called as a method, which workerd refuses.
    fetch: send === undefined
      ? (input, init) => fetch(input, init)
      : (input, init) => send(input, init),
    others,
    retry,
    timeoutMs: atLeast("timeoutMs", options.timeoutMs, 0, Infinity),
    attemptTimeoutMs: atLeast("attemptTimeoutMs", options.attemptTimeoutMs, 0, Infinity),
    attempts: atLeast("attempts", options.attempts, 1, 3),
    backoffBaseMs: atLeast("backoffBaseMs", options.backoffBaseMs, 0, 25),
    backoffMaxMs: atLeast("backoffMaxMs", options.backoffMaxMs, 0, 250),
    maxRetryAfterMs: atLeast("maxRetryAfterMs", options.maxRetryAfterMs, 0, 5_000),
    maxInFlight: atLeast("maxInFlight", options.maxInFlight, 1, 1_024),
    waitForEndpointsMs: atLeast("waitForEndpointsMs", options.waitForEndpointsMs, 0, 0),
    retryBudget: {
      percent: atLeast("retryBudget.percent", retryBudget.percent, 0, 20),
      minimumPerSecond: atLeast("retryBudget.minimumPerSecond", retryBudget.minimumPerSecond, 0, 3),
      windowMs: atLeast("retryBudget.windowMs", retryBudget.windowMs, 1, 10_000),
    },
    hedge: resolveHedge(hedge),
    key: options.key,
    observer: options.observer,
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
  };
}

function resolveHedge(hedge: boolean | HedgeOptions = false): Required<HedgeOptions> | undefined {
  if (hedge === false) return undefined;
  const { percentile, percent } = hedge === true ? {} : hedge;
  return {
    percentile: atLeast("hedge.percentile", percentile, 0, 95),
    percent: atLeast("hedge.percent", percent, 0, 5),
  };
}

function atLeast(name: string, value: number | undefined, least: number, standard: number): number {
  if (value === undefined) return standard;
  if (typeof value === "number" && value >= least) return value;
  throw new RangeError(
    `Cannot use option ${name}: it must be a number of at least ${least}, received ${value}`,
  );
}

function oneOf(name: string, value: string, words: readonly string[]): void {
  if (words.includes(value)) return;
  throw new TypeError(
    `Cannot use option ${name}: it must be one of ${words.join(", ")}, received ${String(value)}`,
  );
}
