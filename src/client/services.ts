/**
 * All services that a client watches.
 *
 * @module
 */
import type { WatchConfig } from "../config/config.ts";
import { PilotedError } from "../errors.ts";
import type { Events } from "./events.ts";
import type { ResolvedOptions } from "./options.ts";
import type { WatchContext } from "../registry/watch_context.ts";
import type { Restored } from "../watch/watch_record.ts";
import { WatchedService } from "./watched_service.ts";
import { Watchers } from "../watch/watch_set.ts";

/** Services by name, and the watches behind them. */
export class WatchedServices {
  /** Every watch, shared where two services ask the same. */
  readonly watchers: Watchers;
  readonly #options: ResolvedOptions;
  readonly #events: Events;
  readonly #services = new Map<string, WatchedService>();
  #last: WatchedService | undefined;

  /**
   * Makes an empty collection.
   *
   * @param context What all watches share.
   * @param events Where changes, states and errors are told.
   * @param restored Lists of a former run.
   */
  constructor(context: WatchContext, events: Events, restored: ReadonlyMap<string, Restored>) {
    this.#options = context.options;
    this.#events = events;
    this.watchers = new Watchers(context, restored);
  }

  /** Names, in the configuration's order. */
  get names(): readonly string[] {
    return [...this.#services.keys()];
  }

  /** Every service, in the configuration's order. */
  get all(): readonly WatchedService[] {
    return [...this.#services.values()];
  }

  /** A service by its name. The hot path: looking up the same name again costs a third of a `Map`. */
  get(name: string): WatchedService | undefined {
    const last = this.#last;
    if (last !== undefined && last.name === name) return last;
    return this.#last = this.#services.get(name);
  }

  /**
   * A service by its name, or the reason why there is none.
   *
   * @throws {PilotedError} `UNKNOWN_SERVICE`, naming the watched ones.
   */
  find(name: string): WatchedService {
    const service = this.get(name);
    if (service !== undefined) return service;
    const { names } = this;
    const known = names.length === 0
      ? "the configuration watches none"
      : `watched are ${names.map((each) => JSON.stringify(each)).join(", ")}`;
    throw new PilotedError(
      "UNKNOWN_SERVICE",
      `Cannot look up service ${JSON.stringify(name)}: ${known}`,
      { service: name, services: names },
    );
  }

  /**
   * Takes the watches of a configuration: new ones are asked once before this resolves, those that
   * stay are not disturbed, those that went are stopped.
   *
   * @param watches All watches.
   */
  async configure(watches: readonly WatchConfig[]): Promise<void> {
    const byName = new Map<string, WatchConfig[]>();
    for (const watch of watches) {
      const same = byName.get(watch.name);
      if (same === undefined) byName.set(watch.name, [watch]);
      else same.push(watch);
    }
    const gone = this.all.filter(({ name }) => !byName.has(name));
    await Promise.all([...byName].map(([name, same]) => {
      let service = this.#services.get(name);
      if (service === undefined) {
        service = new WatchedService(name, this.#options, this.watchers, this.#events);
        this.#services.set(name, service);
      }
      return service.configure(same);
    }));
    for (const service of gone) {
      this.#services.delete(service.name);
      this.#last = undefined;
      await service.close();
    }
  }

  /** Reads every service again and tells of it. */
  async refresh(): Promise<void> {
    const { clock } = this.#options;
    const startedAt = clock.now();
    const services = this.all;
    const answered = await Promise.all(services.map((service) => service.refresh()));
    this.#events.emit("refresh", {
      services: services.map(({ name }) => name),
      failed: services.filter((_, position) => !answered[position]).map(({ name }) => name),
      durationMs: clock.now() - startedAt,
    });
  }

  /** Why not one watch has a list or an answer; `undefined` when at least one has, or there is none. */
  startFailure(): PilotedError | undefined {
    let failure: PilotedError | undefined;
    for (const watcher of this.watchers) {
      if (watcher.answered || watcher.confirmedAt !== undefined) return undefined;
      failure ??= watcher.error;
    }
    if (failure?.code !== "TIMEOUT") return failure;
    const { message, service } = failure;
    return new PilotedError("REGISTRY_UNREACHABLE", message, { cause: failure, service });
  }

  /** Ends every watch. Nothing is found from here on. */
  async close(): Promise<void> {
    const services = this.all;
    this.#services.clear();
    this.#last = undefined;
    await Promise.all(services.map((service) => service.close()));
    await this.watchers.close();
  }
}
