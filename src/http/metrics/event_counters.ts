/**
 * Counters over the events of a client.
 *
 * @module
 */
import type { LookupClient } from "../lookup_client.ts";
import { LabelledCounter } from "./labelled_counter.ts";

/** Counts the events of a client. */
export class EventCounters {
  /** Failures by service and code. */
  readonly errors: LabelledCounter<"service" | "code"> = new LabelledCounter();
  /** Changed lists by service. */
  readonly changes: LabelledCounter<"service"> = new LabelledCounter();
  /** Refreshes by outcome: `success`, or `failed` when at least one service could not be read. */
  readonly refreshes: LabelledCounter<"outcome"> = new LabelledCounter();
  /** Ejections by service and reason. */
  readonly ejections: LabelledCounter<"service" | "reason"> = new LabelledCounter();

  /**
   * Counts from now on.
   *
   * @param piloted The client.
   */
  constructor(piloted: LookupClient) {
    piloted.on("error", ({ service = "", code }) => this.errors.add({ service, code }));
    piloted.on("change", ({ service }) => this.changes.add({ service }));
    piloted.on("refresh", ({ failed }) => {
      this.refreshes.add({ outcome: failed.length === 0 ? "success" : "failed" });
    });
    piloted.on("balance", (event) => {
      if (event.type !== "ejected") return;
      this.ejections.add({ service: event.service, reason: event.reason });
    });
  }
}
