/**
 * `telemetry`: the metrics and the status of a supervisor over HTTP.
 *
 * @module
 */
import { type Clock, systemClock, type Timer } from "../clock.ts";
import type { SensorConfig, TelemetryConfig } from "../config/telemetry_config.ts";
import { loadModule } from "../load_module.ts";
import { startChildProcess } from "../runtime/child_process.ts";
import { listen, type Listener } from "../runtime/listen.ts";
import type { JobMetrics } from "./job_metrics.ts";

/** The status of a supervisor, with ContainerPilot's names. */
export interface SupervisorStatus {
  /** Version of Piloted. */
  readonly Version: string;
  /** Jobs that are not registered. */
  readonly Jobs: readonly { readonly Name: string; readonly Status: string }[];
  /** Jobs that are registered. */
  readonly Services: readonly {
    readonly Name: string;
    readonly Address: string;
    readonly Port: number;
    readonly Status: string;
  }[];
  /** Names of watched services. */
  readonly Watches: readonly string[];
}

/** What telemetry needs. */
export interface TelemetryOptions {
  /** Its configuration. */
  readonly config: TelemetryConfig;
  /** Address that it listens on. */
  readonly hostname: string;
  /** The environment of sensors. */
  env(): Readonly<Record<string, string | undefined>>;
  /** The status to show. */
  status(): SupervisorStatus;
  /** How many instances each watched service has. */
  instances(): Readonly<Record<string, number>>;
  /** Receives a line for people. */
  log(level: "info" | "warn" | "error", message: string): void;
  /** Time. @default {systemClock} */
  readonly clock?: Clock | undefined;
}

/** Serves `/metrics` and `/status`, and runs the sensors. */
export class Telemetry {
  /** The metrics. */
  readonly metrics: JobMetrics;
  readonly #options: TelemetryOptions;
  readonly #listener: Listener;
  readonly #timers = new Set<Timer>();
  readonly #running = new Set<() => void>();
  #isClosed = false;

  /** Use {@linkcode openTelemetry}. */
  constructor(options: TelemetryOptions, metrics: JobMetrics, listener: Listener) {
    this.#options = options;
    this.metrics = metrics;
    this.#listener = listener;
    for (const { name, sensor } of options.config.metrics) {
      if (sensor !== undefined) this.#schedule(name, sensor);
    }
  }

  /** Address and port that it listens on. */
  get url(): string {
    return this.#listener.url;
  }

  /** Stops serving and ends the sensors. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const timer of this.#timers) timer.cancel();
    for (const kill of this.#running) kill();
    await this.#listener.close();
  }

  #schedule(name: string, sensor: SensorConfig): void {
    const { clock = systemClock } = this.#options;
    const timer = clock.start(() => {
      this.#timers.delete(timer);
      // One run at a time: the next is due an interval after this one.
      void this.#sense(name, sensor).then(() => this.#isClosed || this.#schedule(name, sensor));
    }, sensor.intervalMs);
    this.#timers.add(timer);
  }

  async #sense(name: string, { exec, timeoutMs }: SensorConfig): Promise<void> {
    const { env, log, clock = systemClock } = this.#options;
    const decoder = new TextDecoder();
    let output = "";
    try {
      const child = await startChildProcess(exec, {
        env: env(),
        group: true,
        onOutput(chunk, stream) {
          if (stream === "stdout" && output.length < 4_096) {
            output += decoder.decode(chunk, { stream: true });
          }
        },
      });
      const kill = () => void child.killGroup("SIGKILL");
      this.#running.add(kill);
      const timer = clock.start(kill, timeoutMs);
      const { code, signal } = await child.exited;
      timer.cancel();
      this.#running.delete(kill);
      if (this.#isClosed) return;
      const why = code === 0
        ? this.metrics.record(name, output)
        : `sensor ${name} ended ${signal ? `by ${signal}` : `with exit code ${code}`}`;
      if (why !== undefined) log("error", why);
    } catch (error) {
      log("error", (error as Error).message);
    }
  }
}

/**
 * Serves telemetry.
 *
 * @param options What it needs.
 * @returns It, once it listens.
 * @throws {Error} when the port is taken.
 */
export async function openTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  const { JobMetrics } = await loadModule(() => import("./job_metrics.ts"));
  const metrics = new JobMetrics(options.config.metrics);
  const listener = await listen((request) => answer(request, options, metrics), {
    hostname: options.hostname,
    port: options.config.registration.port,
    graceMs: 100,
  });
  return new Telemetry(options, metrics, listener);
}

async function answer(
  request: Request,
  options: TelemetryOptions,
  metrics: JobMetrics,
): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (pathname !== "/metrics" && pathname !== "/status") {
    return new Response("404 page not found\n", { status: 404 });
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    return new Response("Method Not Allowed\n", { status: 405, headers: { allow: "GET, HEAD" } });
  }
  if (pathname === "/status") return Response.json(options.status());
  return new Response(await metrics.text(options.instances()), {
    headers: { "content-type": metrics.contentType },
  });
}
