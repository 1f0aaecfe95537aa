/**
 * Registers all lookup routes on an app.
 *
 * @module
 */
import type { Context, Hono } from "hono";
import { systemClock } from "../../clock.ts";
import { EventLog } from "../events/event_log.ts";
import { EventStreams } from "../events/event_streams.ts";
import { TierStreams } from "../events/tier_streams.ts";
import { HttpRefresh } from "../http_refresh.ts";
import { loadOpenApi, loadPrometheus } from "../lazy_modules.ts";
import type { LookupClient } from "../lookup_client.ts";
import { EventCounters } from "../metrics/event_counters.ts";
import { PickCounter } from "../metrics/pick_counter.ts";
import { RequestHistogram } from "../metrics/request_histogram.ts";
import type { RoutesOptions } from "../options.ts";
import { isCrossOrigin } from "../same_origin.ts";
import { PendingBytes } from "../pending_bytes.ts";
import { addOperation, type Handler } from "./add_operation.ts";
import { liveness, readiness } from "./health.ts";
import {
  type JsonParts,
  jsonResponse,
  registrationFacts,
  serviceFacts,
  serviceJson,
  serviceSummary,
} from "./json_body.ts";
import { ListIndexes } from "./list_index.ts";
import { LookupRoutes } from "./lookup_routes.ts";
import { OPERATIONS } from "./operations.ts";
import { problem } from "./problem.ts";
import { serviceName } from "./service_name.ts";

/** State of the routes that the pages and the fast path use as well. */
export interface RouteState {
  /** The last events of the client. */
  readonly events: EventLog;
  /** Counts the endpoints of responses. */
  readonly picks: PickCounter;
  /** Responds with the next endpoint of a service; `undefined` where a lookup has to wait. */
  readonly pickAtOnce: (service: string) => Response | undefined;
}

/**
 * Registers the routes.
 *
 * @param app The app.
 * @param piloted The client to look up with.
 * @param options Options.
 * @returns State of the routes.
 */
export function addRoutes(app: Hono, piloted: LookupClient, options: RoutesOptions): RouteState {
  const { signal, heartbeatMs = 15_000, clock = systemClock, fetchMetrics, onError } = options;
  const { readyWithout } = options;
  const events = new EventLog(piloted, () => clock.now());
  const pending = new PendingBytes();
  const streams = new EventStreams({ log: events, clock, heartbeatMs, stop: signal, pending });
  const tier = new TierStreams(piloted, events, clock, heartbeatMs, signal);
  const indexes = new ListIndexes(piloted, clock, signal);
  const refreshes = new HttpRefresh(piloted, clock, signal);
  const picks = new PickCounter();
  const lookups = new LookupRoutes(piloted, indexes, picks, pending);
  const requests = new RequestHistogram();
  const counters = new EventCounters(piloted);
  const add = (name: keyof typeof OPERATIONS, handle: Handler) =>
    addOperation(app, OPERATIONS[name], handle, { count: requests.counter(name), onError });

  add("services", (c) => lookups.services(c));
  add("service", (c) => lookups.service(c));
  add("endpoint", (c) => lookups.endpoint(c));
  add("redirect", (c) => lookups.redirect(c));
  add("serviceEvents", (c) => {
    // Throws for an unknown name before the stream starts. The name may be asked for in another case.
    const service = serviceName(piloted, c.req.param("name")!);
    const snapshot = () =>
      serviceJson(piloted.status(service), indexes.of(service), piloted.serviceHosts(service));
    return openStream(c, snapshot, service);
  });
  add("events", (c) => {
    const services = c.req.queries("service") ?? [];
    const isTier = services.length > 0 && piloted.mode === "live" && c.req.raw.method !== "HEAD";
    if (!isTier) return openStream(c, () => [JSON.stringify(summaries())]);
    return tier.open({ services, lastEventId: c.req.header("last-event-id") });
  });
  add("refresh", async (c) => {
    if (isCrossOrigin((name) => c.req.header(name))) {
      return problem(403, "Cannot refresh: the request comes from a page of another origin");
    }
    await refreshes.request();
    return jsonResponse(pending.body([JSON.stringify(summaries())]));
  });
  add("status", async (c) => {
    await lookups.loadLists(c);
    const { services, registrations, ...status } = piloted.status();
    const body = JSON.stringify({
      ...status,
      services: services.map(serviceFacts),
      registrations: registrations.map(registrationFacts),
    });
    return jsonResponse(pending.body([body]));
  });
  add("live", liveness);
  add("ready", async (c) => {
    // A closed client cannot load; readiness then says that it is closed.
    await lookups.loadLists(c).catch(() => {});
    return readiness(piloted, signal, readyWithout);
  });
  add("metrics", async () => {
    const { metricsResponse } = await loadPrometheus();
    return await metricsResponse({ piloted, counters, fetchMetrics, picks, requests, streams });
  });
  add("openapi", openApi);
  const count = requests.counter("endpoint");
  const pickAtOnce = (service: string) => {
    const response = lookups.pickAtOnce(service);
    if (response !== undefined) count(200, 0);
    return response;
  };
  return { events, picks, pickAtOnce };

  function summaries(): Record<string, unknown> {
    return { services: piloted.status().services.map(serviceSummary) };
  }

  function openStream(c: Context, snapshot: () => JsonParts, service?: string) {
    if (piloted.mode !== "live") {
      return problem(
        501,
        'Cannot stream events: this service runs in mode "on-demand", which does not follow the registry',
      );
    }
    const lastEventId = c.req.header("last-event-id");
    const headOnly = c.req.raw.method === "HEAD";
    return streams.open({ service, lastEventId, snapshot, headOnly });
  }
}

let document: string | undefined;

async function openApi(): Promise<Response> {
  if (document === undefined) {
    const { openApiDocument } = await loadOpenApi();
    document = JSON.stringify(openApiDocument());
  }
  return jsonResponse(document, "public, max-age=300");
}
