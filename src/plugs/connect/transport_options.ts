/**
 * Options of the transport.
 *
 * @module
 */
import type { Http2SessionManager, Http2SessionOptions } from "@connectrpc/connect-node";
import { checkOptions, type OptionRule } from "../../check_options.ts";
import type { Clock } from "../../clock.ts";
import type { Endpoint } from "../../endpoint.ts";

/** What makes the transport of one endpoint connect to it. */
export interface EndpointTarget {
  /** `http://address:port`, or `https://` where the endpoint's metadata or `scheme` says so. */
  readonly baseUrl: string;
  /** HTTP/2. */
  readonly httpVersion: "2";
  /** Holds the connection to the endpoint. */
  readonly sessionManager: Http2SessionManager;
}

/** Options of `pilotedTransport()`. */
export interface PilotedTransportOptions {
  /** Tags that an endpoint must have, all of them. @default {[]} */
  readonly tags?: readonly string[] | undefined;
  /** Which endpoints are meant, of those with the tags. @default {all} */
  readonly select?: ((endpoint: Endpoint) => boolean) | undefined;
  /** Scheme of endpoints whose metadata names none. @default {"http"} */
  readonly scheme?: "http" | "https" | undefined;
  /** How many endpoints a call may try, at least 1. @default {3} */
  readonly maxAttempts?: number | undefined;
  /** Time to connect to one endpoint, in milliseconds. @default {3_000} */
  readonly connectTimeoutMs?: number | undefined;
  /** How long a call waits while no endpoint is listed, in milliseconds. @default {5_000} */
  readonly waitMs?: number | undefined;
  /**
   * How long calls to an endpoint that is not listed any more may go on, in milliseconds.
   *
   * @default {30_000}
   */
  readonly drainMs?: number | undefined;
  /** Pings and idle connections, as in Connect's own options. @default {Connect's} */
  readonly session?: Http2SessionOptions | undefined;
  /** Options of Node's `http2.connect()`, such as certificates. @default {{}} */
  readonly nodeOptions?: ConstructorParameters<typeof Http2SessionManager>[2] | undefined;
  /** Time. @default {the system's} */
  readonly clock?: Clock | undefined;
}

const AMOUNT: OptionRule = { type: "number", min: 0 };
const RULES: Readonly<Record<keyof PilotedTransportOptions, OptionRule>> = {
  tags: { type: "any" },
  select: { type: "function" },
  scheme: { type: "one-of", values: ["http", "https"] },
  maxAttempts: { type: "number", min: 1 },
  connectTimeoutMs: { type: "number", min: 1 },
  waitMs: AMOUNT,
  drainMs: AMOUNT,
  session: { type: "object" },
  nodeOptions: { type: "object" },
  clock: { type: "object", methods: ["now", "start"] },
};

/**
 * Checks the options. `follow()` checks `tags`.
 *
 * @param options The user's.
 * @throws {TypeError} when an option is unknown or of the wrong type.
 * @throws {RangeError} when a number is out of its range.
 */
export function checkTransportOptions(options: PilotedTransportOptions): void {
  checkOptions("pilotedTransport()", options, RULES);
}
