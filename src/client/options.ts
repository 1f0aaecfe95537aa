/**
 * Options of `config()` and `createPiloted()`.
 *
 * @module
 */
import type { Fetch } from "../platform_fetch.ts";
import type { BalanceFunction } from "../balance/balancer.ts";
import type { BalancerName } from "../balance/create_balancer.ts";
import type { OutlierOptions } from "../balance/outlier_options.ts";
import type { Clock } from "../clock.ts";
import type { EndpointStatus } from "../endpoint.ts";
import type { Consistency, Source } from "../source/source.ts";

/**
 * Which instances may be handed out.
 *
 * - `"passing"`: only those whose checks all pass.
 * - `"warning"` (default): passing and warning ones; Consul's weights for the two states apply.
 * - `"any"`: also critical ones, but never those in maintenance.
 */
export type HealthPolicy = "passing" | "warning" | "any";

/**
 * When a list is believed that is suddenly empty, or from which most instances are gone at once.
 *
 * - `"confirm"` (default): the last list stays until the leader has confirmed the new one twice.
 * - `"keep"`: the last list stays until a better one arrives.
 * - `"accept"`: every answer is believed.
 */
export type EmptyPolicy = "confirm" | "keep" | "accept";

/** What picks an endpoint: an algorithm by name, or a function of your own. */
export type BalancerChoice = BalancerName | BalanceFunction;

/** Options of `config()` and `createPiloted()`. Every one has a default that is right for most. */
export interface PilotedOptions {
  /** Which instances may be handed out. @default {"warning"} */
  health?: HealthPolicy;
  /** Whether SIGHUP refreshes. @default {true} */
  signals?: boolean;
  /** Whether SIGHUP and `refresh()` read the configuration file again. @default {false} */
  reload?: boolean;
  /**
   * Whether watching keeps the process alive until `close()`. With `false` no blocking query is
   * held open: each service is read at its `interval` by timers that let the process end.
   * @default {true}
   */
  keepAlive?: boolean;
  /** Environment for the configuration. @default {the process's} */
  env?: Readonly<Record<string, string>>;
  /** What asks Consul over plain HTTP or TLS. @default {the runtime's, with the configured TLS} */
  fetch?: Fetch;
  /** What is asked instead of the configured Consul. @default {undefined} */
  source?: Source;
  /** Time. @default {the system's} */
  clock?: Clock;
  /** Random numbers in [0, 1). @default {Math.random} */
  random?: () => number;
  /** How long `service()` waits for a refresh under way, in milliseconds. @default {1000} */
  refreshTimeoutMs?: number;
  /** How long Consul may take for an answer that it need not hold, in milliseconds. @default {10_000} */
  requestTimeoutMs?: number;
  /** What happens when Consul can't be reached at the start. @default {"reject"} */
  onStartFailure?: "reject" | "background";
  /** How fresh an answer of Consul must be. @default {"stale"} */
  consistency?: Consistency;
  /** How long Consul may hold a question, in milliseconds; half to all of it, by chance. @default {60_000} */
  waitMs?: number;
  /** Least time between two questions for one service after a burst of two, in milliseconds. @default {50} */
  minIntervalMs?: number;
  /** Whether a list that is suddenly empty is believed. @default {"confirm"} */
  emptyPolicy?: EmptyPolicy;
  /** Most connections to the agent at a time. @default {64} */
  maxConnections?: number;
  /** File that keeps the last good lists over a restart. @default {undefined} */
  snapshotFile?: string;
  /** Datacenters that stand in, in order, for all services or by service. @default {none} */
  failover?: readonly string[] | Readonly<Record<string, readonly string[]>>;
  /**
   * What picks, for all services or by service.
   * @default {"round_robin" for pick() and service(), "p2c_ewma" for acquire() and fetch}
   */
  balancer?: BalancerChoice | Readonly<Record<string, BalancerChoice>>;
  /** Zone whose endpoints come first. @default {undefined} */
  zone?: string;
  /** When endpoints are ejected for their failures; `false` for never. @default {{}} */
  outliers?: OutlierOptions | false;
}

/** {@linkcode PilotedOptions} with defaults in place of what was left out. */
export type ResolvedOptions =
  & Required<Omit<PilotedOptions, Optional | "failover" | "balancer">>
  & Pick<PilotedOptions, Optional>
  & {
    failover: (service: string) => readonly string[];
    balancer: (service: string) => BalancerChoice | undefined;
  };

type Optional = "env" | "fetch" | "source" | "snapshotFile" | "zone" | "outliers";

/** Whether the policy lets an instance of this status be handed out. */
export function isUsable(status: EndpointStatus, policy: HealthPolicy): boolean {
  if (status === "passing") return true;
  if (status === "warning") return policy !== "passing";
  return status === "critical" && policy === "any";
}
