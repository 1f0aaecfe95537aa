/**
 * Options of the balanced fetch.
 *
 * @module
 */
import { checkSplit, type TrafficSplit } from "../balance/split.ts";
import { checkOptions, CLOCK, type OptionRule } from "../check_options.ts";
import { type Clock, systemClock } from "../clock.ts";
import { type Fetch, platformFetch } from "../platform_fetch.ts";
import { classifyResponse, type ResponseVerdict } from "./classify.ts";
import type { FetchObserver } from "./fetch_observer.ts";
import { type HedgeOptions, type ResolvedHedge, resolveHedge } from "./hedge_options.ts";
import { type FetchRoute, type ResolvedRoute, resolveRoutes } from "./routes.ts";

/** How many retries a service may get. */
export interface RetryBudgetOptions {
  /** Retries per hundred requests. @default {20} */
  percent?: number | undefined;
  /** Retries per second that are always allowed, however few requests there are. @default {3} */
  minimumPerSecond?: number | undefined;
  /** Time over which requests and retries are counted, in milliseconds, at least 1. @default {10_000} */
  windowMs?: number | undefined;
}

/** Options of `createFetch()`. */
export interface FetchOptions {
  /** Sends the requests. @default {the runtime's fetch} */
  fetch?: Fetch | undefined;
  /**
   * What happens to a URL whose host is not a watched service: it is sent unchanged, or rejected with
   * `UNKNOWN_SERVICE`, as a gateway should; so are redirects to such a host. @default {"pass-through"}
   */
  unknownHosts?: "pass-through" | "reject" | undefined;
  /**
   * Ends of host names whose rest is a service, as `.service.consul`: `http://db.service.consul/` is the
   * service `db`, `http://primary.db.service.consul/` those of its endpoints that have the tag `primary`.
   *
   * @default {[]}
   */
  hosts?: readonly string[] | undefined;
  /**
   * Time for all attempts together until the head of a response, in milliseconds, rounded up by up to 10;
   * `Infinity` for no limit. The default is that of Envoy's routes. @default {15_000}
   */
  timeoutMs?: number | undefined;
  /** Time for each attempt until the head of a response, in milliseconds. @default {no limit} */
  attemptTimeoutMs?: number | undefined;
  /** Maximum number of attempts, at least 1. @default {3} */
  maxAttempts?: number | undefined;
  /**
   * What is retried: `"idempotent"` requests with an idempotent method and those that certainly never
   * left; `"always"` everything whose body can be sent again; `"never"` nothing. @default {"idempotent"}
   */
  retry?: "idempotent" | "always" | "never" | undefined;
  /** Upper limit of the random wait before the first retry, in milliseconds; it doubles with each. @default {25} */
  backoffBaseMs?: number | undefined;
  /** Upper limit of every wait, in milliseconds. @default {250} */
  backoffMaxMs?: number | undefined;
  /** Longest `Retry-After` of a 429 or 503 that is waited for, in milliseconds. @default {5_000} */
  maxRetryAfterMs?: number | undefined;
  /** How many retries a service may get. @default {{}} */
  retryBudget?: RetryBudgetOptions | undefined;
  /** Whether, and when, a second request is sent in parallel to one that takes long. @default {false} */
  hedge?: boolean | HedgeOptions | undefined;
  /**
   * Policies by method and path, for all services: the first one that matches a request wins over the
   * options above, and what a call brings itself over both. @default {[]}
   */
  routes?: readonly FetchRoute[] | undefined;
  /**
   * Shares of the requests by value of one key of the metadata, for all services, as in
   * `{ version: { stable: 95, canary: 5 } }`. @default {the client's option `split`}
   */
  split?: TrafficSplit | undefined;
  /** Maximum number of requests in flight to one service, at least 1. @default {1_024} */
  maxInFlight?: number | undefined;
  /**
   * What a response says about its endpoint, for latencies and ejections; retries do not depend on it.
   *
   * @default {1xx to 3xx are a success, 5xx a failure, 4xx neither}
   */
  classify?: ((response: Response) => ResponseVerdict) | undefined;
  /**
   * Until when a request counts as in flight: to the head of the response, or to the end of its body.
   *
   * @default {"body" with the balancer "least-pending", "headers" with all others}
   */
  leaseUntil?: "headers" | "body" | undefined;
  /** How long calls may go on after `close()` of the client, in milliseconds. @default {5_000} */
  closeGraceMs?: number | undefined;
  /** How long a request waits for the first endpoint of its service, in milliseconds. @default {0} */
  waitForEndpointsMs?: number | undefined;
  /** Returns the key of a request, for the balancer `hash`. @default {undefined} */
  key?: ((url: string, init: RequestInit | undefined) => string | undefined) | undefined;
  /** Called with every call and attempt, for traces and metrics. @default {undefined} */
  observer?: FetchObserver | undefined;
  /** Source of the time. @default {the system clock} */
  clock?: Clock | undefined;
  /** Random numbers in [0, 1). @default {Math.random} */
  random?: (() => number) | undefined;
}

/** {@linkcode FetchOptions} with all defaults filled in. */
export type ResolvedFetchOptions =
  & Filled<
    Omit<
      FetchOptions,
      "key" | "observer" | "hedge" | "retryBudget" | "leaseUntil" | "routes" | "split"
    >
  >
  & Pick<FetchOptions, "key" | "observer" | "leaseUntil" | "split">
  & {
    readonly hedge: ResolvedHedge | undefined;
    readonly routes: readonly ResolvedRoute[];
    readonly retryBudget: Filled<RetryBudgetOptions>;
  };

type Filled<T> = { readonly [Key in keyof T]-?: Exclude<T[Key], undefined> };

// Envoy's default for a route ("timeout" of RouteAction): longer than nearly any response takes, and
// short enough that calls of a server that never responds end before there are too many.
const DEFAULT_TIMEOUT_MS = 15_000;

const AMOUNT: OptionRule = { type: "number", min: 0 };
const COUNT: OptionRule = { type: "number", min: 1 };

const RULES: Readonly<Record<keyof FetchOptions, OptionRule>> = {
  fetch: { type: "function" },
  unknownHosts: { type: "one-of", values: ["pass-through", "reject"] },
  hosts: { type: "object" },
  timeoutMs: AMOUNT,
  attemptTimeoutMs: AMOUNT,
  maxAttempts: COUNT,
  retry: { type: "one-of", values: ["idempotent", "always", "never"] },
  backoffBaseMs: AMOUNT,
  backoffMaxMs: AMOUNT,
  maxRetryAfterMs: AMOUNT,
  retryBudget: { type: "object" },
  hedge: { type: "any" },
  routes: { type: "any" },
  split: { type: "object" },
  maxInFlight: COUNT,
  classify: { type: "function" },
  leaseUntil: { type: "one-of", values: ["headers", "body"] },
  closeGraceMs: AMOUNT,
  waitForEndpointsMs: AMOUNT,
  key: { type: "function" },
  observer: { type: "object" },
  clock: CLOCK,
  random: { type: "function" },
};

/**
 * Checks the options and fills in the defaults.
 *
 * @param options The user's.
 * @returns All of them.
 * @throws {TypeError} when an option is unknown or of the wrong type.
 * @throws {RangeError} when a number is out of its range.
 */
export function resolveFetchOptions(options: FetchOptions): ResolvedFetchOptions {
  checkOptions("createFetch()", options, RULES);
  const { fetch: send, split } = options;
  if (split !== undefined) checkSplit(split, "createFetch()");
  return {
    // None is called as a method, which workerd refuses.
    fetch: send === undefined ? platformFetch : (input, init) => send(input, init),
    unknownHosts: options.unknownHosts ?? "pass-through",
    hosts: resolveHosts(options.hosts),
    timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    attemptTimeoutMs: options.attemptTimeoutMs ?? Infinity,
    maxAttempts: options.maxAttempts ?? 3,
    retry: options.retry ?? "idempotent",
    backoffBaseMs: options.backoffBaseMs ?? 25,
    backoffMaxMs: options.backoffMaxMs ?? 250,
    maxRetryAfterMs: options.maxRetryAfterMs ?? 5_000,
    retryBudget: resolveRetryBudget(options.retryBudget),
    hedge: resolveHedge(options.hedge, "createFetch()"),
    routes: resolveRoutes(options.routes ?? []),
    split,
    maxInFlight: options.maxInFlight ?? 1_024,
    classify: options.classify ?? classifyResponse,
    leaseUntil: options.leaseUntil,
    closeGraceMs: options.closeGraceMs ?? 5_000,
    waitForEndpointsMs: options.waitForEndpointsMs ?? 0,
    key: options.key,
    observer: options.observer,
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
  };
}

function resolveHosts(hosts: readonly string[] = []): readonly string[] {
  const isSuffix = (value: unknown) => typeof value === "string" && /^\.[\w.-]*\w$/.test(value);
  if (Array.isArray(hosts) && hosts.every(isSuffix)) return hosts.map((each) => each.toLowerCase());
  throw new TypeError(
    "Cannot use option hosts of createFetch(): it must be a list of ends of host names that begin " +
      'with a dot, such as ".service.consul"',
  );
}

function resolveRetryBudget(budget: RetryBudgetOptions = {}): ResolvedFetchOptions["retryBudget"] {
  checkOptions("retryBudget in createFetch()", budget, {
    percent: AMOUNT,
    minimumPerSecond: AMOUNT,
    windowMs: COUNT,
  });
  const { percent = 20, minimumPerSecond = 3, windowMs = 10_000 } = budget;
  return { percent, minimumPerSecond, windowMs };
}
