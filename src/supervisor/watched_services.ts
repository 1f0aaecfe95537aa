/**
 * The watched services of a supervisor: events for jobs and variables for their processes.
 *
 * @module
 */
import { createPiloted } from "../client/create_piloted.ts";
import type { Piloted } from "../client/piloted.ts";
import { systemClock } from "../clock.ts";
import type { Config } from "../config/config.ts";
import type { JobEvent } from "../config/job_config.ts";
import { sleep } from "../wait.ts";
import { endpointVariables } from "./endpoint_variables.ts";
import type { EventBus } from "./events.ts";
import type { JobHost } from "./job_host.ts";
import { publishWatches } from "./watch_events.ts";

/** Watches the services of a configuration. */
export class WatchedServices {
  readonly #bus: EventBus;
  readonly #log: JobHost["log"];
  readonly #known = new Map<string, string>();
  #opening: Promise<Piloted> | undefined;
  #piloted: Piloted | undefined;
  #waiting = new AbortController();
  #isPublishing = false;
  #unsubscribe = () => {};

  /**
   * @param bus Where their changes are published.
   * @param log Receives lines for people.
   */
  constructor(bus: EventBus, log: JobHost["log"]) {
    this.#bus = bus;
    this.#log = log;
  }

  /**
   * Watches, in place of what was watched before.
   *
   * @param config Where Consul is, and which services.
   * @param waitMs How long to wait for the first lists, in milliseconds; they come later then.
   */
  async open(config: Config, waitMs: number): Promise<void> {
    await this.close();
    if (config.watches.length === 0 && config.patterns === undefined) return;
    const log = (level: "debug" | "warn" | "error") => (message: string) =>
      this.#log(level, message.replace(/^piloted: /, ""));
    const opening = createPiloted({
      config: { ...config, warnings: [] },
      logger: { info: log("debug"), warn: log("warn"), error: log("error") },
      signals: false,
      onStartFailure: "background",
    });
    this.#opening = opening;
    const opened = opening.then((piloted) => {
      if (this.#opening !== opening) return void piloted.close();
      this.#piloted = piloted;
      if (this.#isPublishing) this.#subscribe(piloted);
    });
    opened.catch((error: Error) => log("error")(error.message));
    this.#waiting = new AbortController();
    const { signal } = this.#waiting;
    const timeUp = sleep(systemClock, waitMs, { signal }).catch(() => {});
    await Promise.race([opened, timeUp]);
    this.#waiting.abort();
  }

  /** Ends the wait for the first lists. */
  skipWaiting(): void {
    this.#waiting.abort();
  }

  /** Publishes the lists that are there, and every change from now on. */
  publish(): void {
    this.#isPublishing = true;
    if (this.#piloted !== undefined) this.#subscribe(this.#piloted);
  }

  /** Names of the watched services. */
  get names(): readonly string[] {
    return this.#piloted?.services ?? [];
  }

  /** Variables with the endpoints of each. */
  variables(): Record<string, string> {
    const piloted = this.#piloted;
    if (piloted === undefined) return {};
    const each = piloted.services.map((name) =>
      endpointVariables(name, piloted.serviceHosts(name))
    );
    return Object.assign({}, ...each);
  }

  /** How many endpoints each has. */
  instances(): Record<string, number> {
    return Object.fromEntries(
      this.names.map((name) => [name, this.#piloted!.serviceHosts(name).length]),
    );
  }

  /** What a job that starts now would have been told at the start. */
  current(): JobEvent[] {
    const some = Object.entries(this.instances()).filter(([, count]) => count > 0);
    return some.flatMap(([name]) => [
      { code: "changed", source: `watch.${name}` },
      { code: "healthy", source: `watch.${name}` },
    ]);
  }

  /** Stops watching. */
  async close(): Promise<void> {
    this.#unsubscribe();
    this.#unsubscribe = () => {};
    this.#opening = undefined;
    const piloted = this.#piloted;
    this.#piloted = undefined;
    await piloted?.close();
  }

  #subscribe(piloted: Piloted): void {
    this.#unsubscribe();
    this.#unsubscribe = publishWatches(piloted, this.#bus, this.#known);
  }
}
