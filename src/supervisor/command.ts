/**
 * A command of a job, which runs at most once at a time.
 *
 * @module
 */
import type { Timer } from "../clock.ts";
import type { CommandLine } from "../config/job_fields.ts";
import type { ChildExit } from "../runtime/child_process.ts";
import type { JobHost, JobProcess, ProcessOwner } from "./job_host.ts";

/** What a command is. */
export interface CommandOptions extends ProcessOwner {
  /** The program and its arguments. */
  readonly exec: CommandLine;
  /** How long a run may take, in milliseconds; then its group is killed. */
  readonly timeoutMs: number | undefined;
}

/** A command. Its ends are events: `exitSuccess` and `exitFailed` with its name. */
export class Command {
  /** How the last run ended; `undefined` before the first end, and when it could not start. */
  lastExit: ChildExit | undefined;
  /** Why the last run could not be started. */
  startError: unknown;
  readonly #options: CommandOptions;
  readonly #host: JobHost;
  #run: Promise<void> | undefined;
  #child: JobProcess | undefined;
  #isWaiting = false;
  #isStopped = false;
  #stopSignal = "SIGTERM";

  /**
   * @param options What it is.
   * @param host What it needs of the world.
   */
  constructor(options: CommandOptions, host: JobHost) {
    this.#options = options;
    this.#host = host;
  }

  /** Process id of the run under way. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Whether a process runs. */
  get isRunning(): boolean {
    return this.#run !== undefined;
  }

  /** Starts a run, after the one under way. Of several that wait one is kept. */
  start(): void {
    if (this.#isStopped) return;
    if (this.#run === undefined) {
      this.#run = this.#once();
      return;
    }
    if (this.#isWaiting) {
      this.#host.log("debug", "is due again before its last run has begun", this.#options.name);
    }
    this.#isWaiting = true;
  }

  /** Ends the run under way and starts another: SIGTERM to its group, SIGKILL after some time. */
  restart(): void {
    if (this.#child === undefined || this.#isStopped || this.#isWaiting) return;
    const run = this.#run;
    this.start();
    const { clock, stopTimeoutMs } = this.#host;
    this.#child.killGroup(stopTimeoutMs > 0 ? "SIGTERM" : "SIGKILL");
    const timer = clock.start(() => this.#child?.killGroup("SIGKILL"), stopTimeoutMs);
    void run?.then(() => timer.cancel());
  }

  /**
   * Ends the run under way, and starts no other: a signal to its group, and SIGKILL later.
   *
   * @param graceMs Milliseconds between the two; 0 for SIGKILL at once.
   * @returns Resolves when its process has ended.
   */
  async stop(graceMs: number): Promise<void> {
    this.#isStopped = true;
    this.#isWaiting = false;
    const run = this.#run;
    if (run === undefined) return;
    this.#stopSignal = graceMs > 0 ? this.#signalToStop() : "SIGKILL";
    this.#end(this.#stopSignal);
    const timer = this.#host.clock.start(() => this.#end("SIGKILL"), graceMs);
    await run;
    timer.cancel();
  }

  /** Kills the group of the run under way. */
  kill(): void {
    this.#child?.killGroup("SIGKILL");
  }

  /**
   * Sends a signal to the process alone.
   *
   * @param name Name of the signal.
   * @returns Whether there is a process.
   */
  signal(name: string): boolean {
    return this.#child?.kill(name) ?? false;
  }

  // SIGINT means the program alone, as a terminal's Ctrl-C that others handle by themselves.
  #signalToStop(): string {
    return this.#options.foreground ? this.#host.stopSignal : "SIGTERM";
  }

  #end(signal: string): void {
    if (signal === "SIGINT") this.#child?.kill(signal);
    else this.#child?.killGroup(signal);
  }

  async #once(): Promise<void> {
    const { exec, name, timeoutMs, foreground } = this.#options;
    const { bus, clock, log } = this.#host;
    let timer: Timer | undefined;
    let isSuccess = false;
    this.startError = undefined;
    this.lastExit = undefined;
    try {
      this.#child = await this.#host.start(exec, this.#options);
      // Stopped while it was being started.
      if (this.#isStopped) this.#end(this.#stopSignal);
      if (timeoutMs !== undefined) {
        timer = clock.start(() => {
          log("warn", `takes longer than ${timeoutMs / 1_000} s and is killed`, name);
          this.kill();
        }, timeoutMs);
      }
      const { pid } = this.#child;
      this.lastExit = await this.#child.exited;
      const { code, signal } = this.lastExit;
      isSuccess = code === 0;
      const how = signal === undefined ? `with exit code ${code}` : `by ${signal}`;
      // The end of the program in the foreground is the caller's to tell.
      log(isSuccess || foreground ? "debug" : "error", `process ${pid} ended ${how}`, name);
    } catch (error) {
      this.startError = error;
      const message = error instanceof Error ? error.message : String(error);
      log(foreground ? "debug" : "error", message, name);
    } finally {
      timer?.cancel();
      this.#child = undefined;
      this.#run = undefined;
    }
    // A start that waited goes first, so that its job sees one end per run.
    if (this.#isWaiting && !this.#isStopped) {
      this.#isWaiting = false;
      this.#run = this.#once();
    }
    bus.publish(isSuccess ? "exitSuccess" : "exitFailed", name);
    if (this.startError !== undefined) bus.publish("error", name);
  }
}
