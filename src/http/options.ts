/**
 * Options of `routes()` and `service()`.
 *
 * @module
 */
import { checkOptions, CLOCK, type OptionRule, SIGNAL } from "../check_options.ts";
import type { Clock } from "../clock.ts";
import type { AccessLogEntry } from "./access_log.ts";
import { isBearerToken } from "./auth.ts";
import { isValidHost } from "./host_check.ts";
import type { FetchMetrics } from "./metrics/fetch_metrics.ts";
import type { ErrorListener } from "./routes/problem.ts";

/** Options of `routes()`. */
export interface RoutesOptions {
  /**
   * Aborts when the server stops: readiness responds 503, event streams send `closing` and end,
   * and long polls are answered. @default {undefined}
   */
  signal?: AbortSignal | undefined;
  /** Milliseconds between two heartbeat comments in an event stream. @default {15_000} */
  heartbeatMs?: number | undefined;
  /**
   * Names of services that `/health/ready` does not wait for, in any case: those that the application
   * can do without. @default {[]}
   */
  readyWithout?: readonly string[] | undefined;
  /** Counts of a balanced fetch in this process, shown on `/metrics`. @default {undefined} */
  fetchMetrics?: FetchMetrics | undefined;
  /**
   * Called with the error behind every response with status 500, which itself shows no details.
   * An error that it throws is ignored. @default {undefined}
   */
  onError?: ErrorListener | undefined;
  /** Clock for timeouts and timestamps. @default {the system's clock} */
  clock?: Clock | undefined;
}

/** Options of `service()`. */
export interface ServiceOptions extends RoutesOptions {
  /**
   * Bearer token that every request must carry, or a function that returns the one that is valid at
   * the moment; without one, no authentication. @default {undefined}
   */
  token?: string | (() => string) | undefined;
  /** Origins whose pages may read the responses of `/v1/` (CORS). @default {[]} */
  cors?: readonly string[] | undefined;
  /**
   * Names that the header `Host` may have, such as `discovery.internal` (with any port) or
   * `localhost:8080`. A page that DNS rebinding lets read from this address has a name of its own
   * there, and gets 421. @default {[], any name}
   */
  allowedHosts?: readonly string[] | undefined;
  /** Called with one entry per request; also turns on `X-Request-Id`. @default {undefined} */
  accessLog?: ((entry: AccessLogEntry) => void) | undefined;
}

const ROUTES_RULES = {
  signal: SIGNAL,
  heartbeatMs: { type: "number", min: 1 },
  readyWithout: { type: "object" },
  fetchMetrics: { type: "object" },
  onError: { type: "function" },
  clock: CLOCK,
} as const satisfies Record<keyof RoutesOptions, OptionRule>;

const SERVICE_RULES = {
  ...ROUTES_RULES,
  token: { type: "any" },
  cors: { type: "object" },
  allowedHosts: { type: "object" },
  accessLog: { type: "function" },
} as const satisfies Record<keyof ServiceOptions, OptionRule>;

/**
 * Checks the arguments of `routes()`.
 *
 * @param client The client.
 * @param options The options.
 * @throws {TypeError} when the client is none, or an option is unknown or of the wrong type.
 * @throws {RangeError} when a number is out of its range.
 */
export function checkRoutesArguments(client: unknown, options: unknown): void {
  checkClient("routes()", client);
  checkOptions("routes()", options, ROUTES_RULES);
  checkReadyWithout("routes()", options as RoutesOptions);
}

/**
 * Checks the arguments of `service()`.
 *
 * @param client The client.
 * @param options The options.
 * @throws {TypeError} when the client is none, an option is unknown or of the wrong type, or the
 * token cannot be sent as a bearer token.
 * @throws {RangeError} when a number is out of its range.
 */
export function checkServiceArguments(client: unknown, options: ServiceOptions): void {
  checkClient("service()", client);
  checkOptions("service()", options, SERVICE_RULES);
  checkReadyWithout("service()", options);
  const { token, cors, allowedHosts } = options;
  if (token !== undefined && typeof token !== "function") checkToken(token);
  if (cors !== undefined && !isListOfStrings(cors)) {
    throw new TypeError(
      'Cannot use option cors of service(): it must be a list of origins such as ["https://example.com"]',
    );
  }
  if (allowedHosts !== undefined) checkHosts(allowedHosts);
}

/**
 * Checks a token. Without this check a function that has no token yet would leave the door open.
 *
 * @param token The value of the option `token` of `service()`, or what it returns.
 * @returns The token.
 * @throws {TypeError} when it cannot be sent as a bearer token. The message does not contain it.
 */
export function checkToken(token: unknown): string {
  if (typeof token === "string" && isBearerToken(token)) return token;
  throw new TypeError(
    "Cannot use option token of service(): " +
      "it must be one or more letters, digits and ._~+/- with = only at the end",
  );
}

function checkHosts(hosts: unknown): void {
  if (isListOfStrings(hosts) && hosts.every(isValidHost)) return;
  throw new TypeError(
    "Cannot use option allowedHosts of service(): it must be a list of names such as " +
      `["discovery.internal", "localhost:8080"], received ${JSON.stringify(hosts)}`,
  );
}

function checkClient(caller: string, client: unknown): void {
  if (client instanceof Promise) {
    throw new TypeError(
      `Cannot use the client of ${caller}: it is a Promise, write await createPiloted()`,
    );
  }
  if (typeof (client as { pick?: unknown } | undefined)?.pick === "function") return;
  throw new TypeError(
    `Cannot use the client of ${caller}: it must be what createPiloted() returns`,
  );
}

function checkReadyWithout(caller: string, { readyWithout }: RoutesOptions = {}): void {
  const isRight = readyWithout === undefined ||
    isListOfStrings(readyWithout) && !readyWithout.includes("");
  if (isRight) return;
  throw new TypeError(
    `Cannot use option readyWithout of ${caller}: it must be a list of service names such as ` +
      `["reports"], received ${JSON.stringify(readyWithout)}`,
  );
}

function isListOfStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === "string");
}
