/**
 * Counts how often each endpoint was picked over HTTP.
 *
 * @module
 */
import { type Endpoint, endpointIdentity } from "../../endpoint.ts";
import { frozenJson } from "../routes/json_body.ts";

interface Entry {
  readonly json: string;
  readonly total: { count: number };
  readonly own: { count: number };
}

// About 100 bytes each; beyond that the counts of the instances that came first are forgotten.
const MAX_INSTANCES = 20_000;

/** Counts by endpoint and by service. It keeps the JSON as well, so that a pick is one look-up. */
export class PickCounter {
  readonly #entries = new WeakMap<Endpoint, Entry>();
  // An instance has another object for each port, and whenever its description changes.
  readonly #instances = new Map<string, { count: number }>();
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
    entry.own.count++;
    entry.total.count++;
    return entry.json;
  }

  /**
   * How often an instance was picked, at whatever port and however it was described.
   *
   * @param endpoint The instance.
   * @returns The count since the start.
   */
  count(endpoint: Endpoint): number {
    return this.#instances.get(instanceKey(endpoint))?.count ?? 0;
  }

  #add(endpoint: Endpoint): Entry {
    let total = this.#totals.get(endpoint.service);
    if (total === undefined) this.#totals.set(endpoint.service, total = { count: 0 });
    const key = instanceKey(endpoint);
    let own = this.#instances.get(key);
    if (own === undefined) {
      this.#instances.set(key, own = { count: 0 });
      if (this.#instances.size > MAX_INSTANCES) {
        this.#instances.delete(this.#instances.keys().next().value!);
      }
    }
    const entry: Entry = { json: frozenJson(endpoint), total, own };
    this.#entries.set(endpoint, entry);
    return entry;
  }
}

// Ids are those of a node, and two services of a node may share one.
function instanceKey(endpoint: Endpoint): string {
  return `${endpoint.service}\u0000${endpointIdentity(endpoint)}`;
}
