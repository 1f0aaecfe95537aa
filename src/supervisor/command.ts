/**
 * A command of a job, which runs at most once at a time.
 *
 * @module
 */
import type { Timer } from "../clock.ts";
import type { CommandLine } from "../config/job_config.ts";
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
  /** Whether the last run could not be started. */
  startFailed = false;
  readonly #options: CommandOptions;
  readonly #host: JobHost;
  #run: Promise<void> | undefined;
  #child: JobProcess | undefined;
  #isWaiting = false;
  #isStopped = false;

  /**
   * @param options What it is.
   * @param host What it needs of the world.
   */
  constructor(options: CommandOptions, host: JobHost) {
    this.#options = options;
    this.#host = host;
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

  /**
   * Ends the run under way: SIGTERM to its group, and SIGKILL after the time of grace.
   *
   * @returns Resolves when its process has ended.
   */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#isWaiting = false;
    const run = this.#run;
    if (run === undefined) return;
    const { clock, graceMs } = this.#host;
    this.#child?.killGroup(graceMs > 0 ? "SIGTERM" : "SIGKILL");
    const timer = clock.start(() => this.kill(), Math.max(0, graceMs));
    await run;
    timer.cancel();
  }

  /** Kills the group of the run under way. */
  kill(): void {
    this.#child?.killGroup("SIGKILL");
  }

  async #once(): Promise<void> {
    const { exec, name, timeoutMs } = this.#options;
    const { bus, clock, log } = this.#host;
    let timer: Timer | undefined;
    let isSuccess = false;
    this.startFailed = false;
    this.lastExit = undefined;
    try {
      this.#child = await this.#host.start(exec, this.#options);
      // Stopped while it was being started.
      if (this.#isStopped) this.#child.killGroup("SIGTERM");
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
      log(isSuccess ? "debug" : "error", `process ${pid} ended ${how}`, name);
    } catch (error) {
      this.startFailed = true;
      log("error", error instanceof Error ? error.message : String(error), name);
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
    if (this.startFailed) bus.publish("error", name);
  }
}
