/**
 * Options of the agents.
 *
 * @module
 */
import type { ClientRequest } from "node:http";
import { checkOptions, type OptionRule } from "../../check_options.ts";

/** How requests for services are sent; the options of Node's own agent are the third argument. */
export interface PilotedAgentOptions {
  /** How many endpoints a request may try to connect to, at least 1. @default {3} */
  readonly maxAttempts?: number | undefined;
  /** Time to connect to one endpoint, TLS included, in milliseconds. @default {3_000} */
  readonly connectTimeoutMs?: number | undefined;
  /**
   * Time from a connection to the head of the response, in milliseconds. An endpoint that takes
   * longer has failed, and the request fails with `TIMEOUT`.
   *
   * @default {no limit}
   */
  readonly attemptTimeoutMs?: number | undefined;
  /**
   * What happens to a request for a host that is not a watched service: it is sent unchanged, or fails
   * with `UNKNOWN_SERVICE`. @default {"pass-through"}
   */
  readonly unknownHosts?: "pass-through" | "reject" | undefined;
  /**
   * What the `Host` header says: what the client has set, which is the name of the service; or the
   * address of the endpoint, as with `createFetch()`. @default {"service"}
   */
  readonly hostHeader?: "service" | "endpoint" | undefined;
  /** Returns the key of a request, for the balancer `hash`. @default {undefined} */
  readonly key?: ((request: ClientRequest) => string | undefined) | undefined;
}

/** {@linkcode PilotedAgentOptions} with all defaults filled in. */
export interface ResolvedAgentOptions {
  readonly maxAttempts: number;
  readonly connectTimeoutMs: number;
  readonly attemptTimeoutMs: number;
  readonly unknownHosts: "pass-through" | "reject";
  readonly hostHeader: "service" | "endpoint";
  readonly key: ((request: ClientRequest) => string | undefined) | undefined;
}

const RULES: Readonly<Record<keyof PilotedAgentOptions, OptionRule>> = {
  maxAttempts: { type: "number", min: 1 },
  connectTimeoutMs: { type: "number", min: 1 },
  attemptTimeoutMs: { type: "number", min: 1 },
  unknownHosts: { type: "one-of", values: ["pass-through", "reject"] },
  hostHeader: { type: "one-of", values: ["service", "endpoint"] },
  key: { type: "function" },
};

/**
 * Checks the options and fills in the defaults.
 *
 * @param options The user's.
 * @returns All of them.
 * @throws {TypeError} when an option is unknown or of the wrong type.
 * @throws {RangeError} when a number is out of its range.
 */
export function resolveAgentOptions(options: PilotedAgentOptions): ResolvedAgentOptions {
  checkOptions("PilotedAgent", options, RULES);
  return {
    maxAttempts: options.maxAttempts ?? 3,
    connectTimeoutMs: options.connectTimeoutMs ?? 3_000,
    attemptTimeoutMs: options.attemptTimeoutMs ?? Infinity,
    unknownHosts: options.unknownHosts ?? "pass-through",
    hostHeader: options.hostHeader ?? "service",
    key: options.key,
  };
}
