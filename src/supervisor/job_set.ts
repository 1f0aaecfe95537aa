/**
 * All jobs of a configuration, from the first to the last.
 *
 * @module
 */
import type { JobConfig } from "../config/job_config.ts";
import { Job } from "./job.ts";
import type { JobHost } from "./job_host.ts";

/** Jobs that run together. */
export class JobSet {
  readonly #jobs: readonly Job[];
  readonly #host: JobHost;

  /**
   * @param configs The jobs.
   * @param host What they need of the world.
   */
  constructor(configs: readonly JobConfig[], host: JobHost) {
    this.#host = host;
    this.#jobs = configs.map((config) => {
      const hooks = configs.filter(({ when }) =>
        when.code === "stopping" && when.source === config.name
      );
      return new Job(config, host, hooks.map(({ name }) => name));
    });
  }

  /** The jobs. */
  get all(): readonly Job[] {
    return this.#jobs;
  }

  /**
   * Starts them.
   *
   * @returns Resolves when all of them have completed.
   */
  async run(): Promise<void> {
    this.#host.bus.publish("startup");
    await Promise.all(this.#jobs.map(({ completed }) => completed));
  }

  /** Asks all of them to end. */
  stop(): void {
    this.#host.bus.publish("shutdown");
    // A job that runs when another one stops has nothing to wait for if that one stopped before.
    for (const job of this.#jobs) {
      const { code, source } = job.config.when;
      if (code !== "stopping" && code !== "stopped") continue;
      const other = this.#jobs.find(({ config }) => config.name === source);
      if (other === undefined || other.status === "completed") job.abandon();
    }
  }

  /** Kills every process. */
  kill(): void {
    for (const job of this.#jobs) job.kill();
  }
}
