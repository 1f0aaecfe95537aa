/**
 * One line for each request.
 *
 * @module
 */
import type { MiddlewareHandler } from "hono";
import type { RequestIdVariables } from "hono/request-id";

/** What is written of a request. Never its query, headers or body: they may hold what is secret. */
export interface AccessLogEntry {
  /** When it came, as in ISO 8601. */
  readonly time: string;
  /** Its id: that of the header `X-Request-Id`, or one of our own. */
  readonly id: string;
  /** HTTP method. */
  readonly method: string;
  /** Path, as the client sent it. */
  readonly path: string;
  /** HTTP status of the answer. */
  readonly status: number;
  /** Milliseconds until the answer began. */
  readonly ms: number;
}

/**
 * Tells of each request, after `requestId()` has given it an id.
 *
 * @param write Takes an entry.
 * @returns The middleware.
 */
export function accessLog(
  write: (entry: AccessLogEntry) => void,
): MiddlewareHandler<{ Variables: RequestIdVariables }> {
  return async (c, next) => {
    const time = new Date().toISOString();
    const startedAt = performance.now();
    await next();
    const id = c.get("requestId");
    // requestId() tells it only to answers that are made by its context's own helpers.
    c.header("x-request-id", id);
    write({
      time,
      id,
      method: c.req.method,
      path: new URL(c.req.url).pathname,
      status: c.res.status,
      ms: Math.round((performance.now() - startedAt) * 1_000) / 1_000,
    });
  };
}
