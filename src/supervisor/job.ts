/**
 * One job: when it starts, starts again, is healthy, and stops. The states and their order are those
 * of ContainerPilot 3.8, with four differences that its users asked for: a restart waits, a hook is
 * waited for no longer than its `stopTimeout`, the service leaves the registry before its process is
 * asked to end, and `stopped` is published when the process has ended.
 *
 * @module
 */
import { deadline } from "../wait.ts";
import type { Timer } from "../clock.ts";
import type { JobConfig, JobEvent } from "../config/job_config.ts";
import { Command } from "./command.ts";
import type { JobHost, JobRegistration } from "./job_host.ts";

/** How a job is. */
export type JobStatus = "idle" | "unknown" | "healthy" | "unhealthy" | "maintenance" | "completed";

// Kubernetes' shape, with ContainerPilot users' patience.
const FIRST_BACKOFF_MS = 1_000;
const LONGEST_BACKOFF_MS = 30_000;
const STABLE_MS = 60_000;
// Until the first check has passed the service is not registered: nobody wants to wait an interval.
const FIRST_CHECKS_MS = 1_000;
const DEREGISTER_MS = 1_000;
// For a hook whose job has no stopTimeout.
const HOOK_MS = 5_000;

/** One job. */
export class Job {
  readonly config: JobConfig;
  /** How it is. */
  status: JobStatus = "idle";
  /** Resolves when it has completed. */
  readonly completed: Promise<void>;
  readonly #host: JobHost;
  readonly #command: Command | undefined;
  readonly #check: Command | undefined;
  readonly #registration: JobRegistration | undefined;
  readonly #hooks: readonly string[];
  readonly #timers = new Set<Timer>();
  readonly #unsubscribe: () => void;
  #complete = () => {};
  #startEvent: JobEvent | undefined;
  #startsLeft: number;
  #restartsLeft: number;
  #failures = 0;
  #startedAt = 0;
  #hasPassed = false;
  #isEnding = false;
  #hooksLeft = new Set<string>();
  #hookDone = () => {};
  #whenTimer: Timer | undefined;
  #checkTimer: Timer | undefined;

  /**
   * @param config The job.
   * @param host What it needs of the world.
   * @param hooks Names of jobs that run when this one is stopping, which it waits for.
   */
  constructor(config: JobConfig, host: JobHost, hooks: readonly string[]) {
    const { name, exec, health, raw, timeoutMs } = config;
    this.config = config;
    this.#host = host;
    this.#hooks = hooks;
    this.#startEvent = config.when;
    this.#startsLeft = config.starts;
    this.#restartsLeft = config.restarts;
    this.#registration = host.register(config);
    this.#command = exec && new Command({ exec, name, raw, timeoutMs }, host);
    this.#check = health?.exec && new Command({
      exec: health.exec,
      name: `check.${name}`,
      raw: health.raw,
      timeoutMs: health.timeoutMs,
    }, host);
    this.completed = new Promise((resolve) => this.#complete = resolve);
    this.#unsubscribe = host.bus.subscribe((event) => this.#on(event));
    const { whenTimeoutMs } = config;
    if (whenTimeoutMs) this.#whenTimer = this.#after(whenTimeoutMs, () => this.#end());
  }

  /** How the last run of its program ended. */
  get lastExit() {
    return this.#command?.lastExit;
  }

  /** Whether its program could not be started. */
  get startFailed(): boolean {
    return this.#command?.startFailed ?? false;
  }

  /** Kills its processes. */
  kill(): void {
    this.#command?.kill();
    this.#check?.kill();
  }

  /** Ends it unless it runs: what it waits for will not happen. */
  abandon(): void {
    if (!this.#command?.isRunning) this.#end();
  }

  #on({ code, source }: JobEvent): void {
    const { name } = this.config;
    if (this.#isEnding) {
      if (code === "stopped" && this.#hooksLeft.delete(source)) this.#hookDone();
      return;
    }
    if (source === name && (code === "exitSuccess" || code === "exitFailed")) return this.#onExit();
    if (source === `check.${name}` && code === "exitSuccess") return this.#onCheck(true);
    if (source === `check.${name}` && code === "exitFailed") return this.#onCheck(false);
    if (code === "shutdown" && source === "") return this.#onQuit();
    if (code === "enterMaintenance" && source === "") {
      this.status = "maintenance";
      void this.#deregister();
    } else if (code === "exitMaintenance" && source === "") {
      this.status = "unknown";
      this.#hasPassed = false;
    }
    const start = this.#startEvent;
    if (start?.code === code && start.source === source) this.#onStart();
  }

  #onStart(): void {
    if (this.#startsLeft !== Infinity && --this.#startsLeft <= 0) this.#startEvent = undefined;
    const isFirst = this.status === "idle";
    this.#run();
    if (!isFirst) return;
    const { intervalMs, health, port } = this.config;
    if (intervalMs !== undefined) this.#every(intervalMs, () => this.#onInterval());
    if (health === undefined) return;
    if (this.#check === undefined && port === undefined) return;
    this.#nextCheck(0);
  }

  #run(): void {
    this.#whenTimer?.cancel();
    if (this.status !== "maintenance") this.status = "unknown";
    this.#startedAt = this.#host.clock.now();
    this.#command?.start();
  }

  #onInterval(): void {
    if (this.#restartsLeft <= 0) return this.#end();
    if (this.#restartsLeft !== Infinity) this.#restartsLeft--;
    this.#run();
  }

  #onExit(): void {
    // A periodic job is started by its interval alone; with a run that waits it goes on by itself.
    if (this.config.intervalMs !== undefined || this.#command?.isRunning) return;
    if (this.#restartsLeft > 0) {
      if (this.#restartsLeft !== Infinity) this.#restartsLeft--;
      this.#after(this.#backoffMs(), () => this.#run());
      return;
    }
    if (this.#startsLeft > 0 && this.#startEvent !== undefined) return;
    this.#end();
  }

  #backoffMs(): number {
    const livedMs = this.#host.clock.now() - this.#startedAt;
    this.#failures = livedMs >= STABLE_MS ? 0 : this.#failures;
    const pauseMs = Math.min(FIRST_BACKOFF_MS * 2 ** this.#failures++, LONGEST_BACKOFF_MS);
    this.#host.log("info", `starts again in ${pauseMs / 1_000} s`, this.config.name);
    return pauseMs;
  }

  #nextCheck(delayMs: number): void {
    this.#checkTimer = this.#after(delayMs, () => {
      const { intervalMs } = this.config.health!;
      if (this.status !== "maintenance") {
        if (this.#check !== undefined) this.#check.start();
        else this.#pass();
      }
      const isSure = this.#hasPassed || this.#check === undefined;
      this.#nextCheck(isSure ? intervalMs : Math.min(intervalMs, FIRST_CHECKS_MS));
    });
  }

  #onCheck(isPassing: boolean): void {
    if (this.status === "maintenance") return;
    if (isPassing) this.#pass();
    else this.status = "unhealthy";
    // Every check is an event, not only a change.
    this.#host.bus.publish(isPassing ? "healthy" : "unhealthy", this.config.name);
  }

  #pass(): void {
    if (this.#check !== undefined) {
      this.status = "healthy";
      if (!this.#hasPassed) {
        this.#checkTimer?.cancel();
        this.#hasPassed = true;
        this.#nextCheck(this.config.health!.intervalMs);
      }
    }
    this.#hasPassed = true;
    this.#registration?.pass();
  }

  // A job that runs when another one stops has yet to run.
  #onQuit(): void {
    this.#restartsLeft = 0;
    const { code } = this.config.when;
    const isHook = code === "stopping" || code === "stopped";
    if (isHook && this.#command !== undefined && this.#startEvent !== undefined) {
      this.#startsLeft = 1;
      return;
    }
    if (isHook && this.#command?.isRunning) {
      this.#startsLeft = 0;
      return;
    }
    if (!this.#isEnding) this.#end();
  }

  #end(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    for (const timer of this.#timers) timer.cancel();
    void this.#finish();
  }

  async #finish(): Promise<void> {
    const { name } = this.config;
    const { bus } = this.#host;
    this.#hooksLeft = new Set(this.#hooks);
    const hooks = this.#waitForHooks();
    bus.publish("stopping", name);
    await hooks;
    // Peers stop sending before the process stops listening.
    await this.#deregister();
    await Promise.all([this.#command?.stop(), this.#check?.stop()]);
    this.#unsubscribe();
    this.status = "completed";
    bus.publish("stopped", name);
    this.#complete();
  }

  async #waitForHooks(): Promise<void> {
    if (this.#hooksLeft.size === 0) return;
    const { clock, log } = this.#host;
    const { name, stopTimeoutMs = HOOK_MS } = this.config;
    await new Promise<void>((resolve) => {
      const timer = clock.start(() => {
        log("warn", `does not wait any longer for ${[...this.#hooksLeft].join(", ")}`, name);
        resolve();
      }, stopTimeoutMs);
      this.#hookDone = () => {
        if (this.#hooksLeft.size > 0) return;
        timer.cancel();
        resolve();
      };
    });
  }

  async #deregister(): Promise<void> {
    if (this.#registration === undefined) return;
    const { clock, log } = this.#host;
    try {
      await deadline(clock, () => this.#registration!.deregister(), {
        timeoutMs: DEREGISTER_MS,
        error: () => new Error("the registry did not respond in time"),
      });
    } catch (error) {
      log("warn", `cannot be deregistered: ${(error as Error).message}`, this.config.name);
    }
  }

  #after(delayMs: number, callback: () => void): Timer {
    const timer = this.#host.clock.start(() => {
      this.#timers.delete(timer);
      callback();
    }, delayMs);
    this.#timers.add(timer);
    return timer;
  }

  #every(delayMs: number, callback: () => void): void {
    this.#after(delayMs, () => {
      this.#every(delayMs, callback);
      callback();
    });
  }
}
