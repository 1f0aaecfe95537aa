/**
 * Runs the jobs of a configuration: processes, signals, watches, registrations, the control socket and
 * the log around the state machines of the jobs.
 *
 * @module
 */
import { systemClock } from "../clock.ts";
import type { SupervisorConfig } from "../config/load_supervisor.ts";
import { PilotedError } from "../errors.ts";
import type { ChildExit } from "../runtime/child_process.ts";
import type { SignalName } from "../runtime/signals.ts";
import { Drain } from "./drain.ts";
import { EventBus } from "./events.ts";
import type { Job } from "./job.ts";
import type { JobHost } from "./job_host.ts";
import { JobProcesses } from "./job_processes.ts";
import { JobSet } from "./job_set.ts";
import { mainJob, preStart } from "./main_job.ts";
import { registryIdentity, ServiceRegistrations, watchIdentity } from "./service_registrations.ts";
import { ServiceDoors } from "./service_doors.ts";
import { SupervisorLog, type WriteStream } from "./supervisor_log.ts";
import { WatchedServices } from "./watched_services.ts";

/** What a supervisor needs besides its configuration. */
export interface SupervisorOptions {
  /** Environment of the processes. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Process id of this process. */
  readonly pid: number;
  /** Version to report. */
  readonly version: string;
  /** Writes to standard output or standard error. */
  readonly write: WriteStream;
  /** Name of the job whose end ends everything, with its exit code. */
  readonly main?: string | undefined;
  /** Whether standard input is a terminal. @default {false} */
  readonly terminal?: boolean | undefined;
  /** Milliseconds between the removal of a service and the end of its process. */
  readonly drainMs: number;
  /** How long to wait for the first lists of watches before anything is started, in milliseconds. */
  readonly firstListsMs: number;
  /**
   * Reads the configuration again.
   *
   * @param variables Variables that the control socket has set.
   * @throws {PilotedError} when it is invalid.
   */
  load(variables: Readonly<Record<string, string>>): Promise<SupervisorConfig>;
  /** Called when the jobs have been started, with the job in the foreground. */
  started?(bus: EventBus, foreground: () => Job | undefined): void;
}

/** How the jobs ended: the exit code and signal of the main job, if there is one. */
export interface SupervisorEnd extends ChildExit {
  /** Why the main job could not be started. */
  readonly startError: unknown;
}

// The terminal sends these to the whole group by itself.
const FROM_TERMINAL: readonly SignalName[] = ["SIGINT", "SIGQUIT", "SIGWINCH", "SIGCONT"];

/** Runs jobs. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #log: SupervisorLog;
  readonly #bus = new EventBus();
  readonly #drain: Drain;
  readonly #processes: JobProcesses;
  readonly #watches: WatchedServices;
  readonly #registrations: ServiceRegistrations;
  readonly #doors: ServiceDoors;
  readonly #early: SignalName[] = [];
  readonly #forMain: SignalName[] = [];
  #config: SupervisorConfig;
  #jobs: JobSet | undefined;
  #isStarted = false;
  #stops = 0;
  #stopSignal: "SIGTERM" | "SIGINT" = "SIGTERM";
  #failed: Job | undefined;
  #reads = 0;
  #accepted = 0;
  #next: SupervisorConfig | undefined;
  #applying: Promise<void> | undefined;

  /**
   * @param config The configuration.
   * @param options What it needs besides.
   * @throws {PilotedError} `CONFIG_INVALID` when the log file cannot be opened.
   */
  constructor(config: SupervisorConfig, options: SupervisorOptions) {
    this.#config = config;
    this.#options = options;
    this.#log = new SupervisorLog(config.logging, options.write);
    this.#drain = new Drain(systemClock, options.drainMs);
    const log: JobHost["log"] = (level, message, job) => this.#log.line(level, message, { job });
    this.#watches = new WatchedServices(this.#bus, log);
    this.#registrations = new ServiceRegistrations(() => this.#config.config, log);
    this.#processes = new JobProcesses({
      env: { ...options.env, CONTAINERPILOT_PID: String(options.pid) },
      log: this.#log,
      terminal: options.terminal ?? false,
      variables: () => ({ ...this.#watches.variables(), ...this.#registrations.variables() }),
    });
    this.#doors = new ServiceDoors({
      bus: this.#bus,
      log,
      processes: this.#processes,
      watches: this.#watches,
      env: options.env,
      version: options.version,
      address: (job) => this.#registrations.address(job),
      jobs: () => this.#jobs?.all ?? [],
      reload: () => this.reload(),
      maintain: (on) => this.#jobs?.maintain(on),
    });
  }

  /**
   * Runs the jobs.
   *
   * @returns Resolves when all of them have completed, or the main one that was named.
   * @throws {PilotedError} `CONFIG_INVALID` when no interface has the address of a service.
   * @throws {SocketError} when the control socket that the file names cannot be made.
   */
  async run(): Promise<SupervisorEnd> {
    const { config, jobs } = this.#config;
    this.#warn();
    try {
      await this.#registrations.open(jobs);
      await this.#watches.open(config, this.#options.firstListsMs);
      await this.#doors.openTelemetry(this.#config.telemetry);
      const set = new JobSet(this.#doors.without(jobs), this.#host());
      this.#jobs = set;
      // Jobs call it, so it comes before them.
      await this.#doors.openControl(this.#config.control);
      this.#guardPreStart();
      const stop = this.#early.find((name) => name === "SIGTERM" || name === "SIGINT");
      // Asked to end before anything has started; a service may be registered already.
      if (stop !== undefined) {
        set.kill();
        await Promise.all(set.all.map((job) => job.end()));
        return { code: undefined, signal: stop, startError: undefined };
      }
      const running = set.run();
      this.#isStarted = true;
      this.#endWithMain();
      this.#watches.publish();
      this.#options.started?.(this.#bus, () => this.#foreground());
      for (const name of this.#early.splice(0)) this.signal(name);
      this.#startApplying();
      await running;
      await this.#applying;
      const main = this.#failed ?? this.#main();
      const { code, signal } = main?.command?.lastExit ?? { code: 0, signal: undefined };
      return { code, signal, startError: main?.command?.startError };
    } finally {
      await Promise.all([this.#watches.close(), this.#doors.close(), this.#registrations.close()]);
      this.#log.close();
    }
  }

  /**
   * Receives a signal. SIGTERM and SIGINT end all jobs; the second one skips the drain, the third one
   * kills. SIGUSR1 opens the log file again. Others go to the program in the foreground, if there is
   * one; SIGHUP and SIGUSR2 are events for jobs.
   *
   * @param name Name of the signal.
   */
  signal(name: SignalName): void {
    if (name === "SIGUSR1") this.#log.reopen();
    const { terminal = false } = this.#options;
    const hasProgram = this.#config.jobs.some(({ foreground }) => foreground);
    if (hasProgram && terminal && FROM_TERMINAL.includes(name)) return;
    if (!this.#isStarted) {
      this.#early.push(name);
      if (name === "SIGTERM" || name === "SIGINT") this.#watches.skipWaiting();
      return;
    }
    if (name === "SIGTERM" || name === "SIGINT") return this.#stop(name);
    if (name === "SIGHUP" || name === "SIGUSR2") this.#bus.publish("signal", name);
    if (hasProgram && !this.#foreground()?.command?.signal(name)) this.#forMain.push(name);
  }

  /**
   * Reads the configuration again, and restarts what differs.
   *
   * @returns Resolves when it is read; jobs are replaced afterwards.
   * @throws {PilotedError} when it is invalid: everything goes on as before.
   */
  async reload(): Promise<void> {
    const read = ++this.#reads;
    try {
      const config = await this.#options.load(this.#processes.variables);
      if (this.#jobs?.isStopping) throw new PilotedError("CLOSED", "Cannot reload: it is stopping");
      // A later read that was faster has what this one has, and more.
      if (read < this.#accepted) return;
      this.#log.configure(config.logging);
      this.#accepted = read;
      this.#next = config;
    } catch (error) {
      this.#log.line("error", `The configuration stays as it is: ${(error as Error).message}`);
      throw error;
    }
    if (this.#isStarted) this.#startApplying();
  }

  #startApplying(): void {
    this.#applying ??= this.#applyAll().finally(() => this.#applying = undefined);
  }

  async #applyAll(): Promise<void> {
    while (this.#next !== undefined) {
      const next = this.#next;
      this.#next = undefined;
      try {
        await this.#apply(next);
        this.#log.line("info", "the configuration was read again");
      } catch (error) {
        this.#log.line("error", (error as Error).message);
      }
    }
  }

  async #apply(next: SupervisorConfig): Promise<void> {
    const before = this.#config.config;
    this.#config = next;
    this.#warn();
    const isMoved = registryIdentity(before) !== registryIdentity(next.config);
    if (isMoved || watchIdentity(before) !== watchIdentity(next.config)) {
      await this.#watches.open(next.config, this.#options.firstListsMs);
    }
    await this.#doors.openTelemetry(next.telemetry);
    await this.#doors.openControl(next.control);
    await this.#jobs!.change(this.#doors.without(next.jobs), {
      current: () => this.#watches.current(),
      prepare: (jobs) => this.#registrations.open(jobs),
      isMoved,
    });
    this.#guardPreStart();
    this.#endWithMain();
  }

  #host(): JobHost {
    const config = () => this.#config;
    const stopSignal = () => this.#stopSignal;
    return {
      clock: systemClock,
      bus: this.#bus,
      drain: this.#drain,
      get stopTimeoutMs() {
        return config().stopTimeoutMs;
      },
      get stopSignal() {
        return stopSignal();
      },
      start: async (command, owner) => {
        const child = await this.#processes.start(command, owner);
        if (owner.foreground) { for (const name of this.#forMain.splice(0)) child.kill(name); }
        return child;
      },
      register: (job) => this.#registrations.take(job),
      log: (level, message, job) => this.#log.line(level, message, { job }),
    };
  }

  #stop(name: "SIGTERM" | "SIGINT"): void {
    this.#log.line("info", `received ${name}`);
    this.#stops++;
    if (this.#stops === 1) {
      this.#stopSignal = name;
      void this.#jobs!.stop();
    } else if (this.#stops === 2) {
      this.#drain.skip();
    } else {
      this.#jobs!.kill();
    }
  }

  #warn(): void {
    const { config, jobs, isVersion2 } = this.#config;
    for (const { message } of config.warnings) this.#log.line("warn", message);
    for (const { name, registration, health, auxiliary } of jobs) {
      if (registration === undefined || health?.exec !== undefined || auxiliary) continue;
      const message = "has no health.exec: it passes as long as it runs, also when it hangs";
      this.#log.line("info", message, { job: name });
    }
    const hasMain = jobs.some(({ foreground }) => foreground) ||
      mainJob(this.#config, this.#options.main) !== undefined;
    if (hasMain || isVersion2) return;
    this.#log.line("warn", "no job is the main one: the exit code will be 0, name one with --main");
  }

  #main(): Job | undefined {
    // A program on the command line is the main one, whatever its job is called after a reload.
    const program = this.#config.jobs.find(({ foreground }) => foreground);
    const name = (program ?? mainJob(this.#config, this.#options.main))?.name;
    return this.#jobs?.all.find(({ config }) => config.name === name);
  }

  #foreground(): Job | undefined {
    return this.#jobs?.all.find(({ config }) => config.foreground);
  }

  // With a main job that was named, its end is the end.
  #endWithMain(): void {
    const main = this.#main();
    if (this.#options.main === undefined && !main?.config.foreground) return;
    void main?.completed.then(() => {
      if (!this.#jobs!.isLeaving(main)) void this.#jobs!.stop();
    });
  }

  // ContainerPilot 2 ends with the exit code of a preStart that fails.
  #guardPreStart(): void {
    const name = preStart(this.#config);
    const job = this.#jobs!.all.find(({ config }) => config.name === name);
    if (job === undefined) return;
    void job.completed.then(() => {
      const exit = job.command?.lastExit;
      if (this.#jobs!.isStopping || exit?.code === 0) return;
      this.#failed = job;
      void this.#jobs!.stop();
    });
  }
}
