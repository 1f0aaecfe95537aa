/**
 * The lookups as Hono routes.
 *
 * @module
 */
import { type Handler, Hono } from "hono";
import { liveness, readiness } from "./health.ts";
import type { Endpoint } from "../endpoint.ts";
import { frozenJson, jsonResponse, serviceJson, serviceSummary } from "./json.ts";
import type { Lookups } from "./lookups.ts";
import { methodNotAllowed, problem, problemOf } from "./problem.ts";

/**
 * Makes the lookup service as a Hono app, to be served as it is or mounted in another one.
 *
 * | route | answer |
 * |---|---|
 * | `GET /v1/services` | every watched service, how many endpoints it has and how fresh they are |
 * | `GET /v1/services/:name` | all endpoints of a service and their freshness |
 * | `GET /v1/services/:name/endpoint` | the next endpoint of a service, in rotation |
 * | `GET /health/live` | 200 while the process lives |
 * | `GET /health/ready` | 200 once every watched service was answered, 503 before |
 *
 * Only watched services can be looked up. Every error is an RFC 9457 problem with the `code` of the
 * `PilotedError` behind it.
 *
 * @param piloted The client that answers. It is not closed by the app.
 * @returns The app.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createPiloted } from "@piloted/core";
 * import { routes } from "@piloted/core/hono";
 * import { EmbeddedConsul } from "@piloted/core/testing";
 *
 * await using consul = new EmbeddedConsul();
 * consul.register({ name: "customers", address: "10.0.0.1", port: 8080 });
 * await using piloted = await createPiloted({
 *   config: { consul: "consul:8500", watches: [{ name: "customers", interval: 10 }] },
 *   fetch: consul.fetch,
 * });
 * const app = routes(piloted);
 * const response = await app.request("/v1/services/customers/endpoint");
 * assertEquals((await response.json()).host, "10.0.0.1:8080");
 * ```
 */
export function routes(piloted: Lookups): Hono {
  const app = new Hono();
  readable(app, "/v1/services", () => {
    const services = piloted.status().services.map(serviceSummary);
    return jsonResponse(JSON.stringify({ services }));
  });
  readable(app, "/v1/services/:name", (c) => {
    const name = c.req.param("name")!;
    return jsonResponse(serviceJson(piloted.status(name), piloted.serviceHosts(name)));
  });
  readable(app, "/v1/services/:name/endpoint", (c) => {
    const name = c.req.param("name")!;
    if (!piloted.refreshing) return endpointResponse(piloted.pick(name));
    return piloted.service(name).then(endpointResponse, problemOf);
  });
  readable(app, "/health/live", liveness);
  readable(app, "/health/ready", () => readiness(piloted));
  // Only for an app that is served as it is: one that mounts this has its own answer here.
  app.notFound((c) => {
    const [handlers] = app.router.match("GET", c.req.path);
    if (handlers.length > 0) return methodNotAllowed(READABLE);
    return problem(404, `Cannot find a route: received ${c.req.method} ${c.req.path}`);
  });
  return app;
}

const READABLE = "GET, HEAD, OPTIONS";
const OTHER_METHODS = ["POST", "PUT", "PATCH", "DELETE"];

// One handler per method and path, and no middleware: Hono then answers without composing any.
function readable(app: Hono, path: string, handler: Handler): void {
  app.get(path, (c, next) => {
    try {
      return handler(c, next);
    } catch (error) {
      return problemOf(error);
    }
  });
  app.options(path, () => new Response(null, { status: 204, headers: { allow: READABLE } }));
  app.on(OTHER_METHODS, path, () => methodNotAllowed(READABLE));
}

function endpointResponse(endpoint: Endpoint): Response {
  return jsonResponse(frozenJson(endpoint));
}
