/**
 * An application that looks services up all the time.
 *
 * @module
 */
import type { Piloted } from "../../mod.ts";

const TICK_MS = 20;

/** Looks services up, by `service()` and `pick()` in turn, and notes what fails. */
export class LookupLoad {
  /** Lookups so far. */
  done = 0;
  /** What the failed ones failed with. */
  readonly failures: string[] = [];
  /** Lists that a change left empty. */
  readonly emptied: string[] = [];
  readonly #piloted: Piloted;
  readonly #services: readonly string[];
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #ignore: () => void;
  #due = 0;
  #last = performance.now();

  /**
   * Begins.
   *
   * @param piloted Who is asked.
   * @param services Services that always have an endpoint.
   * @param perSecond Lookups a second over all of them.
   */
  constructor(piloted: Piloted, services: readonly string[], perSecond = 500) {
    this.#piloted = piloted;
    this.#services = services;
    this.#timer = setInterval(() => this.#tick(perSecond), TICK_MS);
    this.#ignore = piloted.on("change", ({ service, endpoints }) => {
      if (endpoints.length === 0 && services.includes(service)) this.emptied.push(service);
    });
  }

  /** Ends, when the last lookup is answered. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#ignore();
    for (const service of this.#services) await this.#piloted.service(service).catch(() => {});
  }

  #tick(perSecond: number): void {
    // Timers that come late are made up for.
    const now = performance.now();
    this.#due += (now - this.#last) / 1_000 * perSecond;
    this.#last = now;
    for (; this.#due >= 1; this.#due--) this.#lookUp();
  }

  #lookUp(): void {
    const service = this.#services[this.done % this.#services.length]!;
    this.done++;
    const fail = (error: unknown) => this.failures.push(`${service}: ${error}`);
    if (this.done % 2 === 0) {
      this.#piloted.service(service).catch(fail);
      return;
    }
    try {
      this.#piloted.pick(service);
    } catch (error) {
      fail(error);
    }
  }
}
