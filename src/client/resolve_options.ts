/**
 * Defaults and checks of the options.
 *
 * @module
 */
import { systemClock } from "../clock.ts";
import type { PilotedOptions, ResolvedOptions } from "./options.ts";

const CHOICES = {
  health: ["passing", "warning", "any"],
  onStartFailure: ["reject", "background"],
  consistency: ["default", "stale", "consistent", "cached"],
  emptyPolicy: ["confirm", "keep", "accept"],
} as const;

// "Blocking Queries" of Consul's HTTP API documentation: a wait is at most ten minutes.
const MAX_WAIT_MS = 600_000;

/**
 * Puts defaults in place of what was left out.
 *
 * @param options What the caller gave.
 * @returns Every option.
 * @throws {TypeError} when a choice is not one of its words.
 * @throws {RangeError} when a number is out of its range.
 */
export function resolveOptions(options: PilotedOptions): ResolvedOptions {
  for (const [name, words] of Object.entries(CHOICES)) {
    const value = options[name as keyof typeof CHOICES];
    if (value !== undefined && !(words as readonly string[]).includes(value)) {
      throw new TypeError(
        `Cannot use option ${name}: it must be one of ${words.join(", ")}, received ${value}`,
      );
    }
  }
  const { failover = [], balancer } = options;
  return {
    health: options.health ?? "warning",
    signals: options.signals ?? true,
    reload: options.reload ?? false,
    keepAlive: options.keepAlive ?? true,
    env: options.env,
    fetch: options.fetch,
    source: options.source,
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
    refreshTimeoutMs: count("refreshTimeoutMs", options.refreshTimeoutMs ?? 1_000, 0),
    requestTimeoutMs: count("requestTimeoutMs", options.requestTimeoutMs ?? 10_000, 1),
    onStartFailure: options.onStartFailure ?? "reject",
    consistency: options.consistency ?? "stale",
    waitMs: count("waitMs", options.waitMs ?? 60_000, 1_000, MAX_WAIT_MS),
    minIntervalMs: count("minIntervalMs", options.minIntervalMs ?? 50, 1),
    emptyPolicy: options.emptyPolicy ?? "confirm",
    maxConnections: count("maxConnections", options.maxConnections ?? 64, 2),
    snapshotFile: options.snapshotFile,
    failover: isList(failover)
      ? () => failover
      : (service) => Object.hasOwn(failover, service) ? failover[service]! : [],
    balancer: typeof balancer === "object"
      ? (service) => Object.hasOwn(balancer, service) ? balancer[service] : undefined
      : () => balancer,
    zone: options.zone,
    outliers: options.outliers,
  };
}

function count(name: string, value: number, least: number, most = Number.MAX_SAFE_INTEGER): number {
  if (!(value >= least && value <= most)) {
    const range = most === Number.MAX_SAFE_INTEGER ? `${least} or more` : `${least} to ${most}`;
    throw new RangeError(`Cannot use option ${name}: it must be ${range}, received ${value}`);
  }
  return value;
}

function isList(value: object): value is readonly string[] {
  return Array.isArray(value);
}
