/**
 * Registers an operation on its path, with `HEAD`, `OPTIONS` and 405 for other methods.
 *
 * @module
 */
import type { Context, Hono } from "hono";
import type { RequestCounter } from "../metrics/request_histogram.ts";
import type { Operation } from "./operations.ts";
import { type ErrorListener, errorResponse, methodNotAllowed, problem } from "./problem.ts";

/** Handles a request; what it throws becomes a problem response. */
export type Handler = (c: Context) => Response | Promise<Response>;

/** Callbacks of {@linkcode addOperation}. */
export interface OperationHooks {
  /** Called with the status and duration of each response. */
  readonly count: RequestCounter;
  /** Called with the error behind a 500. */
  readonly onError: ErrorListener | undefined;
}

const OTHER_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/**
 * Registers one operation: its method (`GET` includes `HEAD`), `OPTIONS`, and 405 for the others.
 *
 * There is one handler per method and no middleware, so Hono calls it directly, also when the app
 * is mounted in another one.
 *
 * @param app The app.
 * @param operation The operation.
 * @param handle Handles the request.
 * @param hooks Callbacks.
 */
export function addOperation(
  app: Hono,
  operation: Operation,
  handle: Handler,
  { count, onError }: OperationHooks,
): void {
  const { method, path } = operation;
  const allow = allowedMethods(method);
  app.on(method, [path], (c: Context): Response | Promise<Response> => {
    let response: Response | Promise<Response>;
    try {
      response = handle(c);
    } catch (error) {
      response = errorResponse(error, c.req.raw, onError);
    }
    if (response instanceof Promise) return handleAsync(c, response);
    // A synchronous handler takes microseconds; reading a clock twice would double that.
    count(response.status, 0);
    return response;
  });
  app.on("OPTIONS", path, () => optionsResponse(allow));
  const others = OTHER_METHODS.filter((other) => other !== method);
  app.on(others, path, () => methodNotAllowed(allow));

  async function handleAsync(c: Context, pending: Promise<Response>): Promise<Response> {
    const startedAt = performance.now();
    const response = await pending.catch((error) => errorResponse(error, c.req.raw, onError));
    count(response.status, performance.now() - startedAt);
    return response;
  }
}

/**
 * Responds to requests that no route matches: an unusual method, or an unknown path. Only for an
 * app that is served as it is; an app that mounts another one has its own handler for that.
 *
 * @param app The app.
 */
export function addNotFound(app: Hono): void {
  app.notFound((c) => {
    const { path, method } = c.req;
    for (const known of ["GET", "POST"] as const) {
      const [handlers] = app.router.match(known, path);
      // Middleware matches every path; its route has no method.
      if (!handlers.some(([[, route]]) => route.method === known)) continue;
      const allow = allowedMethods(known);
      return method === "OPTIONS" ? optionsResponse(allow) : methodNotAllowed(allow);
    }
    return problem(404, `Cannot find a route: received ${method} ${path}`);
  });
}

function optionsResponse(allow: string): Response {
  return new Response(null, { status: 204, headers: { allow } });
}

function allowedMethods(method: Operation["method"]): string {
  return method === "GET" ? "GET, HEAD, OPTIONS" : `${method}, OPTIONS`;
}
