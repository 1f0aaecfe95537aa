/**
 * The lookup service as Hono routes.
 *
 * @module
 */
import { type Context, Hono } from "hono";
import { type Clock, systemClock } from "../clock.ts";
import { EventLog } from "./events/event_log.ts";
import { EventStreams } from "./events/event_streams.ts";
import type { FetchMetrics } from "./metrics/fetch_metrics.ts";
import { liveness, readiness } from "./routes/health.ts";
import { jsonResponse, serviceFacts, serviceSummary } from "./routes/json_body.ts";
import { LookupRoutes } from "./routes/lookup_routes.ts";
import type { LookupClient } from "./lookup_client.ts";
import { OPERATIONS } from "./routes/operations.ts";
import { problem } from "./routes/problem.ts";
import { ListIndexes } from "./routes/list_index.ts";
import { addNotFound, addOperation, type Answerer } from "./routes/add_operation.ts";
import { RequestHistogram } from "./metrics/request_histogram.ts";
import { addFastEndpoint } from "./routes/fast_endpoint.ts";
import { PickCounter } from "./metrics/pick_counter.ts";
import { EventCounters } from "./metrics/event_counters.ts";

/** Options of {@linkcode routes}. */
export interface RoutesOptions {
  /**
   * Says that the server stops: readiness turns off, event streams are told and end, long polls
   * are answered.
   */
  signal?: AbortSignal;
  /** Milliseconds between two signs of life in an event stream. @default {15_000} */
  heartbeatMs?: number;
  /** LabelledCounter of a balanced fetch in this process, for `/metrics`. @default {undefined} */
  fetchMetrics?: FetchMetrics;
  /** Time of waits and events. @default {the system's} */
  clock?: Clock;
}

/**
 * Makes the lookup service as a Hono app, to be served as it is or mounted in another one.
 *
 * | route | answer |
 * |---|---|
 * | `GET /v1/services` | every watched service, how many endpoints it has and how fresh they are |
 * | `GET /v1/services/:name` | all endpoints of a service and their freshness; `?index=` waits for a change |
 * | `GET /v1/services/:name/endpoint` | the next endpoint of a service, in rotation |
 * | `GET /v1/services/:name/redirect/*` | 307 to the next endpoint of a service |
 * | `GET /v1/services/:name/events`, `GET /v1/events` | what happens, as server-sent events |
 * | `POST /v1/refresh` | reads every service again |
 * | `GET /v1/status` | what is known of all services, and why not more |
 * | `GET /health/live` | 200 while the process lives |
 * | `GET /health/ready` | 200 once every watched service was answered, 503 before |
 * | `GET /metrics` | metrics in Prometheus' text format |
 * | `GET /openapi.json` | OpenAPI 3.1 of all this |
 *
 * Only watched services can be looked up. Every error is an RFC 9457 problem with the `code` of the
 * `PilotedError` behind it.
 *
 * @param piloted The client that answers. It is not closed by the app.
 * @param options How.
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
export function routes(piloted: LookupClient, options: RoutesOptions = {}): Hono {
  const app = new Hono();
  const { shortcut } = addRoutes(app, piloted, options);
  addNotFound(app);
  addFastEndpoint(app, piloted.services, shortcut);
  return app;
}

/** What the routes learn, for the pages. */
export interface RouteState {
  /** What happens. */
  readonly log: EventLog;
  /** Endpoints that were handed out. */
  readonly served: PickCounter;
  /** Answers the plain lookup of a service, where nothing must be waited for. */
  readonly shortcut: (service: string) => Response | undefined;
}

/**
 * Adds the routes to an app.
 *
 * @param app The app.
 * @param piloted The client that answers.
 * @param options How.
 * @returns What the routes learn.
 */
export function addRoutes(app: Hono, piloted: LookupClient, options: RoutesOptions): RouteState {
  const { signal, heartbeatMs = 15_000, clock = systemClock, fetchMetrics } = options;
  const log = new EventLog(piloted, () => clock.now());
  const streams = new EventStreams(log, clock, heartbeatMs, signal);
  const revisions = new ListIndexes(piloted, clock, signal);
  const served = new PickCounter();
  const answers = new LookupRoutes(piloted, revisions, served);
  const requests = new RequestHistogram();
  const tally = new EventCounters(piloted);
  const add = (name: keyof typeof OPERATIONS, answer: Answerer) =>
    addOperation(app, OPERATIONS[name], answer, requests.counter(name));

  add("services", (c) => answers.services(c));
  add("service", (c) => answers.service(c));
  add("endpoint", (c) => answers.endpoint(c));
  add("redirect", (c) => answers.redirect(c));
  add("serviceEvents", (c) => {
    const service = c.req.param("name")!;
    const snapshot = () => ({
      ...serviceFacts(piloted.status(service)),
      index: revisions.index(service),
      endpoints: piloted.serviceHosts(service),
    });
    piloted.status(service);
    return openStream(c, snapshot, service);
  });
  add("events", (c) => {
    return openStream(c, () => ({ services: piloted.status().services.map(serviceSummary) }));
  });
  add("refresh", async (c) => {
    if (isForeign(c)) return problem(403, "Cannot refresh: the page that asks is another origin's");
    await piloted.refresh();
    return jsonResponse(
      JSON.stringify({ services: piloted.status().services.map(serviceSummary) }),
    );
  });
  add("status", async (c) => {
    await answers.loadAll(c);
    const { services, ...status } = piloted.status();
    return jsonResponse(JSON.stringify({ ...status, services: services.map(serviceFacts) }));
  });
  add("live", liveness);
  add("ready", async (c) => {
    // A client that is closed can't load, and readiness says so.
    await answers.loadAll(c).catch(() => {});
    return readiness(piloted, signal);
  });
  add("metrics", async () => {
    const { metricsResponse } = await import("./metrics/prometheus.ts");
    return await metricsResponse({ piloted, tally, fetchMetrics, served, requests, streams });
  });
  add("openapi", openApi);
  const count = requests.counter("endpoint");
  const shortcut = (service: string) => {
    const response = answers.endpointAtOnce(service);
    if (response !== undefined) count(200, 0);
    return response;
  };
  return { log, served, shortcut };

  function openStream(c: Context, snapshot: () => Record<string, unknown>, service?: string) {
    if (piloted.on === undefined) {
      return problem(501, "Cannot tell of events: this instance looks up on demand");
    }
    const lastEventId = c.req.header("last-event-id");
    const headOnly = c.req.raw.method === "HEAD";
    return streams.open({ service, lastEventId, snapshot, headOnly });
  }
}

let document: string | undefined;

// Made when it is first asked for, as is the library that makes it.
async function openApi(): Promise<Response> {
  if (document === undefined) {
    const { openApiDocument } = await import("./routes/openapi.ts");
    document = JSON.stringify(openApiDocument());
  }
  return jsonResponse(document, "public, max-age=300");
}

// A browser says from where a page sends a POST; without that it is no browser's cross-site request.
function isForeign(c: Context): boolean {
  const origin = c.req.header("origin");
  if (origin === undefined) return false;
  try {
    return new URL(origin).host !== c.req.header("host");
  } catch {
    return true;
  }
}
