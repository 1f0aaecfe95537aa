/**
 * The registrations of all jobs with a port.
 *
 * @module
 */
import type { Config } from "../config/config.ts";
import type { JobConfig } from "../config/job_config.ts";
import { Secret } from "../secret.ts";
import type { JobHost, JobRegistration } from "./job_host.ts";
import { ServiceRegistration } from "./service_registration.ts";

/** Opens registrations before their jobs start, so that the addresses are known to every process. */
export class ServiceRegistrations {
  readonly #config: () => Config;
  readonly #log: JobHost["log"];
  readonly #opened = new Map<string, ServiceRegistration>();
  readonly #addresses = new Map<string, string>();

  /**
   * @param config Where Consul is now.
   * @param log Receives lines for people.
   */
  constructor(config: () => Config, log: JobHost["log"]) {
    this.#config = config;
    this.#log = log;
  }

  /**
   * Opens the registrations of jobs that are about to start.
   *
   * @param jobs The jobs; those without a port are left alone.
   * @throws {PilotedError} `CONFIG_INVALID` when no interface has the address of one.
   */
  async open(jobs: readonly JobConfig[]): Promise<void> {
    await Promise.all(jobs.map(async ({ name, registration: service }) => {
      if (service === undefined) return;
      const registration = new ServiceRegistration({
        config: this.#config(),
        service,
        log: this.#log,
      });
      this.#opened.set(name, registration);
      await registration.open();
      this.#addresses.set(name, registration.address);
    }));
  }

  /**
   * The registration of a job, which belongs to the job from now on.
   *
   * @param job The job.
   */
  take({ name, registration: service }: JobConfig): JobRegistration | undefined {
    if (service === undefined) return undefined;
    const opened = this.#opened.get(name);
    this.#opened.delete(name);
    return opened ?? new ServiceRegistration({ config: this.#config(), service, log: this.#log });
  }

  /** The address that a job is registered with; `""` when it is not known. */
  address(name: string): string {
    return this.#addresses.get(name) ?? "";
  }

  /** `CONTAINERPILOT_{JOB}_IP` of every job with a port. */
  variables(): Record<string, string> {
    const known = [...this.#addresses].filter(([, address]) => address !== "");
    return Object.fromEntries(
      known.map(([name, address]) => [
        `CONTAINERPILOT_${name.toUpperCase().replaceAll("-", "_")}_IP`,
        address,
      ]),
    );
  }

  /** Takes out those that no job has taken. */
  async close(): Promise<void> {
    await Promise.all([...this.#opened.values()].map((each) => each.deregister()));
  }
}

/**
 * What decides whether Consul is the same.
 *
 * @param config A configuration.
 */
export function registryIdentity({ consul }: Config): string {
  return identityOf(consul);
}

/**
 * What decides whether the watches are the same.
 *
 * @param config A configuration.
 */
export function watchIdentity({ watches, patterns }: Config): string {
  return identityOf({ watches, patterns });
}

// A secret is shown to nobody here, and stars would be equal.
function identityOf(value: unknown): string {
  return JSON.stringify(value, function (this: Record<string, unknown>, key, shown) {
    const original = this[key];
    return original instanceof Secret ? original.reveal() : shown;
  });
}
