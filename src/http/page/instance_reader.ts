/**
 * Reads the instances of a service when somebody opens its page.
 *
 * @module
 */
import type { Instance } from "../../client/inspect.ts";
import type { Clock } from "../../clock.ts";
import { deadline } from "../../wait.ts";
import type { EventLog } from "../events/event_log.ts";
import type { LookupClient } from "../lookup_client.ts";

/** What a page shows of the instances. */
export interface InstancesRead {
  /** Instances of any health that could be read. */
  readonly instances: readonly Instance[];
  /** Why some of them may be missing; empty when none is. */
  readonly failures: readonly string[];
}

interface Read {
  readonly at: number;
  readonly result: ReturnType<LookupClient["inspect"]>;
}

// Everybody who looks at the same service at once gets the same read.
const FRESH_MS = 1_000;
// Somebody is waiting for the page, which has the endpoints in use to show.
const MAX_WAIT_MS = 2_000;

/** Reads instances, at most once a second for each service that does not change. */
export class InstanceReader {
  readonly #piloted: LookupClient;
  readonly #clock: Clock;
  readonly #reads = new Map<string, Read>();

  /**
   * Creates a reader.
   *
   * @param piloted The client.
   * @param events Its events: what was read before one of them is too old.
   * @param clock Time.
   */
  constructor(piloted: LookupClient, events: EventLog, clock: Clock) {
    this.#piloted = piloted;
    this.#clock = clock;
    events.subscribe(({ service }) => {
      if (service !== undefined) this.#reads.delete(service);
      else this.#reads.clear();
    });
  }

  /**
   * Reads the instances of a service.
   *
   * @param name Name of the service.
   * @returns The instances; never rejects because of the registry.
   */
  async read(name: string): Promise<InstancesRead> {
    try {
      const { instances, errors } = await deadline(this.#clock, () => this.#inspect(name), {
        timeoutMs: MAX_WAIT_MS,
        error: () => new Error(`no response within ${MAX_WAIT_MS / 1_000} s`),
        background: true,
      });
      return { instances, failures: errors.map(({ message }) => message) };
    } catch (error) {
      const failure = error instanceof Error ? error.message : String(error);
      return { instances: [], failures: [failure] };
    }
  }

  #inspect(name: string): Read["result"] {
    // At the edge one request must not wait for what another one has sent.
    if (this.#piloted.mode !== "live") return this.#piloted.inspect(name);
    const now = this.#clock.now();
    for (const [key, { at }] of this.#reads) {
      if (now - at >= FRESH_MS) this.#reads.delete(key);
    }
    const known = this.#reads.get(name);
    if (known !== undefined) return known.result;
    const result = this.#piloted.inspect(name);
    this.#reads.set(name, { at: now, result });
    return result;
  }
}
