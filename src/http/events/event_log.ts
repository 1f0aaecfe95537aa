/**
 * What happened, numbered, so that an event stream can be taken up again where it broke off.
 *
 * @module
 */
import type { LookupClient } from "../lookup_client.ts";

/** One thing that happened. */
export interface LoggedEvent {
  /** Name of the event: `change`, `status`, `balance` or `refresh`. */
  readonly type: string;
  /** Service that it concerns; `undefined` for all. */
  readonly service: string | undefined;
  /** Its number in this log, from 1. */
  readonly number: number;
  /** When it happened, in milliseconds since the Unix epoch. */
  readonly at: number;
  /** What happened, plain data. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** Receives what happens from now on. */
export type EventReceiver = (event: LoggedEvent) => void;

// Enough for a client that was away for a while; whoever was away longer starts from a snapshot.
const LONGEST_MEMORY = 1_000;

/** The last events of a client, and whoever wants the next ones. */
export class EventLog {
  /** Tells this log from that of any other process. */
  readonly epoch: string;
  readonly #events: LoggedEvent[] = [];
  readonly #receivers = new Set<EventReceiver>();
  #number = 0;

  /**
   * Follows a client from now on.
   *
   * @param piloted The client.
   * @param now Time.
   */
  constructor(piloted: LookupClient, now: () => number) {
    this.epoch = Math.floor(now()).toString(36) +
      Math.floor(Math.random() * 36 ** 4).toString(36).padStart(4, "0");
    const add = (type: string, service: string | undefined, data: Record<string, unknown>) => {
      const at = Math.floor(now());
      const event: LoggedEvent = { type, service, number: ++this.#number, at, data };
      this.#events.push(event);
      if (this.#events.length > LONGEST_MEMORY) this.#events.shift();
      for (const receive of [...this.#receivers]) receive(event);
    };
    piloted.on?.("change", ({ service, added, removed, changed, endpoints }) => {
      add("change", service, { added, removed, changed, endpointCount: endpoints.length });
    });
    piloted.on?.("status", ({ service, state, endpointCount, reason }) => {
      add("status", service, { state, endpointCount, reason });
    });
    piloted.on?.("balance", ({ service, type: decision, ...facts }) => {
      add("balance", service, { decision, ...facts });
    });
    piloted.on?.("refresh", ({ services, failed, durationMs }) => {
      add("refresh", undefined, { services, failed, durationMs });
    });
  }

  /** Number of the last event, 0 before the first. */
  get last(): number {
    return this.#number;
  }

  /** Events that are still known, oldest first. */
  get events(): readonly LoggedEvent[] {
    return this.#events;
  }

  /**
   * What happened after an event.
   *
   * @param number Number of that event.
   * @returns The events, oldest first; `undefined` when some of them are no longer known.
   */
  after(number: number): readonly LoggedEvent[] | undefined {
    const first = this.#number - this.#events.length;
    if (number < first || number > this.#number) return undefined;
    return this.#events.slice(number - first);
  }

  /**
   * Receives what happens from now on.
   *
   * @param receive Called with each event.
   * @returns Ends it.
   */
  subscribe(receive: EventReceiver): () => void {
    this.#receivers.add(receive);
    return () => void this.#receivers.delete(receive);
  }
}
