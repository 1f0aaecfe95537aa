/**
 * All jobs of a configuration, from the first to the last.
 *
 * @module
 */
import type { JobConfig, JobEvent } from "../config/job_config.ts";
import { TERMINATING } from "../config/version2_jobs.ts";
import { Job } from "./job.ts";
import { jobsToReplace } from "./job_changes.ts";
import type { JobHost } from "./job_host.ts";

/** How one list of jobs takes the place of another. */
export interface JobSetChange {
  /** Events that have happened and that new jobs may wait for. */
  current(): readonly JobEvent[];
  /** Called with the jobs that are about to start. */
  prepare(jobs: readonly JobConfig[]): Promise<void>;
  /** Whether the registry is another one, so that the jobs that go on are registered there. */
  readonly isMoved: boolean;
}

/** Jobs that run together. */
export class JobSet {
  readonly #host: JobHost;
  readonly #ended: Promise<void>;
  #configs: readonly JobConfig[];
  #jobs: readonly Job[];
  #end = () => {};
  #leaving: ReadonlySet<Job> = new Set();
  #isChanging = false;
  #isStopping = false;
  #isInMaintenance = false;

  /**
   * @param configs The jobs.
   * @param host What they need of the world.
   */
  constructor(configs: readonly JobConfig[], host: JobHost) {
    this.#host = host;
    this.#ended = new Promise((resolve) => this.#end = resolve);
    this.#configs = configs;
    this.#jobs = configs.map((config) => this.#create(config));
  }

  /** The jobs. */
  get all(): readonly Job[] {
    return this.#jobs;
  }

  /** Whether they have been asked to end. */
  get isStopping(): boolean {
    return this.#isStopping;
  }

  /**
   * Whether another list has taken the place of a job.
   *
   * @param job The job.
   */
  isLeaving(job: Job): boolean {
    return this.#leaving.has(job);
  }

  /**
   * Starts them.
   *
   * @returns Resolves when all of them have completed.
   */
  async run(): Promise<void> {
    this.#host.bus.publish("startup");
    this.#check();
    await this.#ended;
  }

  /** Asks all of them to end. Services without a program of their own leave the registry first. */
  async stop(): Promise<void> {
    if (this.#isStopping) return;
    this.#isStopping = true;
    const services = this.#jobs.filter(({ config }) =>
      config.exec === undefined && config.registration !== undefined && !config.auxiliary
    );
    if (services.length > 0) {
      const { clock, drain, stopTimeoutMs } = this.#host;
      const endAt = clock.now() + stopTimeoutMs;
      const listed = await Promise.all(services.map((job) => job.end()));
      const runs = this.#jobs.some(({ command }) => command?.isRunning);
      if (runs && listed.includes(true)) await drain.wait(endAt - clock.now());
    }
    this.#host.bus.publish("shutdown");
    // A job that runs when another one stops has nothing to wait for if that one stopped before.
    for (const job of this.#jobs) {
      if (!isHook(job)) continue;
      const { source } = job.config.when;
      const other = this.#jobs.find(({ config }) => config.name === source);
      if (other === undefined || other.status === "completed") job.abandon();
    }
    this.#check();
  }

  /** Kills every process. */
  kill(): void {
    this.#isStopping = true;
    for (const job of this.#jobs) job.kill();
  }

  /**
   * Enters or leaves maintenance.
   *
   * @param on Which.
   */
  maintain(on: boolean): void {
    if (this.#isInMaintenance === on) return;
    this.#isInMaintenance = on;
    this.#host.bus.publish(on ? "enterMaintenance" : "exitMaintenance");
  }

  /**
   * Takes over another list: ends the jobs that are gone or differ, and starts the new ones. Jobs that
   * are the same go on.
   *
   * @param configs The list.
   * @param change How.
   */
  async change(configs: readonly JobConfig[], change: JobSetChange): Promise<void> {
    const replaced = jobsToReplace(this.#jobs, configs);
    this.#leaving = replaced;
    const kept = new Map(
      this.#jobs.filter((job) => !replaced.has(job)).map((job) => [job.config.name, job]),
    );
    // Until the new ones are there, all of the old ones may have completed.
    this.#isChanging = true;
    try {
      const hooks = [...replaced].filter(isHook);
      await Promise.all([...replaced].filter((job) => !isHook(job)).map((job) => job.end()));
      // They have been started by the end of the others.
      await Promise.all(hooks.map((hook) => this.#letEnd(hook)));
      if (this.#isStopping) return;
      this.#configs = configs;
      await change.prepare(configs.filter(({ name }) => !kept.has(name)));
      const created: Job[] = [];
      this.#jobs = configs.map((config) => {
        const old = kept.get(config.name);
        if (old !== undefined) return old;
        const job = this.#create(config);
        created.push(job);
        return job;
      });
      for (const event of [{ code: "startup", source: "" }, ...change.current()]) {
        for (const job of created) job.receive(event);
      }
      if (change.isMoved) {
        await Promise.all([...kept.values()].map((job) => job.moveRegistration()));
      }
    } finally {
      this.#isChanging = false;
      this.#check();
    }
  }

  #create(config: JobConfig): Job {
    const hooks = () =>
      this.#configs.filter(({ when: { code, source } }) =>
        (code === "stopping" || code === TERMINATING) && source === config.name
      );
    const job = new Job(config, this.#host, hooks);
    if (this.#isInMaintenance) job.enterMaintenance();
    void job.completed.then(() => this.#check());
    return job;
  }

  async #letEnd(hook: Job): Promise<void> {
    if (hook.command?.isRunning) {
      const { clock, stopTimeoutMs } = this.#host;
      const timer = clock.start(() => void hook.end(), stopTimeoutMs);
      await hook.completed;
      timer.cancel();
    } else {
      await hook.end();
    }
  }

  #check(): void {
    if (this.#isChanging) return;
    if (!this.#jobs.every(({ config, status }) => config.auxiliary || status === "completed")) {
      return;
    }
    // What serves the others ends after them.
    const last = this.#jobs.filter(({ status }) => status !== "completed").map((job) => job.end());
    void Promise.all(last).then(this.#end);
  }
}

// Jobs that run because another one ends.
function isHook({ config: { when: { code } } }: Job): boolean {
  return code === "stopping" || code === "stopped" || code === TERMINATING;
}
