/**
 * Options of `config()` and `createPiloted()`.
 *
 * @module
 */
import type { BalanceFunction } from "../balance/balancer.ts";
import type { BalancerName } from "../balance/create_balancer.ts";
import type { OutlierOptions } from "../balance/outlier_options.ts";
import type { TrafficSplit } from "../balance/split.ts";
import { checkSubset, type SubsetOptions } from "../balance/subset.ts";
import { checkOptions, CLOCK, type OptionRule } from "../check_options.ts";
import { type Clock, systemClock } from "../clock.ts";
import type { Fetch } from "../platform_fetch.ts";
import type { Consistency, Source } from "../source/source.ts";
import type { EmptyPolicy, HealthPolicy, NodeFailurePolicy } from "../watch/policies.ts";
import type { Target } from "./failover.ts";
import { type FailoverTarget, resolveFailover } from "./failover_target.ts";
import type { HealthCheckOptions } from "./health_check_options.ts";
import type { Logger } from "./log_events.ts";
import { resolveHealthChecks, resolveSplits } from "./routing_options.ts";

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
  /**
   * Whether every job with a port is registered at the start, as ContainerPilot does; see
   * `Piloted.registerJobs()`.
   *
   * @default {false}
   */
  register?: boolean | undefined;
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
  /**
   * How long the start waits for the first lists, in milliseconds; then it has failed, see
   * `onStartFailure`. @default {no limit}
   */
  startTimeoutMs?: number | undefined;
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
  /**
   * Whether it is accepted that every instance of a service is critical by the check of its node
   * alone (Consul's `serfHealth`), which may be a failure of the gossip between agents.
   *
   * @default {"confirm"}
   */
  nodeFailurePolicy?: NodeFailurePolicy | undefined;
  /** Maximum number of connections to the agent. @default {64} */
  maxConnections?: number | undefined;
  /** File that keeps the last good lists over a restart. @default {undefined} */
  snapshotFile?: string | undefined;
  /**
   * Datacenters and peers that stand in, in order, for all services or by service. A text is the
   * name of a datacenter.
   *
   * @default {none}
   */
  failover?:
    | readonly FailoverTarget[]
    | Readonly<Record<string, readonly FailoverTarget[]>>
    | undefined;
  /**
   * Chooses an endpoint, for all services or by service.
   *
   * @default {"round-robin" for pick() and service(), "p2c-ewma" for acquire() and fetch}
   */
  balancer?: BalancerChoice | Readonly<Record<string, BalancerChoice>> | undefined;
  /**
   * Where the rotation of `service()` and `pick()` starts: at the first endpoint, as gopiloted
   * documents, or at a random one.
   *
   * @default {"first", with mode "on-demand" "random": each cold start would use the first endpoint}
   */
  rotationStart?: "first" | "random" | undefined;
  /** Zone whose endpoints come first. @default {undefined} */
  zone?: string | undefined;
  /** When endpoints are ejected for their failures; `false` for never. @default {{}} */
  outliers?: OutlierOptions | false | undefined;
  /**
   * Shares of the requests by value of one key of the metadata, by service, as in
   * `{ customers: { version: { stable: 95, canary: 5 } } }`. The share of a value without usable
   * endpoints goes to the others; endpoints with other values get none.
   *
   * @default {none}
   */
  split?: Readonly<Record<string, TrafficSplit>> | undefined;
  /** Uses only a part of the endpoints of services that have many. @default {all} */
  subset?: SubsetOptions | undefined;
  /**
   * Probes by which ejected endpoints return, by service, as in `{ customers: { path: "/health" } }`. For
   * other services the next lease after the ejection is the probe.
   *
   * @default {none}
   */
  healthChecks?: Readonly<Record<string, HealthCheckOptions>> | undefined;
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

/** {@linkcode PilotedOptions} with defaults in place of what was left out. */
export interface ResolvedOptions {
  readonly mode: "live" | "on-demand";
  readonly health: HealthPolicy;
  readonly signals: boolean;
  readonly register: boolean;
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
  readonly startTimeoutMs: number | undefined;
  readonly consistency: Consistency;
  readonly waitMs: number;
  readonly minIntervalMs: number;
  readonly emptyPolicy: EmptyPolicy;
  readonly nodeFailurePolicy: NodeFailurePolicy;
  readonly maxConnections: number;
  readonly snapshotFile: string | undefined;
  readonly failover: (service: string) => readonly Target[];
  readonly balancer: (service: string) => BalancerChoice | undefined;
  readonly rotationStart: "first" | "random";
  readonly zone: string | undefined;
  readonly outliers: OutlierOptions | false | undefined;
  readonly split: (service: string) => TrafficSplit | undefined;
  readonly subset: SubsetOptions | undefined;
  readonly healthChecks: (service: string) => HealthCheckOptions | undefined;
  readonly ttlMs: number;
  readonly staleMs: number;
}

// "Blocking Queries" of Consul's HTTP API documentation: a wait is at most ten minutes.
const MAX_WAIT_MS = 600_000;

const RULES: Readonly<Record<keyof PilotedOptions, OptionRule>> = {
  mode: { type: "one-of", values: ["live", "on-demand"] },
  health: { type: "one-of", values: ["passing", "warning", "any"] },
  signals: { type: "boolean" },
  register: { type: "boolean" },
  reload: { type: "boolean" },
  keepProcessAlive: { type: "boolean" },
  logger: { type: "object", methods: ["info", "warn", "error"] },
  env: { type: "object" },
  missing: { type: "one-of", values: ["empty", "error"] },
  fetch: { type: "function" },
  source: { type: "object", methods: ["read"] },
  clock: CLOCK,
  random: { type: "function" },
  refreshTimeoutMs: { type: "number", min: 0 },
  requestTimeoutMs: { type: "number", min: 1 },
  maxResponseBytes: { type: "number", min: 1 },
  onStartFailure: { type: "one-of", values: ["reject", "background"] },
  startTimeoutMs: { type: "number", min: 0 },
  consistency: { type: "one-of", values: ["default", "stale", "consistent", "cached"] },
  waitMs: { type: "number", min: 1_000, max: MAX_WAIT_MS },
  minIntervalMs: { type: "number", min: 1 },
  emptyPolicy: { type: "one-of", values: ["confirm", "keep", "accept"] },
  nodeFailurePolicy: { type: "one-of", values: ["confirm", "keep", "accept"] },
  maxConnections: { type: "number", min: 2 },
  snapshotFile: { type: "string" },
  failover: { type: "object" },
  balancer: { type: "any" },
  rotationStart: { type: "one-of", values: ["first", "random"] },
  zone: { type: "string" },
  outliers: { type: "any" },
  split: { type: "object" },
  subset: { type: "object" },
  healthChecks: { type: "object" },
  ttlMs: { type: "number", min: 0 },
  staleMs: { type: "number", min: 0 },
};

/** Options that need something that runs between two lookups. */
const LIVE_ONLY = ["signals", "register", "reload", "snapshotFile", "healthChecks"] as const;

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
  if (options.subset !== undefined) checkSubset(options.subset, caller);
  return {
    mode,
    health: options.health ?? "warning",
    signals: options.signals ?? isLive,
    register: options.register ?? false,
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
    startTimeoutMs: options.startTimeoutMs,
    consistency: options.consistency ?? "stale",
    waitMs: options.waitMs ?? 60_000,
    minIntervalMs: options.minIntervalMs ?? 50,
    emptyPolicy: options.emptyPolicy ?? "confirm",
    nodeFailurePolicy: options.nodeFailurePolicy ?? "confirm",
    maxConnections: options.maxConnections ?? 64,
    snapshotFile: options.snapshotFile,
    failover: resolveFailover(options.failover ?? [], caller),
    balancer: resolveBalancer(options.balancer),
    rotationStart: options.rotationStart ?? (isLive ? "first" : "random"),
    zone: options.zone,
    outliers: options.outliers,
    split: resolveSplits(options.split ?? {}, caller),
    subset: options.subset,
    healthChecks: resolveHealthChecks(options.healthChecks ?? {}, caller),
    ttlMs: options.ttlMs ?? 5_000,
    staleMs: options.staleMs ?? 60_000,
  };
}

function resolveBalancer(balancer: PilotedOptions["balancer"]): ResolvedOptions["balancer"] {
  if (typeof balancer !== "object" || balancer === null) return () => balancer ?? undefined;
  return (service) => Object.hasOwn(balancer, service) ? balancer[service] : undefined;
}
