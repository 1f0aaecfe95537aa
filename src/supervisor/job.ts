/**
 * One job: when it starts, starts again, is healthy, and stops. The states and their order are those
 * of ContainerPilot 3.8, with five differences that its users asked for: a restart waits, a hook is
 * waited for no longer than its `stopTimeout`, the service leaves the registry before its process is
 * asked to end, `stopped` is published when the process has ended, and a service comes back after
 * maintenance.
 *
 * @module
 */
import { deadline } from "../wait.ts";
import type { Timer } from "../clock.ts";
import type { JobConfig, JobEvent } from "../config/job_config.ts";
import { TERMINATING } from "../config/version2_jobs.ts";
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
  readonly #hooks: () => readonly JobConfig[];
  readonly #timers = new Set<Timer>();
  readonly #unsubscribe: () => void;
  #registration: JobRegistration | undefined;
  #complete = () => {};
  #startEvent: JobEvent | undefined;
  #startsLeft: number;
  #restartsLeft: number;
  #failures = 0;
  #startedAt = 0;
  #hasPassed = false;
  #isStarted = false;
  #isEnding = false;
  #isKilled = false;
  #wasListed = false;
  #hooksLeft = new Set<string>();
  #hookDone = () => {};
  #whenTimer: Timer | undefined;
  #checkTimer: Timer | undefined;

  /**
   * @param config The job.
   * @param host What it needs of the world.
   * @param hooks Jobs that run when this one is stopping, which it waits for.
   */
  constructor(config: JobConfig, host: JobHost, hooks: () => readonly JobConfig[]) {
    const { name, exec, health, raw, timeoutMs, foreground } = config;
    this.config = config;
    this.#host = host;
    this.#hooks = hooks;
    this.#startEvent = config.when;
    this.#startsLeft = config.starts;
    this.#restartsLeft = config.restarts;
    this.#registration = host.register(config);
    this.#command = exec && new Command({ exec, name, raw, timeoutMs, foreground }, host);
    this.#check = health?.exec && new Command({
      exec: health.exec,
      name: `check.${name}`,
      raw: health.raw,
      timeoutMs: health.timeoutMs,
      foreground: false,
    }, host);
    this.completed = new Promise((resolve) => this.#complete = resolve);
    this.#unsubscribe = host.bus.subscribe((event) => this.receive(event));
    const { whenTimeoutMs } = config;
    if (whenTimeoutMs) this.#whenTimer = this.#after(whenTimeoutMs, () => void this.end());
  }

  /** Its program. */
  get command(): Command | undefined {
    return this.#command;
  }

  /** Kills its processes, and starts none any more. */
  kill(): void {
    this.#isKilled = true;
    this.end();
    this.#command?.kill();
    this.#check?.kill();
    this.#hooksLeft.clear();
    this.#hookDone();
  }

  /** Ends it unless it runs: what it waits for will not happen. */
  abandon(): void {
    if (!this.#command?.isRunning) this.end();
  }

  /**
   * Ends it: its hooks run, its service leaves the registry, its process ends.
   *
   * @returns Resolves when all is over, with whether others could find its service until now.
   */
  async end(): Promise<boolean> {
    if (!this.#isEnding) {
      this.#isEnding = true;
      for (const timer of this.#timers) timer.cancel();
      void this.#finish();
    }
    await this.completed;
    return this.#wasListed;
  }

  /** Takes its service out of the registry and stops its checks until {@linkcode leaveMaintenance}. */
  enterMaintenance(): void {
    this.status = "maintenance";
    void this.#deregister();
  }

  /** Checks its service at once, which registers it again when it passes. */
  leaveMaintenance(): void {
    if (this.status !== "maintenance") return;
    this.status = this.#isStarted ? "unknown" : "idle";
    this.#hasPassed = false;
    if (this.#checkTimer === undefined) return;
    this.#checkTimer.cancel();
    this.#nextCheck(0);
  }

  /** Registers its service where the registry is now. */
  async moveRegistration(): Promise<void> {
    if (this.#registration === undefined || this.#isEnding) return;
    const { status } = this;
    await this.#deregister();
    this.#registration = this.#host.register(this.config);
    if (status === "healthy") this.#registration?.pass();
  }

  /** Receives an event. */
  receive({ code, source }: JobEvent): void {
    const { name } = this.config;
    if (this.#isEnding) {
      if (code === "stopped" && this.#hooksLeft.delete(source)) this.#hookDone();
      return;
    }
    if (source === name && (code === "exitSuccess" || code === "exitFailed")) return this.#onExit();
    if (source === `check.${name}` && code === "exitSuccess") return this.#onCheck(true);
    if (source === `check.${name}` && code === "exitFailed") return this.#onCheck(false);
    if (code === "shutdown" && source === "") return this.#onQuit();
    if (code === "enterMaintenance" && source === "") this.enterMaintenance();
    if (code === "exitMaintenance" && source === "") this.leaveMaintenance();
    const start = this.#startEvent;
    if (start?.code === code && start.source === source) this.#onStart();
  }

  #onStart(): void {
    if (this.#startsLeft !== Infinity && --this.#startsLeft <= 0) this.#startEvent = undefined;
    const isFirst = !this.#isStarted;
    this.#isStarted = true;
    const { intervalMs, health, registration, runsAtStart } = this.config;
    if (runsAtStart) this.#run();
    if (!isFirst) return;
    if (intervalMs !== undefined) this.#every(intervalMs, () => this.#onInterval());
    if (health === undefined) return;
    if (this.#check === undefined && registration === undefined) return;
    this.#nextCheck(0);
  }

  #run(): void {
    this.#whenTimer?.cancel();
    if (this.status !== "maintenance") this.status = "unknown";
    this.#startedAt = this.#host.clock.now();
    this.#command?.start();
  }

  #onInterval(): void {
    if (this.#restartsLeft <= 0) return void this.end();
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
    void this.end();
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
    if (isPassing) {
      this.#pass();
    } else {
      this.status = "unhealthy";
      this.#registration?.fail();
    }
    // Every check is an event, not only a change.
    this.#host.bus.publish(isPassing ? "healthy" : "unhealthy", this.config.name);
  }

  #pass(): void {
    this.status = "healthy";
    if (this.#check !== undefined && !this.#hasPassed) {
      this.#checkTimer?.cancel();
      this.#nextCheck(this.config.health!.intervalMs);
    }
    this.#hasPassed = true;
    this.#registration?.pass();
  }

  // A job that runs when another one stops has yet to run.
  #onQuit(): void {
    this.#restartsLeft = 0;
    const { code } = this.config.when;
    const isHook = code === "stopping" || code === "stopped" || code === TERMINATING;
    if (isHook && this.#command !== undefined && this.#startEvent !== undefined) {
      this.#startsLeft = 1;
      return;
    }
    if (isHook && this.#command?.isRunning) {
      this.#startsLeft = 0;
      return;
    }
    void this.end();
  }

  async #finish(): Promise<void> {
    const { name } = this.config;
    const { bus, clock, drain, stopTimeoutMs } = this.#host;
    const runs = this.#command?.isRunning ?? false;
    const due = this.#hooks().filter(({ when }) => runs || when.code !== TERMINATING);
    this.#hooksLeft = new Set(this.#isKilled ? [] : due.map((hook) => hook.name));
    const hooks = this.#waitForHooks();
    if (runs) bus.publish(TERMINATING, name);
    bus.publish("stopping", name);
    await hooks;
    // Peers stop sending before the process stops listening.
    const endAt = clock.now() + stopTimeoutMs;
    this.#wasListed = await this.#deregister();
    if (this.#wasListed && this.#command?.isRunning) await drain.wait(endAt - clock.now());
    const graceMs = this.#isKilled ? 0 : Math.max(0, endAt - clock.now());
    await Promise.all([this.#command?.stop(graceMs), this.#check?.stop(graceMs)]);
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

  async #deregister(): Promise<boolean> {
    if (this.#registration === undefined) return false;
    const { clock, log } = this.#host;
    try {
      return await deadline(clock, () => this.#registration!.deregister(), {
        timeoutMs: DEREGISTER_MS,
        error: () => new Error("the registry did not respond in time"),
      });
    } catch (error) {
      log("warn", `cannot be deregistered: ${(error as Error).message}`, this.config.name);
      return false;
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
