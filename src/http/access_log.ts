/**
 * One log entry per request.
 *
 * @module
 */
import type { MiddlewareHandler } from "hono";
import type { RequestIdVariables } from "hono/request-id";

/** One request. Query, headers and body are left out: they may contain secrets. */
export interface AccessLogEntry {
  /** When the request arrived, in ISO 8601. */
  readonly time: string;
  /** Value of the header `X-Request-Id`, or a new one. */
  readonly id: string;
  /** HTTP method. */
  readonly method: string;
  /** Path of the request. */
  readonly path: string;
  /** HTTP status of the response. */
  readonly status: number;
  /** Milliseconds until the response started. */
  readonly durationMs: number;
}

/**
 * Calls a function with an entry for each request. Must follow the middleware `requestId()`.
 *
 * @param write Receives the entry.
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
    // requestId() sets the header only on responses that the context created.
    c.header("x-request-id", id);
    write({
      time,
      id,
      method: c.req.method,
      path: new URL(c.req.url).pathname,
      status: c.res.status,
      durationMs: Math.round((performance.now() - startedAt) * 1_000) / 1_000,
    });
  };
}
