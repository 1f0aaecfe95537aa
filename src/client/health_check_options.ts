/**
 * How ejected endpoints are probed.
 *
 * @module
 */
import { checkOptions } from "../check_options.ts";
import type { Fetch } from "../platform_fetch.ts";

/** How ejected endpoints of a service are probed. */
export interface HealthCheckOptions {
  /**
   * What a probe is: a `GET` that is answered with 2xx, or a TCP connection that is accepted, which says
   * little where a proxy accepts it.
   *
   * @default {"http"}
   */
  type?: "http" | "tcp" | undefined;
  /** Path of the request. @default {"/"} */
  path?: string | undefined;
  /** Time between two probes of an endpoint, in milliseconds, more or less a random tenth. @default {5_000} */
  intervalMs?: number | undefined;
  /** Time for a probe, in milliseconds. @default {1_000} */
  timeoutMs?: number | undefined;
  /** Maximum number of probes of the service at a time. @default {4} */
  concurrency?: number | undefined;
  /** Sends the requests. @default {the runtime's fetch} */
  fetch?: Fetch | undefined;
}

/**
 * Checks the options.
 *
 * @param options The user's.
 * @param caller What takes them, for messages.
 * @throws {TypeError} when an option is unknown or of the wrong type.
 * @throws {RangeError} when a number is out of its range.
 */
export function checkHealthCheck(options: HealthCheckOptions, caller: string): void {
  checkOptions(caller, options, {
    type: { type: "one-of", values: ["http", "tcp"] },
    path: { type: "string" },
    intervalMs: { type: "number", min: 10 },
    timeoutMs: { type: "number", min: 1 },
    concurrency: { type: "number", min: 1 },
    fetch: { type: "function" },
  });
  const { type, path } = options;
  if (path === undefined) return;
  if (type === "tcp") {
    throw new TypeError(`Cannot use option path of ${caller}: with type "tcp" no request is sent`);
  }
  if (path.startsWith("/")) return;
  throw new TypeError(
    `Cannot use option path of ${caller}: it must begin with "/", received ${JSON.stringify(path)}`,
  );
}
