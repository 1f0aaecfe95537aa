/**
 * Metrics of a supervisor and of its jobs, for Prometheus.
 *
 * @module
 */
import { Counter, Gauge, Histogram, Registry, Summary } from "prom-client";
import type { JobEvent } from "../config/job_config.ts";
import type { MetricConfig } from "../config/telemetry_config.ts";

/** The metrics. */
export class JobMetrics {
  /** Their content type. */
  readonly contentType: string;
  readonly #registry = new Registry();
  readonly #record = new Map<string, (value: number) => void>();
  readonly #events: Counter<"code" | "source">;
  readonly #requests: Counter<"code" | "path">;
  readonly #watches: Gauge<"service">;

  /** @param configs The metrics that jobs and sensors record. */
  constructor(configs: readonly MetricConfig[]) {
    const registers = [this.#registry];
    this.contentType = this.#registry.contentType;
    this.#events = new Counter({
      name: "containerpilot_events",
      help: "count of ContainerPilot events, partitioned by type and source",
      labelNames: ["code", "source"],
      registers,
    });
    this.#requests = new Counter({
      name: "containerpilot_control_http_requests",
      help: "count of requests to control socket, partitioned by path and HTTP code",
      labelNames: ["code", "path"],
      registers,
    });
    this.#watches = new Gauge({
      name: "containerpilot_watch_instances",
      help: "gauge of instances found for each ContainerPilot watch, partitioned by service",
      labelNames: ["service"],
      registers,
    });
    for (const { name, help, type } of configs) {
      const options = { name, help, registers };
      this.#record.set(name, recorder(type, options));
    }
  }

  /**
   * Records a value.
   *
   * @param name Name of the metric. ContainerPilot's own, with two underscores where it has no
   * subsystem, is the same.
   * @param value A number, or a text with one.
   * @returns Why it was not recorded; `undefined` when it was.
   */
  record(name: string, value: unknown): string | undefined {
    const record = this.#record.get(name) ?? this.#record.get(name.replaceAll(/_+/g, "_"));
    if (record === undefined) return `there is no metric ${name}`;
    const isText = typeof value === "string" && value.trim() !== "";
    const number = isText ? Number(value) : typeof value === "number" ? value : NaN;
    if (Number.isNaN(number)) return `metric ${name} must be a number, received ${String(value)}`;
    try {
      record(number);
      return undefined;
    } catch (error) {
      // A counter cannot be decreased.
      return `metric ${name}: ${(error as Error).message}`;
    }
  }

  /** Counts an event. */
  countEvent({ code, source }: JobEvent): void {
    this.#events.inc({ code, source });
  }

  /** Counts a request to the control socket. */
  countRequest(path: string, status: number): void {
    this.#requests.inc({ code: String(status), path });
  }

  /** The metrics as text. */
  async text(instances: Readonly<Record<string, number>>): Promise<string> {
    this.#watches.reset();
    for (const [service, count] of Object.entries(instances)) this.#watches.set({ service }, count);
    return await this.#registry.metrics();
  }
}

interface Options {
  readonly name: string;
  readonly help: string;
  readonly registers: Registry[];
}

function recorder(type: MetricConfig["type"], options: Options): (value: number) => void {
  switch (type) {
    case "counter": {
      const counter = new Counter(options);
      return (value) => counter.inc(value);
    }
    case "gauge": {
      const gauge = new Gauge(options);
      return (value) => gauge.set(value);
    }
    case "histogram": {
      const histogram = new Histogram(options);
      return (value) => histogram.observe(value);
    }
    case "summary": {
      const summary = new Summary(options);
      return (value) => summary.observe(value);
    }
  }
}
