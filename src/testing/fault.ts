/**
 * Faults that an embedded Consul shows on request.
 *
 * @module
 */

/**
 * Stands before the embedded Consul: answers by itself, or passes the request on and changes what
 * comes back.
 *
 * @param request The request.
 * @param next Passes it on.
 * @param signal Aborts when the client is gone or the Consul closes.
 * @returns The answer.
 */
export type Fault = (
  request: Request,
  next: () => Promise<Response>,
  signal: AbortSignal,
) => Response | Promise<Response>;

/** Which requests a fault is for; everything that is given must hold. */
export interface FaultMatch {
  /** Decoded path, whole or as a pattern. */
  readonly path?: string | RegExp;
  /** HTTP method. */
  readonly method?: string;
  /** Name of a service that is asked for under `/v1/health/service/` or `/v1/catalog/service/`. */
  readonly service?: string;
  /** How many requests it is for; all until it is removed, where left out. */
  readonly times?: number;
}

/**
 * Whether a request is one of those that a fault is for.
 *
 * @param match Which ones.
 * @param method HTTP method of the request.
 * @param path Decoded path of the request.
 * @returns `true` when everything holds.
 */
export function matches(match: FaultMatch, method: string, path: string): boolean {
  const { path: wanted, service } = match;
  return (match.method === undefined || match.method === method) &&
    (wanted === undefined || (typeof wanted === "string" ? wanted === path : wanted.test(path))) &&
    (service === undefined || path === `/v1/health/service/${service}` ||
      path === `/v1/catalog/service/${service}`);
}
