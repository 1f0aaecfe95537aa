/**
 * The lookup routes as a Hono app.
 *
 * @module
 */
import { Hono } from "hono";
import { addHostCheck, HostCheck } from "./host_check.ts";
import type { LookupClient } from "./lookup_client.ts";
import { checkRoutesArguments, type RoutesOptions } from "./options.ts";
import { addNotFound } from "./routes/add_operation.ts";
import { addRoutes } from "./routes/add_routes.ts";
import { addFastEndpoint } from "./routes/fast_endpoint.ts";

/**
 * Creates the lookup routes as a Hono app, to serve as it is or to mount in another app.
 *
 * | route | response |
 * |---|---|
 * | `GET /v1/services` | every watched service with its endpoint count and freshness |
 * | `GET /v1/services/:name` | all endpoints of a service and their freshness; `?index=` waits for a change |
 * | `GET /v1/services/:name/endpoint` | the next endpoint of a service, in rotation |
 * | `GET /v1/services/:name/redirect/*` | 307 to the next endpoint of a service |
 * | `GET /v1/services/:name/events`, `GET /v1/events` | changes as server-sent events |
 * | `POST /v1/refresh` | reads every service again |
 * | `GET /v1/status` | state, watches and balancing of every service |
 * | `GET /health/live` | 200 while the process runs |
 * | `GET /health/ready` | 200 once every watched service has a list, 503 before |
 * | `GET /metrics` | metrics in Prometheus' text format |
 * | `GET /openapi.json` | OpenAPI 3.1 description of these routes |
 *
 * Only watched services can be looked up. Every error is an RFC 9457 problem with the `code` of the
 * `PilotedError` behind it.
 *
 * @param piloted The client to look up with. The app does not close it.
 * @param options Options.
 * @returns The app.
 * @throws {TypeError} when the client is none, or an option is unknown or of the wrong type.
 * @throws {RangeError} when `heartbeatMs` is below 1.
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
export function routes(piloted: LookupClient, options: RoutesOptions = {}): Hono {
  checkRoutesArguments(piloted, options);
  const app = new Hono();
  const { pickAtOnce } = addRoutes(app, piloted, options);
  addNotFound(app);
  const hosts = new HostCheck([]);
  addHostCheck(app, hosts);
  addFastEndpoint(app, piloted.services, pickAtOnce, hosts);
  return app;
}
