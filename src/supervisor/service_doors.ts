/**
 * What others reach of a supervisor: the control socket and telemetry.
 *
 * @module
 */
import type { JobConfig } from "../config/job_config.ts";
import type { ControlConfig } from "../config/load_supervisor.ts";
import type { TelemetryConfig } from "../config/telemetry_config.ts";
import { listenOnSocket } from "../runtime/control_socket.ts";
import type { Listener } from "../runtime/listen.ts";
import { controlRoutes } from "./control_routes.ts";
import type { EventBus } from "./events.ts";
import type { Job, JobStatus } from "./job.ts";
import type { JobHost } from "./job_host.ts";
import type { JobProcesses } from "./job_processes.ts";
import { openTelemetry, type SupervisorStatus, type Telemetry } from "./telemetry.ts";
import type { WatchedServices } from "./watched_services.ts";

/** What they need of the supervisor. */
export interface ServiceDoorsOptions {
  /** Events. */
  readonly bus: EventBus;
  /** Receives lines for people. */
  readonly log: JobHost["log"];
  /** Processes. */
  readonly processes: JobProcesses;
  /** Watched services. */
  readonly watches: WatchedServices;
  /** Environment of sensors. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Version to report. */
  readonly version: string;
  /** The address that a job is registered with. */
  address(job: string): string;
  /** The jobs. */
  jobs(): readonly Job[];
  /** Reads the configuration again. */
  reload(): Promise<void>;
  /** Enters or leaves maintenance. */
  maintain(on: boolean): void;
}

/** Opens and closes them. */
export class ServiceDoors {
  readonly #options: ServiceDoorsOptions;
  #control: Listener | undefined;
  #path: string | undefined;
  #telemetry: Telemetry | undefined;
  #telemetryKey = "";

  /** @param options What they need. */
  constructor(options: ServiceDoorsOptions) {
    this.#options = options;
    options.bus.subscribe((event) => this.#telemetry?.metrics.countEvent(event));
  }

  /**
   * The jobs without that of telemetry, unless it is served.
   *
   * @param jobs The jobs.
   */
  without(jobs: readonly JobConfig[]): readonly JobConfig[] {
    return this.#telemetry === undefined ? jobs.filter(({ auxiliary }) => !auxiliary) : jobs;
  }

  /** Closes all. */
  async close(): Promise<void> {
    await Promise.all([this.#control?.close(), this.#telemetry?.close()]);
  }

  /**
   * Listens on the control socket, in place of another one.
   *
   * @param control Its path.
   * @throws {SocketError} when the file names it and it cannot be made.
   */
  async openControl({ socket, named }: ControlConfig): Promise<void> {
    if (socket === this.#path) return;
    const { processes, log, reload, maintain } = this.#options;
    const routes = controlRoutes({
      setVariables(variables) {
        for (const [name, value] of Object.entries(variables)) processes.setVariable(name, value);
      },
      reload,
      maintain(on) {
        log("info", on ? "enters maintenance" : "leaves maintenance");
        maintain(on);
      },
      record: (metrics) => this.#record(metrics),
      count: (path, status) => this.#telemetry?.metrics.countRequest(path, status),
    });
    const before = this.#control;
    try {
      this.#control = await listenOnSocket(socket, routes);
      this.#path = socket;
      log("info", `control: serving at ${socket}`);
    } catch (error) {
      if (named && before === undefined) throw error;
      log("warn", `${(error as Error).message}; name another with control.socket`);
      return;
    }
    await before?.close();
  }

  /**
   * Serves telemetry, in place of what was served before.
   *
   * @param config What; `undefined` for nothing.
   */
  async openTelemetry(config: TelemetryConfig | undefined): Promise<void> {
    const key = JSON.stringify(config ?? "");
    if (key === this.#telemetryKey) return;
    await this.#telemetry?.close();
    this.#telemetry = undefined;
    this.#telemetryKey = key;
    if (config === undefined) return;
    const { env, processes, watches, log, address } = this.#options;
    try {
      this.#telemetry = await openTelemetry({
        config,
        hostname: address(config.registration.name) || "0.0.0.0",
        env: () => ({ ...env, ...processes.variables }),
        status: () => this.#status(),
        instances: () => watches.instances(),
        log: (level, message) => log(level, message),
      });
      log("info", `telemetry: serving at ${this.#telemetry.url}`);
    } catch (error) {
      log("error", `Cannot serve telemetry: ${(error as Error).message}`);
    }
  }

  #record(metrics: Readonly<Record<string, unknown>>): void {
    for (const [name, value] of Object.entries(metrics)) {
      const why = this.#telemetry === undefined
        ? "the configuration has no telemetry"
        : this.#telemetry.metrics.record(name, value);
      if (why !== undefined) this.#options.log("error", `Cannot record a metric: ${why}`);
    }
  }

  #status(): SupervisorStatus {
    const { jobs, watches, version, address } = this.#options;
    const isService = ({ config: { registration } }: Job) => registration !== undefined;
    return {
      Version: version,
      Jobs: jobs().filter((job) => !isService(job)).map(({ config: { name }, status }) => ({
        Name: name,
        Status: statusName(status),
      })),
      Services: jobs().filter(isService).map(({ config: { name, registration }, status }) => ({
        Name: name,
        Address: address(name),
        Port: registration!.port,
        Status: statusName(status),
      })),
      Watches: watches.names,
    };
  }
}

// ContainerPilot has no word for a job that waits for its event.
function statusName(status: JobStatus): string {
  return status === "idle" ? "unknown" : status;
}
