/**
 * One watcher per distinct query, however many want it.
 *
 * @module
 */
import type { PilotedError } from "../errors.ts";
import type { Change } from "../snapshot.ts";
import type { Query } from "../source/source.ts";
import type { WatchStatus } from "./status.ts";
import type { WatchContext } from "../registry/watch_context.ts";
import type { Restored, WatchObserver } from "./watch_record.ts";
import { Watcher } from "./live_watch.ts";

/** A subscription to one watcher. */
export interface Subscription {
  /** The watcher, shared with every other subscriber of the same query. */
  readonly watcher: Watcher;
  /** Ends it; the watcher stops with its last subscription. */
  end(): Promise<void>;
}

interface Entry {
  watcher: Watcher;
  observers: Set<WatchObserver>;
}

/** Names a query: equal queries have equal keys. */
export function queryKey(query: Query): string {
  return JSON.stringify([query.service, query.tag ?? "", query.datacenter ?? ""]);
}

/** Watchers by query, each with its subscribers. */
export class Watchers {
  readonly #context: WatchContext;
  readonly #restored: ReadonlyMap<string, Restored>;
  readonly #entries = new Map<string, Entry>();

  /**
   * Makes an empty collection.
   *
   * @param context What all watchers share.
   * @param restored Lists of a former run, by {@linkcode queryKey}.
   */
  constructor(context: WatchContext, restored: ReadonlyMap<string, Restored>) {
    this.#context = context;
    this.#restored = restored;
  }

  /** Every watcher. */
  *[Symbol.iterator](): Iterator<Watcher> {
    for (const { watcher } of this.#entries.values()) yield watcher;
  }

  /**
   * Subscribes to a query and begins to watch it where nobody did.
   *
   * @param query What is asked.
   * @param intervalMs Interval where no blocking query is possible; the first subscriber's counts.
   * @param observer Who is told.
   * @returns The subscription.
   */
  subscribe(query: Query, intervalMs: number, observer: WatchObserver): Subscription {
    const key = queryKey(query);
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      const observers = new Set<WatchObserver>();
      const watcher = new Watcher(
        query,
        intervalMs,
        this.#context,
        fanOut(observers),
        this.#restored.get(key),
      );
      this.#entries.set(key, entry = { watcher, observers });
    }
    const { watcher, observers } = entry;
    observers.add(observer);
    watcher.start();
    return {
      watcher,
      end: async () => {
        observers.delete(observer);
        if (observers.size > 0 || this.#entries.get(key) !== entry) return;
        this.#entries.delete(key);
        await watcher.stop();
      },
    };
  }

  /** Stops every watcher. */
  async close(): Promise<void> {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    await Promise.all(entries.map(({ watcher }) => watcher.stop()));
  }
}

function fanOut(observers: ReadonlySet<WatchObserver>): WatchObserver {
  return {
    changed(change: Change): void {
      for (const observer of [...observers]) observer.changed(change);
    },
    believed(): void {
      for (const observer of [...observers]) observer.believed();
    },
    stateChanged(status: WatchStatus): void {
      for (const observer of [...observers]) observer.stateChanged(status);
    },
    failed(error: PilotedError): void {
      for (const observer of [...observers]) observer.failed(error);
    },
  };
}
