/**
 * Putting an operation on a path, with everything that HTTP wants of that path.
 *
 * @module
 */
import type { Context, Hono } from "hono";
import type { Operation } from "./operations.ts";
import { methodNotAllowed, problem, problemOf } from "./problem.ts";
import type { RequestCounter } from "../metrics/request_histogram.ts";

/** Answers a request; what it throws becomes a problem. */
export type Answerer = (c: Context) => Response | Promise<Response>;

const OTHER_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/**
 * Adds one operation: its method (`HEAD` comes with `GET`), `OPTIONS`, and a 405 for the others.
 *
 * One handler for each method and no middleware: Hono then calls it without composing anything,
 * also when the app is mounted in another one.
 *
 * @param app The app.
 * @param operation The operation.
 * @param answer Answers it.
 * @param count Told of each answer.
 */
export function addOperation(
  app: Hono,
  operation: Operation,
  answer: Answerer,
  count: RequestCounter,
): void {
  const { method, path } = operation;
  const allow = allowed(method);
  app.on(method, [path], (c: Context): Response | Promise<Response> => {
    let response: Response | Promise<Response>;
    try {
      response = answer(c);
    } catch (error) {
      response = problemOf(error);
    }
    if (response instanceof Promise) return measure(response, count);
    // What waits for nothing takes some microseconds, of which reading a clock would be the most.
    count(response.status, 0);
    return response;
  });
  app.on("OPTIONS", path, () => allowedResponse(allow));
  const others = OTHER_METHODS.filter((other) => other !== method);
  app.on(others, path, () => methodNotAllowed(allow));
}

async function measure(
  pending: Promise<Response>,
  count: RequestCounter,
): Promise<Response> {
  const startedAt = performance.now();
  const response = await pending.catch(problemOf);
  count(response.status, performance.now() - startedAt);
  return response;
}

/**
 * Answers what no operation answers: a method that nobody knows, or a path that is not there. Only
 * for an app that is served as it is; one that mounts another has its own answer here.
 *
 * @param app The app.
 */
export function addNotFound(app: Hono): void {
  app.notFound((c) => {
    const { path, method } = c.req;
    for (const known of ["GET", "POST"] as const) {
      const [handlers] = app.router.match(known, path);
      // Middleware is on every path, for every method.
      if (!handlers.some(([[, route]]) => route.method === known)) continue;
      const allow = allowed(known);
      return method === "OPTIONS" ? allowedResponse(allow) : methodNotAllowed(allow);
    }
    return problem(404, `Cannot find a route: received ${method} ${path}`);
  });
}

function allowedResponse(allow: string): Response {
  return new Response(null, { status: 204, headers: { allow } });
}

function allowed(method: Operation["method"]): string {
  return method === "GET" ? "GET, HEAD, OPTIONS" : `${method}, OPTIONS`;
}
