/**
 * How often each endpoint was handed out.
 *
 * @module
 */
import type { Endpoint } from "../../endpoint.ts";
import { frozenJson } from "../routes/json_body.ts";

interface Entry {
  readonly text: string;
  readonly total: { count: number };
  count: number;
}

/** Endpoints as text, counted each time that one is handed out. */
export class PickCounter {
  readonly #entries = new WeakMap<Endpoint, Entry>();
  readonly #totals = new Map<string, { count: number }>();

  /** How many of each service, since the start. */
  get totals(): ReadonlyMap<string, { readonly count: number }> {
    return this.#totals;
  }

  /**
   * Hands an endpoint out.
   *
   * @param endpoint The endpoint.
   * @returns It as JSON, made once.
   */
  take(endpoint: Endpoint): string {
    const entry = this.#entries.get(endpoint) ?? this.#add(endpoint);
    entry.count++;
    entry.total.count++;
    return entry.text;
  }

  /**
   * How often an endpoint was handed out.
   *
   * @param endpoint The endpoint, as the registry describes it now.
   * @returns The count since that description is known.
   */
  count(endpoint: Endpoint): number {
    return this.#entries.get(endpoint)?.count ?? 0;
  }

  #add(endpoint: Endpoint): Entry {
    let total = this.#totals.get(endpoint.service);
    if (total === undefined) this.#totals.set(endpoint.service, total = { count: 0 });
    const entry: Entry = { text: frozenJson(endpoint), total, count: 0 };
    this.#entries.set(endpoint, entry);
    return entry;
  }
}
