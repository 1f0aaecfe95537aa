/**
 * Events of a client, counted for metrics.
 *
 * @module
 */
import type { Lookups } from "./lookups.ts";

/** Counts by labels. */
export class Counts<Label extends string> {
  readonly #entries = new Map<string, { labels: Record<Label, string>; count: number }>();

  /** Counts one. */
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

/** Counts what a client tells, from now on. */
export class Tally {
  /** Failures by service and code. */
  readonly errors: Counts<"service" | "code"> = new Counts();
  /** Changes of a list by service. */
  readonly changes: Counts<"service"> = new Counts();
  /** Refreshes by how they ended: `ok` or `failed`. */
  readonly refreshes: Counts<"outcome"> = new Counts();
  /** Ejections by service and reason. */
  readonly ejections: Counts<"service" | "reason"> = new Counts();

  /** Follows a client. */
  constructor(piloted: Lookups) {
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
