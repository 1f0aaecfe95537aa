/**
 * Metrics of the registrations of this process.
 *
 * @module
 */
import { Counter, Gauge, Histogram, type MetricValueWithName, type Registry } from "prom-client";
import type { RegistrationStatus } from "../../registration_status.ts";

/**
 * Adds them, where there are registrations.
 *
 * @param registry Registry of the metrics.
 * @param registrations The registrations.
 */
export function addRegistrations(
  registry: Registry,
  registrations: readonly RegistrationStatus[],
): void {
  if (registrations.length === 0) return;
  const registers = [registry];
  const states = new Gauge({
    name: "piloted_registrations",
    help: "Registrations of this process by state",
    labelNames: ["service", "state"],
    registers,
  });
  const again = new Counter({
    name: "piloted_reregistrations_total",
    help: "Registrations after the first one: the agent had lost the service",
    labelNames: ["service"],
    registers,
  });
  const missed = new Counter({
    name: "piloted_missed_ttls_total",
    help: "TTLs that expired between two heartbeats",
    labelNames: ["service"],
    registers,
  });
  for (const { service, state, reregistrationCount, missedTtlCount } of registrations) {
    states.inc({ service, state }, 1);
    again.inc({ service }, reregistrationCount);
    missed.inc({ service }, missedTtlCount);
  }
  new LatencyMetric(registrations, registry);
}

const LATENCY = {
  name: "piloted_heartbeat_duration_seconds",
  help: "Time until the agent accepted a heartbeat",
};

/** A histogram with given counts: the library's own can only observe one value at a time. */
class LatencyMetric extends Histogram {
  readonly #registrations: readonly RegistrationStatus[];

  constructor(registrations: readonly RegistrationStatus[], registry: Registry) {
    super({ ...LATENCY, registers: [registry] });
    this.#registrations = registrations;
  }

  /** Called by the library. */
  getForPromString():
    & { type: "histogram"; values: MetricValueWithName<string>[] }
    & typeof LATENCY {
    const { name } = LATENCY;
    const values: MetricValueWithName<string>[] = [];
    for (const service of new Set(this.#registrations.map(({ service }) => service))) {
      const all = this.#registrations.filter((each) => each.service === service);
      const latencies = all.map(({ latency }) => latency);
      const count = sum(latencies.map((latency) => latency.count));
      let below = 0;
      latencies[0]!.buckets.forEach(({ maxMs }, place) => {
        below += sum(latencies.map(({ buckets }) => buckets[place]!.count));
        const labels = { service, le: maxMs / 1_000 };
        values.push({ metricName: `${name}_bucket`, value: below, labels });
      });
      const seconds = sum(latencies.map(({ sumMs }) => sumMs)) / 1_000;
      values.push(
        { metricName: `${name}_bucket`, value: count, labels: { service, le: "+Inf" } },
        { metricName: `${name}_sum`, value: seconds, labels: { service } },
        { metricName: `${name}_count`, value: count, labels: { service } },
      );
    }
    return { ...LATENCY, type: "histogram", values };
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
