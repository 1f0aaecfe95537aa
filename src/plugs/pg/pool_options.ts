/**
 * Options of the pool.
 *
 * @module
 */
// @ts-types="npm:@types/pg@^8.11.0"
import type { PoolConfig } from "pg";
import type { FollowOptions } from "../../client/follow.ts";
import { checkFollowOptions } from "../../client/follow_options.ts";
import type { Endpoint } from "../../endpoint.ts";

/** Options of node-postgres' own pool. The addresses come from the registry. */
export type PilotedPoolConfig = Omit<PoolConfig, "host" | "port" | "stream">;

/**
 * Which endpoints a pool connects to, and how long things may take: the options of `follow()`, without
 * what the pool does itself. With `per: "service"` all connections go to one endpoint as long as it is
 * listed; the default `"endpoint"` picks one for each new connection.
 */
export type PilotedPoolOptions = Omit<FollowOptions<Endpoint>, "open" | "close">;

// node-postgres would connect there.
const FROM_REGISTRY = ["host", "port", "stream"];

/**
 * Checks what the user gave.
 *
 * @param config For node-postgres.
 * @param options For the pool.
 * @throws {TypeError} when an option is unknown, of the wrong type, or says where to connect to.
 * @throws {RangeError} when a number is out of its range.
 */
export function checkPoolOptions(config: PilotedPoolConfig, options: PilotedPoolOptions): void {
  checkFollowOptions({ ...options, open: (endpoint) => endpoint }, "PilotedPool");
  const given = FROM_REGISTRY.find((name) => (config as Record<string, unknown>)[name] != null);
  if (given === undefined) return;
  throw new TypeError(
    `Cannot use option ${given} of PilotedPool: addresses come from the registry`,
  );
}
