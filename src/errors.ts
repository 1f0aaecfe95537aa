/**
 * The one error class of Piloted and its closed list of codes.
 *
 * @module
 */

import type { EndpointFilter } from "./endpoint_filter.ts";

/**
 * Every reason for which Piloted refuses or fails.
 *
 * | code | when |
 * |---|---|
 * | `CONFIG_NOT_FOUND` | no argument and no `$CONTAINERPILOT`, or the file is missing or not readable |
 * | `CONFIG_INVALID` | the file or object was read and is not a valid configuration |
 * | `TEMPLATE_INVALID` | a Go template could not be parsed or executed, or exceeded a limit |
 * | `NOT_CONFIGURED` | a synchronous function was called before `config()` resolved |
 * | `UNKNOWN_SERVICE` | the name is not among the watched ones |
 * | `NO_ENDPOINTS` | the service is watched and has no endpoint that may be handed out |
 * | `REGISTRY_UNREACHABLE` | no response from the registry: refused, reset, DNS, proxy, no leader |
 * | `REGISTRY_DENIED` | the registry responded 401 or 403: the token is missing or not allowed |
 * | `REGISTRY_RESPONSE` | the registry's response cannot be used |
 * | `ENDPOINT_INVALID` | one entry of an otherwise good response was left out |
 * | `SNAPSHOT_INVALID` | the snapshot file is corrupt, foreign or of a newer format, and was ignored |
 * | `SNAPSHOT_FAILED` | the snapshot file could not be written |
 * | `REQUEST_FAILED` | a balanced request failed after all its attempts |
 * | `OVERLOADED` | too many requests in flight for one service |
 * | `LISTENER_FAILED` | a listener threw; the loop that called it goes on |
 * | `TIMEOUT` | one of Piloted's own deadlines expired |
 * | `LOAD_FAILED` | a part of Piloted could not be loaded, such as without file descriptors |
 * | `UNSUPPORTED` | the mode of the client does not have this method |
 * | `CLOSED` | the client was closed |
 */
export type PilotedErrorCode =
  | "CONFIG_NOT_FOUND"
  | "CONFIG_INVALID"
  | "TEMPLATE_INVALID"
  | "NOT_CONFIGURED"
  | "UNKNOWN_SERVICE"
  | "NO_ENDPOINTS"
  | "REGISTRY_UNREACHABLE"
  | "REGISTRY_DENIED"
  | "REGISTRY_RESPONSE"
  | "ENDPOINT_INVALID"
  | "SNAPSHOT_INVALID"
  | "SNAPSHOT_FAILED"
  | "REQUEST_FAILED"
  | "OVERLOADED"
  | "LISTENER_FAILED"
  | "TIMEOUT"
  | "LOAD_FAILED"
  | "UNSUPPORTED"
  | "CLOSED";

/** How many instances of a service there are, and in which status. */
export interface InstanceCounts {
  /** Instances that the registry listed, whatever their status, including those left out. */
  readonly listed: number;
  /** All checks pass. */
  readonly passing: number;
  /** At least one check warns, none is critical. */
  readonly warning: number;
  /** At least one check is critical. */
  readonly critical: number;
  /** In maintenance mode. */
  readonly maintenance: number;
  /** Left out because they cannot be used, such as those without a port. */
  readonly skipped: number;
}

/** The facts that an error carries as fields, besides its code and message. */
export interface PilotedErrorOptions {
  /** What was caught, kept whole. */
  cause?: unknown;
  /** Name of the service in question. */
  service?: string | undefined;
  /** Names that would have been right, with `UNKNOWN_SERVICE`. */
  services?: readonly string[] | undefined;
  /** How many instances the registry lists, with `NO_ENDPOINTS`. */
  instances?: InstanceCounts | undefined;
  /** Address of the request, without user name, password or token. */
  url?: string | undefined;
  /** HTTP status of the response. */
  status?: number | undefined;
  /** Which limit of the registry refused the read: its rate, or its number of connections. */
  limit?: "rate" | "connections" | undefined;
  /** Milliseconds after which the other side asked for the next attempt (`Retry-After`). */
  retryAfterMs?: number | undefined;
  /** File in question, as given. */
  path?: string | undefined;
  /** Line in that file or text, from 1. */
  line?: number | undefined;
  /** Column in that line, from 1, in UTF-16 code units. */
  column?: number | undefined;
  /** Stage of a template that failed: when it was parsed, or when it was executed. */
  stage?: "parse" | "exec" | undefined;
  /** Every attempt of a balanced request, in order. */
  attempts?: readonly object[] | undefined;
  /** The filter that no endpoint matches. */
  filter?: EndpointFilter | undefined;
}

/**
 * What Piloted throws and rejects with. Tell errors apart by `code`, never by their message.
 * `isPilotedError()` narrows the fields by code.
 *
 * @example
 * ```ts
 * import { PilotedError } from "@piloted/core";
 *
 * const error = new PilotedError("NO_ENDPOINTS", "Cannot pick an endpoint: none is healthy", {
 *   service: "customers",
 * });
 * if (error.code !== "NO_ENDPOINTS" || error.service !== "customers") throw error;
 * ```
 */
export class PilotedError extends Error {
  /** Always `"PilotedError"`, also in minified builds. */
  override readonly name: "PilotedError" = "PilotedError";
  /** Why, out of a closed list. */
  readonly code: PilotedErrorCode;
  /** Name of the service in question. */
  declare readonly service?: string;
  /** Names that would have been right, with `UNKNOWN_SERVICE`. */
  declare readonly services?: readonly string[];
  /** How many instances the registry lists, with `NO_ENDPOINTS`. */
  declare readonly instances?: InstanceCounts;
  /** Address of the request, without user name, password or token. */
  declare readonly url?: string;
  /** HTTP status of the response. */
  declare readonly status?: number;
  /** Which limit of the registry refused the read: its rate, or its number of connections. */
  declare readonly limit?: "rate" | "connections";
  /** Milliseconds after which the other side asked for the next attempt. */
  declare readonly retryAfterMs?: number;
  /** File in question, as given. */
  declare readonly path?: string;
  /** Line in that file or text, from 1. */
  declare readonly line?: number;
  /** Column in that line, from 1, in UTF-16 code units. */
  declare readonly column?: number;
  /** Stage of a template that failed. */
  declare readonly stage?: "parse" | "exec";
  /** Every attempt of a balanced request, in order; `isPilotedError()` gives it its type. */
  declare readonly attempts?: readonly object[];
  /** The filter that no endpoint matches, with `NO_ENDPOINTS`. */
  declare readonly filter?: EndpointFilter;

  /**
   * Creates an error.
   *
   * @param code Why, out of the closed list.
   * @param message "Cannot X: why, received Y", without a final period, token or password.
   * @param options Facts as fields, and the cause.
   */
  constructor(code: PilotedErrorCode, message: string, options: PilotedErrorOptions = {}) {
    const { cause, ...facts } = options;
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    // Bun gives every error a line and a column of its own: those of the source code.
    Reflect.deleteProperty(this, "line");
    Reflect.deleteProperty(this, "column");
    // Only facts that are known become fields, so that printing an error shows no "undefined".
    for (const [key, value] of Object.entries(facts)) {
      if (value !== undefined) Object.defineProperty(this, key, { value, enumerable: true });
    }
  }

  /**
   * What `JSON.stringify()` shows: name, code, message and the facts, and the message of the cause.
   *
   * @returns A plain object.
   */
  toJSON(): Record<string, unknown> {
    const { name, code, message, cause } = this;
    const facts = Object.fromEntries(
      Object.entries(this).filter(([key]) => !["name", "code", "cause"].includes(key)),
    );
    const why = cause instanceof Error ? cause.message : undefined;
    return { name, code, message, ...facts, ...(why !== undefined && { cause: why }) };
  }
}
