/**
 * Faults that can be injected into an embedded Consul.
 *
 * @module
 */

/**
 * Intercepts a request to the embedded Consul: returns a response, or calls `next()` and changes the
 * result.
 *
 * @param request The request.
 * @param next Passes the request on.
 * @param signal Aborts when the client has gone or the Consul closes.
 * @returns The response.
 */
export type Fault = (
  request: Request,
  next: () => Promise<Response>,
  signal: AbortSignal,
) => Response | Promise<Response>;

/** Which requests a fault applies to. All given conditions must match. */
export interface FaultMatch {
  /** Decoded path: the whole path, or a pattern. */
  readonly path?: string | RegExp | undefined;
  /** HTTP method. */
  readonly method?: string | undefined;
  /** Name of the service in `/v1/health/service/:name` or `/v1/catalog/service/:name`. */
  readonly service?: string | undefined;
  /** Number of requests it applies to. @default {all, until it is removed} */
  readonly times?: number | undefined;
}

/**
 * Returns whether a fault applies to a request.
 *
 * @param match Conditions of the fault.
 * @param method HTTP method of the request.
 * @param path Decoded path of the request.
 * @returns `true` if all conditions match.
 */
export function matches(match: FaultMatch, method: string, path: string): boolean {
  const { path: wanted, service } = match;
  return (match.method === undefined || match.method === method) &&
    (wanted === undefined || (typeof wanted === "string" ? wanted === path : wanted.test(path))) &&
    (service === undefined || path === `/v1/health/service/${service}` ||
      path === `/v1/catalog/service/${service}`);
}
