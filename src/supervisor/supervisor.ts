/**
 * Runs the jobs of a configuration: processes, signals, watches and the log around the state machines
 * of the jobs.
 *
 * @module
 */
import { createPiloted } from "../client/create_piloted.ts";
import type { Piloted } from "../client/piloted.ts";
import { systemClock } from "../clock.ts";
import type { SupervisorConfig } from "../config/load_supervisor.ts";
import type { CommandLine, JobConfig } from "../config/job_config.ts";
import { startChildProcess } from "../runtime/child_process.ts";
import { EventBus } from "./events.ts";
import type { Job } from "./job.ts";
import type { JobHost, JobProcess, JobRegistration, ProcessOwner } from "./job_host.ts";
import { JobSet } from "./job_set.ts";
import { formatLine, type LineFields, LineSplitter } from "./log_lines.ts";
import { publishWatches } from "./watch_events.ts";

/** What a supervisor needs besides its configuration. */
export interface SupervisorOptions {
  /** Environment of the processes. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Process id of this process. */
  readonly pid: number;
  /** Writes to standard output or standard error. */
  write(text: string, stream: "stdout" | "stderr"): void;
  /** Name of the job whose end ends everything, with its exit code. */
  readonly main?: string | undefined;
  /** Registers a job with a port; without it nothing is registered. */
  readonly register?: ((job: JobConfig) => JobRegistration) | undefined;
}

/** How the jobs ended: the exit code and signal of the main job, if there is one. */
export interface SupervisorEnd {
  /** Exit code of the main job; 0 without one. */
  readonly code: number | undefined;
  /** Signal that ended the main job. */
  readonly signal: string | undefined;
  /** Whether the main job could not be started. */
  readonly startFailed: boolean;
}

const LEVELS = ["debug", "info", "warn", "error"];

/** Runs jobs. */
export class Supervisor {
  readonly #config: SupervisorConfig;
  readonly #options: SupervisorOptions;
  readonly #bus = new EventBus();
  readonly #variables = new Map<string, string>();
  readonly #jobs: JobSet;
  #piloted: Piloted | undefined;
  #stops = 0;

  /**
   * @param config The configuration.
   * @param options What it needs besides.
   */
  constructor(config: SupervisorConfig, options: SupervisorOptions) {
    this.#config = config;
    this.#options = options;
    this.#variables.set("CONTAINERPILOT_PID", String(options.pid));
    const host: JobHost = {
      clock: systemClock,
      bus: this.#bus,
      random: Math.random,
      graceMs: config.stopTimeoutMs,
      start: (command, owner) => this.#start(command, owner),
      register: (job) => job.port === undefined ? undefined : options.register?.(job),
      log: (level, message, job) => this.#log(level, message, { job }),
    };
    this.#jobs = new JobSet(config.jobs, host);
  }

  /**
   * Runs the jobs.
   *
   * @returns Resolves when all of them have completed, or the main one that was named.
   */
  async run(): Promise<SupervisorEnd> {
    for (const { message } of this.#config.config.warnings) this.#log("warn", message);
    for (const { name, port } of this.#config.jobs) {
      if (port === undefined || this.#options.register !== undefined) continue;
      this.#log("warn", "has a port and is not registered: exec does not register yet", {
        job: name,
      });
    }
    const main = this.#main();
    if (main === undefined && this.#jobs.all.length > 0) {
      this.#log("warn", "no job is the main one: the exit code will be 0, name one with --main");
    }
    const running = this.#jobs.run();
    if (this.#options.main !== undefined) void main?.completed.then(() => this.#jobs.stop());
    const watching = this.#watch();
    await running;
    await (await watching)?.close();
    const { code, signal } = main?.lastExit ?? { code: 0, signal: undefined };
    return { code, signal, startFailed: main?.startFailed ?? false };
  }

  /**
   * Receives a signal: SIGHUP and SIGUSR2 are events for jobs, SIGTERM and SIGINT end them, the
   * second one without waiting.
   *
   * @param name Name of the signal.
   */
  signal(name: string): void {
    if (name === "SIGHUP" || name === "SIGUSR2") {
      this.#bus.publish("signal", name);
    } else if (name === "SIGTERM" || name === "SIGINT") {
      this.#log("info", `received ${name}`);
      if (this.#stops++ === 0) this.#jobs.stop();
      else this.#jobs.kill();
    }
  }

  // The one named, else the only one with a port, else the only one that starts by itself.
  #main(): Job | undefined {
    const { all } = this.#jobs;
    const named = this.#options.main;
    if (named !== undefined) return all.find(({ config }) => config.name === named);
    const only = (jobs: readonly Job[]) => jobs.length === 1 ? jobs[0] : undefined;
    const runs = all.filter(({ config }) => config.exec !== undefined);
    return only(runs.filter(({ config }) => config.port !== undefined)) ??
      only(
        runs.filter(({ config: { when, intervalMs } }) =>
          when.code === "startup" && intervalMs === undefined
        ),
      );
  }

  async #watch(): Promise<Piloted | undefined> {
    const { config } = this.#config;
    if (config.watches.length === 0) return undefined;
    const log = (level: string) => (message: string) =>
      this.#log(level, message.replace(/^piloted: /, ""));
    const logger = { info: log("debug"), warn: log("warn"), error: log("error") };
    this.#piloted = await createPiloted({
      config: { ...config, warnings: [] },
      logger,
      signals: false,
      onStartFailure: "background",
    });
    publishWatches(this.#piloted, this.#bus);
    return this.#piloted;
  }

  async #start(command: CommandLine, owner: ProcessOwner): Promise<JobProcess> {
    const { env } = this.#options;
    const splitters = ["stdout", "stderr"].map(() =>
      new LineSplitter((line) => this.#log("info", line, { job: owner.name, pid: child.pid }))
    );
    // Output that comes before the process id is known waits for it.
    const early: [Uint8Array, number][] = [];
    let isStarted = false;
    const child = await startChildProcess(command, {
      env: { ...env, ...Object.fromEntries(this.#variables) },
      group: true,
      onOutput: owner.raw ? undefined : (chunk, stream) => {
        const index = stream === "stdout" ? 0 : 1;
        if (isStarted) splitters[index]!.push(chunk);
        else early.push([chunk, index]);
      },
    });
    isStarted = true;
    for (const [chunk, index] of early) splitters[index]!.push(chunk);
    const variable = `CONTAINERPILOT_${variableName(owner.name)}_PID`;
    this.#variables.set(variable, String(child.pid));
    void child.exited.then(() => {
      for (const splitter of splitters) splitter.end();
      if (this.#variables.get(variable) === String(child.pid)) this.#variables.delete(variable);
    });
    return child;
  }

  #log(level: string, message: string, fields: LineFields = {}): void {
    const { logging } = this.#config;
    if (LEVELS.indexOf(level) < LEVELS.indexOf(logging.level)) return;
    const line = formatLine(logging.format, level, systemClock.now(), message, fields);
    this.#options.write(line, logging.output);
  }
}

// As ContainerPilot: the last part of a path without its extension, so `check.app` is CHECK.
function variableName(name: string): string {
  const base = name.slice(name.lastIndexOf("/") + 1).replace(/\.[^.]*$/, "");
  return base.toUpperCase().replaceAll(/[^A-Z0-9]+/g, "_");
}
