/**
 * Events of a supervisor, in one order for every job.
 *
 * @module
 */
import type { JobEvent } from "../config/job_config.ts";

/** Receives every event. */
export type EventListener = (event: JobEvent) => void;

/**
 * Delivers events one after the other, each to every listener before the next. What a listener
 * publishes is delivered afterwards, so that all of them see the same order.
 */
export class EventBus {
  readonly #listeners = new Set<EventListener>();
  #queue: JobEvent[] = [];
  #isDelivering = false;

  /**
   * Adds a listener.
   *
   * @param listener Called with each event.
   * @returns Removes it.
   */
  subscribe(listener: EventListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * Publishes an event.
   *
   * @param code Name of the event.
   * @param source Who publishes it; `""` for the supervisor.
   */
  publish(code: string, source = ""): void {
    this.#queue.push({ code, source });
    if (this.#isDelivering) return;
    this.#isDelivering = true;
    try {
      while (this.#queue.length > 0) {
        const batch = this.#queue;
        this.#queue = [];
        for (const event of batch) {
          for (const listener of [...this.#listeners]) listener(event);
        }
      }
    } finally {
      this.#isDelivering = false;
    }
  }
}
