/**
 * One watch per distinct query, however many want it.
 *
 * @module
 */
import type { PilotedError } from "../errors.ts";
import type { Change } from "../snapshot.ts";
import type { Query } from "../source/source.ts";
import type { Watch, WatchObserver } from "./watch.ts";

/** A subscription to one watch. */
export interface Subscription {
  /** The watch, shared with every other subscriber of the same query. */
  readonly watch: Watch;
  /** Ends it; the watch stops with its last subscription. */
  end(): Promise<void>;
}

interface Entry {
  readonly watch: Watch;
  readonly observers: Set<WatchObserver>;
}

/** Creates the watch of a query. */
export type CreateWatch = (query: Query, intervalMs: number, observer: WatchObserver) => Watch;

/** Names a query: equal queries have equal keys. */
export function queryKey(query: Query): string {
  return JSON.stringify([query.service, query.tag ?? "", query.datacenter ?? ""]);
}

/** Watches by query, each with its subscribers. */
export class WatchSet {
  readonly #create: CreateWatch;
  readonly #entries = new Map<string, Entry>();

  /**
   * Creates an empty set.
   *
   * @param create Creates the watch of a query.
   */
  constructor(create: CreateWatch) {
    this.#create = create;
  }

  /** Every watch. */
  *[Symbol.iterator](): Iterator<Watch> {
    for (const { watch } of this.#entries.values()) yield watch;
  }

  /**
   * Subscribes to a query, and starts to watch it if this is its first subscription.
   *
   * @param query What is read.
   * @param intervalMs Interval where no blocking query is possible; the first subscriber's counts.
   * @param observer Receives what happens.
   * @returns The subscription.
   */
  subscribe(query: Query, intervalMs: number, observer: WatchObserver): Subscription {
    const key = queryKey(query);
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      const observers = new Set<WatchObserver>();
      const watch = this.#create(query, intervalMs, fanOut(observers));
      this.#entries.set(key, entry = { watch, observers });
    }
    const { watch, observers } = entry;
    observers.add(observer);
    watch.start();
    return {
      watch,
      end: async () => {
        observers.delete(observer);
        if (observers.size > 0 || this.#entries.get(key) !== entry) return;
        this.#entries.delete(key);
        await watch.stop();
      },
    };
  }

  /** Stops every watch. */
  async close(): Promise<void> {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    await Promise.all(entries.map(({ watch }) => watch.stop()));
  }
}

function fanOut(observers: ReadonlySet<WatchObserver>): WatchObserver {
  return {
    changed(change: Change): void {
      for (const observer of [...observers]) observer.changed(change);
    },
    accepted(): void {
      for (const observer of [...observers]) observer.accepted();
    },
    stateChanged(): void {
      for (const observer of [...observers]) observer.stateChanged();
    },
    failed(error: PilotedError): void {
      for (const observer of [...observers]) observer.failed(error);
    },
  };
}
