/**
 * The last events of a client, numbered so that an event stream can continue where it ended.
 *
 * @module
 */
import type { BalanceEvent } from "../../client/events.ts";
import type { LookupClient } from "../lookup_client.ts";
import { serviceSummary } from "../routes/json_body.ts";

/** One event. */
export interface LoggedEvent {
  /** Type of the event: `change`, `status`, `balance` or `refresh`. */
  readonly type: string;
  /** Service of the event; `undefined` for all services. */
  readonly service: string | undefined;
  /** Number of the event in this log, from 1. */
  readonly number: number;
  /** When it happened, in milliseconds since the Unix epoch. */
  readonly at: number;
  /** Plain data. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** Receives new events. */
export type EventReceiver = (event: LoggedEvent) => void;

// Enough for a client that was disconnected for a while; after more events it gets a snapshot.
const MAX_EVENTS = 1_000;

/** Keeps the last events of a client and sends new ones to its receivers. */
export class EventLog {
  /** Identifies this log among those of other processes. */
  readonly epoch: string;
  readonly #events: LoggedEvent[] = [];
  readonly #receivers = new Set<EventReceiver>();
  #number = 0;

  /**
   * Logs from now on.
   *
   * @param piloted The client.
   * @param now Returns the time in milliseconds since the Unix epoch.
   */
  constructor(piloted: LookupClient, now: () => number) {
    this.epoch = Math.floor(now()).toString(36) +
      Math.floor(Math.random() * 36 ** 4).toString(36).padStart(4, "0");
    const add = (type: string, service: string | undefined, data: Record<string, unknown>) => {
      const at = Math.floor(now());
      const event: LoggedEvent = { type, service, number: ++this.#number, at, data };
      this.#events.push(event);
      if (this.#events.length > MAX_EVENTS) this.#events.shift();
      for (const receive of [...this.#receivers]) receive(event);
    };
    piloted.on("change", ({ service, added, removed, changed, endpoints }) => {
      add("change", service, { added, removed, changed, endpointCount: endpoints.length });
    });
    piloted.on("status", (status) => add("status", status.service, serviceSummary(status)));
    piloted.on("balance", (event) => add("balance", event.service, balanceData(event)));
    piloted.on("refresh", ({ services, failed, durationMs }) => {
      add("refresh", undefined, { services, failed, durationMs });
    });
  }

  /** Number of the last event, 0 before the first. */
  get last(): number {
    return this.#number;
  }

  /** Events that are still in the log, oldest first. */
  get events(): readonly LoggedEvent[] {
    return this.#events;
  }

  /**
   * Events after another one.
   *
   * @param number Number of that event.
   * @returns The events, oldest first; `undefined` when some of them are no longer in the log.
   */
  after(number: number): readonly LoggedEvent[] | undefined {
    const first = this.#number - this.#events.length;
    if (number < first || number > this.#number) return undefined;
    return this.#events.slice(number - first);
  }

  /**
   * Subscribes to new events.
   *
   * @param receive Called with each event.
   * @returns Unsubscribes.
   */
  subscribe(receive: EventReceiver): () => void {
    this.#receivers.add(receive);
    return () => void this.#receivers.delete(receive);
  }
}

function balanceData(event: BalanceEvent): Record<string, unknown> {
  const { type: decision, service: _service, ...facts } = event;
  return { decision, ...facts };
}
