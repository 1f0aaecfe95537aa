/**
 * What the balanced fetch needs of a client.
 *
 * @module
 */
import type { PickOptions } from "../balance/balancer.ts";
import type { Lease } from "../balance/lease.ts";

/** Gives endpoints to the balanced fetch: a `Piloted`, or an object that behaves like one. */
export interface FetchSource {
  /** Aborts when the client is closed, which ends the wait before a retry. */
  readonly closeSignal?: AbortSignal | undefined;
  /** With `"on-demand"` each call loads the list first. @default {"live"} */
  readonly mode?: "live" | "on-demand" | undefined;
  /**
   * Makes sure that the list of a service is fresh enough.
   *
   * @param name Name of a watched service.
   * @returns Resolves when the list may be used; `undefined` when it may be used at once.
   */
  load?(name: string): Promise<void> | undefined;
  /**
   * Whether a service is watched.
   *
   * @param name Any host name.
   */
  has(name: string): boolean;
  /**
   * The name of the service that a host means, whatever its case, also of one that is no longer
   * watched: `acquire()` then throws why. @default {`has()` of the host and of it in lower case}
   *
   * @param host Host of a URL, without port.
   * @returns The name for the other methods; `undefined` when the host is no service's.
   */
  serviceNamed?(host: string): string | undefined;
  /**
   * An endpoint for the duration of one request.
   *
   * @param name Name of a watched service.
   * @param options Options of this pick.
   * @throws {PilotedError} `NO_ENDPOINTS` when there is none, or all are excluded.
   */
  acquire(name: string, options?: PickOptions): Lease;
  /**
   * Waits until a service has an endpoint.
   *
   * @param name Name of a watched service.
   * @param options Maximum wait, and what ends it early.
   * @returns Whether there is one; `false` when the time is up.
   * @throws The signal's own reason when it aborts.
   */
  waitForEndpoints(
    name: string,
    options?: {
      readonly timeoutMs?: number | undefined;
      readonly signal?: AbortSignal | undefined;
    },
  ): Promise<boolean>;
}

const METHODS = ["has", "acquire", "waitForEndpoints"];

/**
 * Checks what was passed as the first argument of `createFetch()`.
 *
 * @param source The argument.
 * @throws {TypeError} when it is a promise, or has not the methods of a {@linkcode FetchSource}.
 */
export function checkFetchSource(source: unknown): asserts source is FetchSource {
  const given = typeof source === "object" && source !== null
    ? source as Record<string, unknown>
    : {};
  if (typeof given.then === "function") {
    throw new TypeError(
      "Cannot create a fetch: the source must be a client, received a promise: " +
        "await createPiloted() first",
    );
  }
  const missing = METHODS.filter((name) => typeof given[name] !== "function");
  if (missing.length === 0) return;
  throw new TypeError(
    `Cannot create a fetch: the source must be a client made by createPiloted(), received ` +
      (source === null
        ? "null"
        : typeof source === "object"
        ? `an object without ${missing.map((name) => `${name}()`).join(", ")}`
        : `a value of type ${typeof source}`),
  );
}
