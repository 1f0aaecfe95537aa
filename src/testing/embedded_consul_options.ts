/**
 * The options of the embedded Consul.
 *
 * @module
 */
import { checkOptions, type OptionRule } from "../check_options.ts";
import type { Clock } from "../clock.ts";
import type { EmbeddedAcl } from "./acl.ts";
import {
  CONSUL_VERSIONS,
  type ConsulVersion,
  DEFAULT_VERSION,
  type WireProfile,
  wireProfile,
} from "./wire_profile.ts";

/** Options of `EmbeddedConsul`. */
export interface EmbeddedConsulOptions {
  /**
   * Version of Consul to respond like. The default is the one that was compared with a running Consul.
   * @default {"1.8"}
   */
  version?: ConsulVersion | undefined;
  /**
   * Whether blocking and cached reads of the health of a service use the streaming backend.
   * @default {true from version 1.15}
   */
  streaming?: boolean | undefined;
  /** Enables ACLs: policy, tokens, auth methods. @default {no access control} */
  acl?: EmbeddedAcl | undefined;
  /** Whether it has namespaces, admin partitions and sameness groups. @default {false} */
  enterprise?: boolean | undefined;
  /** Name of its own datacenter. @default {"dc1"} */
  datacenter?: string | undefined;
  /** Names of further datacenters. @default {[]} */
  datacenters?: readonly string[] | undefined;
  /** Name of its node. @default {"embedded"} */
  node?: string | undefined;
  /** Address of its node. @default {"127.0.0.1"} */
  nodeAddress?: string | undefined;
  /** Clock of blocking queries, TTL checks and tokens that expire. @default {systemClock} */
  clock?: Clock | undefined;
  /** Random numbers in [0, 1), for the jitter of blocking queries. @default {Math.random} */
  random?: (() => number) | undefined;
}

const OPTION_RULES: Readonly<Record<keyof EmbeddedConsulOptions, OptionRule>> = {
  version: { type: "one-of", values: CONSUL_VERSIONS },
  streaming: { type: "boolean" },
  acl: { type: "object" },
  enterprise: { type: "boolean" },
  datacenter: { type: "string" },
  datacenters: { type: "any" },
  node: { type: "string" },
  nodeAddress: { type: "string" },
  clock: { type: "object" },
  random: { type: "function" },
};

/**
 * Checks the options and finds the profile of the version.
 *
 * @param options The options.
 * @returns The profile, and whether it uses the streaming backend.
 * @throws {TypeError} when an option is unknown or of a wrong type.
 * @throws {RangeError} when the version has no streaming backend.
 */
export function resolveVersion(
  options: EmbeddedConsulOptions,
): { readonly profile: WireProfile; readonly streaming: boolean } {
  checkOptions("EmbeddedConsul", options, OPTION_RULES);
  const { version = DEFAULT_VERSION } = options;
  const profile = wireProfile(version);
  const { streaming = profile.queryBackend } = options;
  if (streaming && !profile.queryBackend) {
    throw new RangeError(`Cannot use streaming with Consul ${version}: it came with 1.10`);
  }
  return { profile, streaming };
}
