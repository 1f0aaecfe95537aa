/**
 * Which instances of a service are read, and at which of their addresses, beyond tag and datacenter.
 *
 * @module
 */

/** Which instances of a service are read, and at which of their addresses. Each part is sent only when it is set. */
export interface Reach {
  /** Name of the port to use. @default {the service's default port} */
  readonly port?: string | undefined;
  /**
   * Tagged address to use. `"lan"` and `"wan"` fall back to the usual address where an instance has
   * none, as in Consul; an instance without any other tagged address is skipped.
   *
   * @default {the usual address}
   */
  readonly address?: string | undefined;
  /** Cluster peer that exports the service (Consul 1.13). @default {the own cluster} */
  readonly peer?: string | undefined;
  /** Namespace (Consul Enterprise). @default {the token's} */
  readonly namespace?: string | undefined;
  /** Admin partition (Consul Enterprise). @default {the agent's} */
  readonly partition?: string | undefined;
  /** Sameness group (Consul Enterprise). @default {none} */
  readonly samenessGroup?: string | undefined;
  /** Filter expression that Consul evaluates, such as `Service.Meta.version == "2"` (Consul 1.12). @default {none} */
  readonly filter?: string | undefined;
}

/** The parts of a {@linkcode Reach}. */
export const REACH_KEYS = [
  "port",
  "address",
  "peer",
  "namespace",
  "partition",
  "samenessGroup",
  "filter",
] as const satisfies readonly (keyof Reach)[];

/**
 * The parts that are set.
 *
 * @param from A query, or a watch of the configuration.
 * @returns An object without empty parts.
 */
export function reachOf(from: Reach): Reach {
  const reach: { -readonly [Key in keyof Reach]: string } = {};
  for (const key of REACH_KEYS) if (from[key]) reach[key] = from[key];
  return reach;
}
