/**
 * Metrics in Prometheus' text format.
 *
 * @module
 */
import { Counter, Gauge, Histogram, type MetricValueWithName, Registry } from "prom-client";
import type { EventStreams } from "../events/event_streams.ts";
import type { LookupClient } from "../lookup_client.ts";
import type { EventCounters } from "./event_counters.ts";
import type { FetchMetrics } from "./fetch_metrics.ts";
import type { LabelledCounter } from "./labelled_counter.ts";
import type { PickCounter } from "./pick_counter.ts";
import { addRegistrations } from "./registration_metrics.ts";
import { DURATION_BUCKETS, type RequestHistogram } from "./request_histogram.ts";

/** Where the values come from. */
export interface MetricSources {
  /** The client. */
  readonly piloted: LookupClient;
  /** Events of the client. */
  readonly counters: EventCounters;
  /** Requests of a balanced fetch, where there is one. */
  readonly fetchMetrics: FetchMetrics | undefined;
  /** Endpoints picked over HTTP. */
  readonly picks: PickCounter;
  /** HTTP requests. */
  readonly requests: RequestHistogram;
  /** Open event streams. */
  readonly streams: EventStreams;
}

/**
 * Responds with the current value of every metric.
 *
 * @param sources Where the values come from.
 * @returns A 200 that must not be cached.
 */
export async function metricsResponse(sources: MetricSources): Promise<Response> {
  // The values are counted elsewhere, cheaply; the library only formats them.
  const registry = new Registry();
  addServices(registry, sources);
  addRegistrations(registry, sources.piloted.status().registrations);
  addCounters(registry, sources);
  new DurationHistogram(sources.requests, registry);
  return new Response(await registry.metrics(), {
    headers: { "content-type": registry.contentType, "cache-control": "no-store" },
  });
}

function addServices(registry: Registry, { piloted, streams }: MetricSources): void {
  const gauge = (name: string, help: string, ...labelNames: string[]) =>
    new Gauge({ name, help, labelNames, registers: [registry] });
  const instances = gauge(
    "piloted_instances",
    "Instances in the registry by status; skipped are those that are unusable",
    "service",
    "status",
  );
  const endpoints = gauge("piloted_endpoints", "Endpoints that can be picked", "service");
  const age = gauge(
    "piloted_list_age_seconds",
    "Seconds since the registry last confirmed the list; absent before the first time",
    "service",
  );
  const state = gauge(
    "piloted_service_state",
    "1 for the current state of the service's list",
    "service",
    "state",
  );
  const overridden = gauge(
    "piloted_service_overridden",
    "1 where the configuration overrides what the registry lists",
    "service",
  );
  const ejected = gauge("piloted_ejected_endpoints", "Endpoints that are ejected", "service");
  const pending = gauge("piloted_pending_requests", "Balanced requests in flight", "service");
  for (const status of piloted.status().services) {
    const { service, balance } = status;
    overridden.set({ service }, Number(status.watches.some(({ override }) => override)));
    for (const watch of status.watches) {
      // Without the total, so that a sum over the label is right.
      const { listed: _listed, ...byStatus } = watch.instanceCounts;
      for (const [name, count] of Object.entries(byStatus)) {
        instances.inc({ service, status: name }, count);
      }
    }
    endpoints.set({ service }, status.endpointCount);
    if (status.ageMs !== undefined) age.set({ service }, status.ageMs / 1_000);
    state.set({ service, state: status.state }, 1);
    ejected.set({ service }, balance.ejectedCount);
    pending.set({ service }, balance.pendingCount);
  }
  gauge("piloted_event_streams", "Open event streams").set(streams.size);
}

function addCounters(registry: Registry, sources: MetricSources): void {
  const { counters, fetchMetrics, picks } = sources;
  const counter = (name: string, help: string, ...labelNames: string[]) =>
    new Counter({ name, help, labelNames, registers: [registry] });
  const fill = <L extends string>(
    name: string,
    help: string,
    labelNames: L[],
    counts: LabelledCounter<L>,
  ) => {
    const metric = counter(name, help, ...labelNames);
    for (const { labels, count } of counts.entries) metric.inc(labels, count);
  };
  const { errors, changes, refreshes, ejections } = counters;
  fill("piloted_errors_total", "Failures that were handled", ["service", "code"], errors);
  fill("piloted_changes_total", "Changes of a list", ["service"], changes);
  fill("piloted_refreshes_total", "Refreshes by SIGHUP or request", ["outcome"], refreshes);
  fill("piloted_ejections_total", "Ejections of endpoints", ["service", "reason"], ejections);
  if (fetchMetrics !== undefined) {
    const { requests, attempts } = fetchMetrics;
    const labelNames: ("service" | "outcome")[] = ["service", "outcome"];
    fill("piloted_fetch_requests_total", "Balanced requests", labelNames, requests);
    fill("piloted_fetch_attempts_total", "Attempts of balanced requests", labelNames, attempts);
    const budget = new Gauge({
      name: "piloted_fetch_retry_budget",
      help: "Retries that the budget of the service allows after its last request",
      labelNames: ["service"],
      registers: [registry],
    });
    for (const [service, left] of fetchMetrics.retryBudgets) budget.set({ service }, left);
  }
  const metric = counter("piloted_picks_total", "Endpoints picked over HTTP", "service");
  for (const [service, { count }] of picks.totals) metric.inc({ service }, count);
}

const DURATION = {
  name: "piloted_http_request_duration_seconds",
  help: "Time until the response started; 0 for requests that are answered synchronously",
};

/** A histogram with given counts: the library's own can only observe one value at a time. */
class DurationHistogram extends Histogram {
  readonly #requests: RequestHistogram;

  constructor(requests: RequestHistogram, registry: Registry) {
    super({ ...DURATION, registers: [registry] });
    this.#requests = requests;
  }

  /** Called by the library. */
  getForPromString():
    & { type: "histogram"; values: MetricValueWithName<string>[] }
    & typeof DURATION {
    const values: MetricValueWithName<string>[] = [];
    const { name } = DURATION;
    for (const { operation, status, count, seconds, buckets } of this.#requests.series) {
      const labels = { operation, status };
      let sum = 0;
      DURATION_BUCKETS.forEach((le, position) => {
        sum += buckets[position]!;
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
