/**
 * Metrics in Prometheus' text format.
 *
 * @module
 */
import { Counter, Gauge, Histogram, type MetricValueWithName, Registry } from "prom-client";
import type { EventStreams } from "./event_streams.ts";
import type { FetchTally } from "./fetch_tally.ts";
import type { Lookups } from "./lookups.ts";
import { DURATION_BUCKETS, type RequestLog } from "./request_log.ts";
import type { Served } from "./served.ts";
import type { Counts, Tally } from "./tally.ts";

/** Where the figures come from. */
export interface MetricSources {
  /** The client. */
  readonly piloted: Lookups;
  /** What the client told. */
  readonly tally: Tally;
  /** What a balanced fetch did, where there is one. */
  readonly fetchTally: FetchTally | undefined;
  /** Endpoints that were handed out. */
  readonly served: Served;
  /** Requests that were answered. */
  readonly requests: RequestLog;
  /** Event streams. */
  readonly streams: EventStreams;
}

/**
 * Writes all metrics as they are now.
 *
 * @param sources Where the figures come from.
 * @returns A 200 that no cache keeps.
 */
export async function metricsResponse(sources: MetricSources): Promise<Response> {
  // Everything is counted elsewhere, cheaply; the library is only what writes it down.
  const registry = new Registry();
  addServices(registry, sources);
  addCounters(registry, sources);
  new Durations(sources.requests, registry);
  return new Response(await registry.metrics(), {
    headers: { "content-type": registry.contentType, "cache-control": "no-store" },
  });
}

function addServices(registry: Registry, { piloted, streams }: MetricSources): void {
  const gauge = (name: string, help: string, ...labelNames: string[]) =>
    new Gauge({ name, help, labelNames, registers: [registry] });
  const instances = gauge(
    "piloted_instances",
    "Instances that the registry lists, by status",
    "service",
    "status",
  );
  const endpoints = gauge(
    "piloted_endpoints",
    "Endpoints that may be handed out",
    "service",
  );
  const age = gauge(
    "piloted_list_age_seconds",
    "Time since the registry last confirmed the list; absent until it has",
    "service",
  );
  const state = gauge(
    "piloted_service_state",
    "1 for the state that the list of the service is in",
    "service",
    "state",
  );
  const ejected = gauge("piloted_ejected_endpoints", "Endpoints left out for failures", "service");
  const pending = gauge("piloted_pending_requests", "Balanced requests under way", "service");
  for (const status of piloted.status().services) {
    const { service, balance } = status;
    for (const watch of status.watches) {
      for (const [name, count] of Object.entries(watch.instanceCounts)) {
        instances.inc({ service, status: name }, count);
      }
    }
    endpoints.set({ service }, status.endpointCount);
    if (status.ageMs !== undefined) age.set({ service }, status.ageMs / 1_000);
    state.set({ service, state: status.state }, 1);
    ejected.set({ service }, balance.ejectedCount);
    pending.set({ service }, balance.pendingCount);
  }
  gauge("piloted_event_streams", "Event streams that are open").set(streams.size);
}

function addCounters(registry: Registry, { tally, fetchTally, served }: MetricSources): void {
  const counter = (name: string, help: string, ...labelNames: string[]) =>
    new Counter({ name, help, labelNames, registers: [registry] });
  const fill = <L extends string>(name: string, help: string, labels: L[], counts: Counts<L>) => {
    const metric = counter(name, help, ...labels);
    for (const { labels, count } of counts.entries) metric.inc(labels, count);
  };
  fill("piloted_errors_total", "Failures that were dealt with", ["service", "code"], tally.errors);
  fill("piloted_changes_total", "Changes of a list", ["service"], tally.changes);
  fill("piloted_refreshes_total", "Refreshes that were asked for", ["outcome"], tally.refreshes);
  fill("piloted_ejections_total", "Ejections", ["service", "reason"], tally.ejections);
  if (fetchTally !== undefined) {
    const { requests, attempts } = fetchTally;
    const labels: ("service" | "outcome")[] = ["service", "outcome"];
    fill("piloted_fetch_requests_total", "Balanced requests", labels, requests);
    fill("piloted_fetch_attempts_total", "Attempts of balanced requests", labels, attempts);
    const budget = new Gauge({
      name: "piloted_fetch_retry_budget",
      help: "Retries that a service might still get after its last request",
      labelNames: ["service"],
      registers: [registry],
    });
    for (const [service, left] of fetchTally.retryBudgets) budget.set({ service }, left);
  }
  const picks = counter("piloted_picks_total", "Endpoints handed out over HTTP", "service");
  for (const [service, { count }] of served.totals) picks.inc({ service }, count);
}

const DURATION = {
  name: "piloted_http_request_duration_seconds",
  help: "Requests by how long their answer took to begin; what waits for nothing counts as 0",
};

/** A histogram of what was counted before: the library's own can only be filled one by one. */
class Durations extends Histogram {
  readonly #requests: RequestLog;

  constructor(requests: RequestLog, registry: Registry) {
    super({ ...DURATION, registers: [registry] });
    this.#requests = requests;
  }

  /** What the library writes down. */
  getForPromString():
    & { type: "histogram"; values: MetricValueWithName<string>[] }
    & typeof DURATION {
    const values: MetricValueWithName<string>[] = [];
    const { name } = DURATION;
    for (const { operation, status, count, seconds, buckets } of this.#requests.counts) {
      const labels = { operation, status };
      let sum = 0;
      DURATION_BUCKETS.forEach((le, index) => {
        sum += buckets[index]!;
        values.push({ metricName: `${name}_bucket`, value: sum, labels: { ...labels, le } });
      });
      values.push(
        { metricName: `${name}_bucket`, value: count, labels: { ...labels, le: "+Inf" } },
        { metricName: `${name}_sum`, value: seconds, labels },
        { metricName: `${name}_count`, value: count, labels },
      );
    }
    return { ...DURATION, type: "histogram", values };
  }
}
