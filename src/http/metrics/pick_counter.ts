/**
 * Counts how often each endpoint was picked over HTTP.
 *
 * @module
 */
import type { Endpoint } from "../../endpoint.ts";
import { frozenJson } from "../routes/json_body.ts";

interface Entry {
  readonly json: string;
  readonly total: { count: number };
  count: number;
}

/** Counts by endpoint and by service. It keeps the JSON as well, so that a pick is one look-up. */
export class PickCounter {
  readonly #entries = new WeakMap<Endpoint, Entry>();
  readonly #totals = new Map<string, { count: number }>();

  /** Picks of each service since the start. */
  get totals(): ReadonlyMap<string, { readonly count: number }> {
    return this.#totals;
  }

  /**
   * Counts a pick.
   *
   * @param endpoint The endpoint.
   * @returns Its JSON, created once per endpoint.
   */
  record(endpoint: Endpoint): string {
    const entry = this.#entries.get(endpoint) ?? this.#add(endpoint);
    entry.count++;
    entry.total.count++;
    return entry.json;
  }

  /**
   * How often an endpoint was picked.
   *
   * @param endpoint The endpoint.
   * @returns The count since its description last changed.
   */
  count(endpoint: Endpoint): number {
    return this.#entries.get(endpoint)?.count ?? 0;
  }

  #add(endpoint: Endpoint): Entry {
    let total = this.#totals.get(endpoint.service);
    if (total === undefined) this.#totals.set(endpoint.service, total = { count: 0 });
    const entry: Entry = { json: frozenJson(endpoint), total, count: 0 };
    this.#entries.set(endpoint, entry);
    return entry;
  }
}
