/**
 * Events of a client, counted for metrics.
 *
 * @module
 */
import type { LookupClient } from "../lookup_client.ts";

/** LabelledCounter by labels. */
export class LabelledCounter<Label extends string> {
  readonly #entries = new Map<string, { labels: Record<Label, string>; count: number }>();

  /** LabelledCounter one. */
  add(labels: Record<Label, string>): void {
    const key = JSON.stringify(labels);
    const entry = this.#entries.get(key);
    if (entry === undefined) this.#entries.set(key, { labels, count: 1 });
    else entry.count++;
  }

  /** What was counted. */
  get entries(): Iterable<{ readonly labels: Record<Label, string>; readonly count: number }> {
    return this.#entries.values();
  }
}

/** LabelledCounter what a client tells, from now on. */
export class EventCounters {
  /** Failures by service and code. */
  readonly errors: LabelledCounter<"service" | "code"> = new LabelledCounter();
  /** Changes of a list by service. */
  readonly changes: LabelledCounter<"service"> = new LabelledCounter();
  /** Refreshes by how they ended: `ok` or `failed`. */
  readonly refreshes: LabelledCounter<"outcome"> = new LabelledCounter();
  /** Ejections by service and reason. */
  readonly ejections: LabelledCounter<"service" | "reason"> = new LabelledCounter();

  /** Follows a client. */
  constructor(piloted: LookupClient) {
    piloted.on?.("error", ({ service = "", code }) => this.errors.add({ service, code }));
    piloted.on?.("change", ({ service }) => this.changes.add({ service }));
    piloted.on?.("refresh", ({ failed }) => {
      this.refreshes.add({ outcome: failed.length === 0 ? "ok" : "failed" });
    });
    piloted.on?.("balance", (event) => {
      if (event.type !== "ejected") return;
      this.ejections.add({ service: event.service, reason: event.reason });
    });
  }
}
