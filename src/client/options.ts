/**
 * Options of `config()` and `createPiloted()`.
 *
 * @module
 */
import type { BalanceFunction } from "../balance/balancer.ts";
import type { BalancerName } from "../balance/create_balancer.ts";
import type { OutlierOptions } from "../balance/outlier_options.ts";
import { checkOptions, type OptionRule } from "../check_options.ts";
import { type Clock, systemClock } from "../clock.ts";
import type { Fetch } from "../platform_fetch.ts";
import type { Consistency, Source } from "../source/source.ts";
import type { EmptyPolicy, HealthPolicy } from "../watch/policies.ts";
import type { Logger } from "./log_events.ts";

/** Chooses an endpoint: an algorithm by name, or a function of your own. */
export type BalancerChoice = BalancerName | BalanceFunction;

/** Options of `config()` and `createPiloted()`. Every one has a default that is right for most. */
export interface PilotedOptions {
  /**
   * `"live"` keeps the lists fresh by blocking queries. `"on-demand"` reads a list when somebody
   * looks up, without loops, timers and signals: for edge runtimes and short scripts.
   *
   * @default {"live"}
   */
  mode?: "live" | "on-demand" | undefined;
  /** Which instances may be handed out. @default {"warning"} */
  health?: HealthPolicy | undefined;
  /** Whether SIGHUP refreshes. @default {true, with mode "on-demand" false} */
  signals?: boolean | undefined;
  /** Whether SIGHUP and `refresh()` read the configuration file again. @default {false} */
  reload?: boolean | undefined;
  /**
   * Whether watching keeps the process alive until `close()`. With `false` no blocking query is
   * held open: each service is read at its `interval` by timers that let the process end.
   *
   * @default {true}
   */
  keepProcessAlive?: boolean | undefined;
  /** Receives a line for each change of state and each warning. @default {undefined} */
  logger?: Logger | undefined;
  /** Environment for the configuration; `process.env` fits. @default {the process's} */
  env?: Readonly<Record<string, string | undefined>> | undefined;
  /**
   * What an unset variable in a template of the configuration becomes: an empty text, as in
   * ContainerPilot, or an error.
   *
   * @default {"empty"}
   */
  missing?: "empty" | "error" | undefined;
  /** Sends the requests to Consul. @default {the runtime's, with the configured TLS} */
  fetch?: Fetch | undefined;
  /** Read instead of the configured Consul. @default {undefined} */
  source?: Source | undefined;
  /** Time. @default {the system's} */
  clock?: Clock | undefined;
  /** Random numbers in [0, 1). @default {Math.random} */
  random?: (() => number) | undefined;
  /** How long `service()` waits for a refresh under way, in milliseconds. @default {1_000} */
  refreshTimeoutMs?: number | undefined;
  /** Time for a response that Consul need not hold, in milliseconds. @default {10_000} */
  requestTimeoutMs?: number | undefined;
  /**
   * Largest response of Consul that is accepted, in bytes after decompression. 10,000 instances take
   * about 15 MB.
   *
   * @default {33_554_432}
   */
  maxResponseBytes?: number | undefined;
  /** What happens when Consul can't be reached at the start. @default {"reject"} */
  onStartFailure?: "reject" | "background" | undefined;
  /** How fresh a response of Consul must be. @default {"stale"} */
  consistency?: Consistency | undefined;
  /**
   * Maximum wait of a blocking query, in milliseconds. Each query uses a random 50 to 100 % of it.
   *
   * @default {60_000}
   */
  waitMs?: number | undefined;
  /** Minimum time between two reads of one service after a burst of two, in milliseconds. @default {50} */
  minIntervalMs?: number | undefined;
  /** Whether a list that is suddenly empty is accepted. @default {"confirm"} */
  emptyPolicy?: EmptyPolicy | undefined;
  /** Maximum number of connections to the agent. @default {64} */
  maxConnections?: number | undefined;
  /** File that keeps the last good lists over a restart. @default {undefined} */
  snapshotFile?: string | undefined;
  /** Datacenters that stand in, in order, for all services or by service. @default {none} */
  failover?: readonly string[] | Readonly<Record<string, readonly string[]>> | undefined;
  /**
   * Chooses an endpoint, for all services or by service.
   *
   * @default {"round-robin" for pick() and service(), "p2c-ewma" for acquire() and fetch}
   */
  balancer?: BalancerChoice | Readonly<Record<string, BalancerChoice>> | undefined;
  /** Zone whose endpoints come first. @default {undefined} */
  zone?: string | undefined;
  /** When endpoints are ejected for their failures; `false` for never. @default {{}} */
  outliers?: OutlierOptions | false | undefined;
  /** How long a list counts as fresh with mode `"on-demand"`, in milliseconds. @default {5_000} */
  ttlMs?: number | undefined;
  /**
   * How long after that a list is still handed out while a new one is read, with mode
   * `"on-demand"`, in milliseconds. After that a lookup waits for the new one.
   *
   * @default {60_000}
   */
  staleMs?: number | undefined;
}

/** Options of a wait. */
export interface WaitOptions {
  /** Ends the wait, by rejecting with its reason. @default {undefined} */
  readonly signal?: AbortSignal | undefined;
}

/** Options of `waitForEndpoints()`. */
export interface WaitForEndpointsOptions extends WaitOptions {
  /** Maximum wait in milliseconds. @default {Infinity} */
  readonly timeoutMs?: number | undefined;
}

/** Options of `watch()`. */
export interface WatchServiceOptions extends WaitOptions {
  /** Whether the first change is the current list, as `added`. @default {false} */
  readonly initial?: boolean | undefined;
}

/** {@linkcode PilotedOptions} with defaults in place of what was left out. */
export interface ResolvedOptions {
  readonly mode: "live" | "on-demand";
  readonly health: HealthPolicy;
  readonly signals: boolean;
  readonly reload: boolean;
  readonly keepProcessAlive: boolean;
  readonly logger: Logger | undefined;
  readonly env: Readonly<Record<string, string | undefined>> | undefined;
  readonly missing: "empty" | "error";
  readonly fetch: Fetch | undefined;
  readonly source: Source | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  readonly refreshTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly maxResponseBytes: number | undefined;
  readonly onStartFailure: "reject" | "background";
  readonly consistency: Consistency;
  readonly waitMs: number;
  readonly minIntervalMs: number;
  readonly emptyPolicy: EmptyPolicy;
  readonly maxConnections: number;
  readonly snapshotFile: string | undefined;
  readonly failover: (service: string) => readonly string[];
  readonly balancer: (service: string) => BalancerChoice | undefined;
  readonly zone: string | undefined;
  readonly outliers: OutlierOptions | false | undefined;
  readonly ttlMs: number;
  readonly staleMs: number;
}

// "Blocking Queries" of Consul's HTTP API documentation: a wait is at most ten minutes.
const MAX_WAIT_MS = 600_000;

const RULES: Readonly<Record<keyof PilotedOptions, OptionRule>> = {
  mode: { type: "one-of", values: ["live", "on-demand"] },
  health: { type: "one-of", values: ["passing", "warning", "any"] },
  signals: { type: "boolean" },
  reload: { type: "boolean" },
  keepProcessAlive: { type: "boolean" },
  logger: { type: "object" },
  env: { type: "object" },
  missing: { type: "one-of", values: ["empty", "error"] },
  fetch: { type: "function" },
  source: { type: "object" },
  clock: { type: "object" },
  random: { type: "function" },
  refreshTimeoutMs: { type: "number", min: 0 },
  requestTimeoutMs: { type: "number", min: 1 },
  maxResponseBytes: { type: "number", min: 1 },
  onStartFailure: { type: "one-of", values: ["reject", "background"] },
  consistency: { type: "one-of", values: ["default", "stale", "consistent", "cached"] },
  waitMs: { type: "number", min: 1_000, max: MAX_WAIT_MS },
  minIntervalMs: { type: "number", min: 1 },
  emptyPolicy: { type: "one-of", values: ["confirm", "keep", "accept"] },
  maxConnections: { type: "number", min: 2 },
  snapshotFile: { type: "string" },
  failover: { type: "object" },
  balancer: { type: "any" },
  zone: { type: "string" },
  outliers: { type: "any" },
  ttlMs: { type: "number", min: 0 },
  staleMs: { type: "number", min: 0 },
};

/** Options that need something that runs between two lookups. */
const LIVE_ONLY = ["signals", "reload", "snapshotFile"] as const;

/**
 * Checks the options and puts defaults in place of what was left out.
 *
 * @param options What the caller gave.
 * @param caller The function that takes them, for messages.
 * @returns Every option.
 * @throws {TypeError} when an option is unknown, of another kind, or not one of its words.
 * @throws {RangeError} when a number is out of its range.
 */
export function resolveOptions(
  options: PilotedOptions,
  caller = "createPiloted()",
): ResolvedOptions {
  if (typeof options === "function") {
    throw new TypeError(
      `Cannot use the options of ${caller}: they must be an object, received a function; ` +
        `${caller} returns a promise and takes no callback`,
    );
  }
  checkOptions(caller, options, RULES);
  const { mode = "live" } = options;
  const isLive = mode === "live";
  for (const name of LIVE_ONLY) {
    if (isLive || !options[name]) continue;
    throw new TypeError(
      `Cannot use option ${name} of ${caller}: mode "on-demand" has no loops, timers and signals; ` +
        'use mode "live" or leave it out',
    );
  }
  return {
    mode,
    health: options.health ?? "warning",
    signals: options.signals ?? isLive,
    reload: options.reload ?? false,
    keepProcessAlive: isLive && (options.keepProcessAlive ?? true),
    logger: options.logger,
    env: options.env,
    missing: options.missing ?? "empty",
    fetch: options.fetch,
    source: options.source,
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
    refreshTimeoutMs: options.refreshTimeoutMs ?? 1_000,
    requestTimeoutMs: options.requestTimeoutMs ?? 10_000,
    maxResponseBytes: options.maxResponseBytes,
    onStartFailure: options.onStartFailure ?? "reject",
    consistency: options.consistency ?? "stale",
    waitMs: options.waitMs ?? 60_000,
    minIntervalMs: options.minIntervalMs ?? 50,
    emptyPolicy: options.emptyPolicy ?? "confirm",
    maxConnections: options.maxConnections ?? 64,
    snapshotFile: options.snapshotFile,
    failover: resolveFailover(options.failover ?? [], caller),
    balancer: resolveBalancer(options.balancer),
    zone: options.zone,
    outliers: options.outliers,
    ttlMs: options.ttlMs ?? 5_000,
    staleMs: options.staleMs ?? 60_000,
  };
}

function resolveFailover(
  failover: NonNullable<PilotedOptions["failover"]>,
  caller: string,
): ResolvedOptions["failover"] {
  const isTextList = (value: unknown): value is readonly string[] =>
    Array.isArray(value) && value.every((item) => typeof item === "string" && item !== "");
  const lists = Array.isArray(failover) ? [failover] : Object.values(failover);
  if (!lists.every(isTextList)) {
    throw new TypeError(
      `Cannot use option failover of ${caller}: it must be a list of names of datacenters, or one ` +
        "list for each service",
    );
  }
  if (Array.isArray(failover)) return () => failover;
  const byService = failover as Readonly<Record<string, readonly string[]>>;
  return (service) => Object.hasOwn(byService, service) ? byService[service]! : [];
}

function resolveBalancer(balancer: PilotedOptions["balancer"]): ResolvedOptions["balancer"] {
  if (typeof balancer !== "object" || balancer === null) return () => balancer ?? undefined;
  return (service) => Object.hasOwn(balancer, service) ? balancer[service] : undefined;
}
