/**
 * All services that a client watches.
 *
 * @module
 */
import { closest } from "../check_options.ts";
import type { WatchConfig } from "../config/config.ts";
import { PilotedError } from "../errors.ts";
import { type ServiceContext, WatchedService } from "./watched_service.ts";

/**
 * Services by the name that they are looked up by, and the watches behind them. Consul compares
 * names without regard to case, and hosts of URLs are in lower case: `myService` is found as
 * `myservice`, and two spellings are one service, under the first of them.
 */
export class Services {
  readonly #context: ServiceContext;
  /** By their name in lower case. */
  readonly #services = new Map<string, WatchedService>();
  /** The same by their name as it is, for the hot path. */
  readonly #exact = new Map<string, WatchedService>();
  #configured: readonly WatchConfig[] = [];
  /** Watches that were added at run time, each as often as it was. */
  readonly #added = new Set<{ readonly watch: WatchConfig }>();
  #discovered: readonly WatchConfig[] = [];
  // By names in lower case, also of those that are no longer watched.
  readonly #everWatched = new Map<string, string>();
  #last: WatchedService | undefined;
  #lastName = "";
  #isClosed = false;

  /**
   * Creates an empty collection.
   *
   * @param context What all services share.
   */
  constructor(context: ServiceContext) {
    this.#context = context;
  }

  /** Names, in the configuration's order. */
  get names(): readonly string[] {
    return this.all.map(({ name }) => name);
  }

  /** Every service, in the configuration's order. */
  get all(): readonly WatchedService[] {
    return [...this.#services.values()];
  }

  /** A service by its name. The hot path: looking up the same name again costs a third of a `Map`. */
  get(name: string): WatchedService | undefined {
    if (this.#lastName === name && this.#last !== undefined) return this.#last;
    if (typeof name !== "string") return undefined;
    this.#lastName = name;
    return this.#last = this.#exact.get(name) ?? this.#services.get(name.toLowerCase());
  }

  /**
   * The name of the service that the host of a URL means, whatever its case. A name that was ever
   * watched stays a service's, so that no request for it is sent to what DNS says of it.
   *
   * @param host Host of a URL.
   * @returns The name as the configuration has it, `undefined` when it was never watched.
   */
  named(host: string): string | undefined {
    return this.#everWatched.get(host.toLowerCase());
  }

  /**
   * A service by its name.
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
    const meant = typeof name === "string" ? closest(name, names) : undefined;
    const hint = meant === undefined ? "" : `; did you mean ${JSON.stringify(meant)}?`;
    throw new PilotedError(
      "UNKNOWN_SERVICE",
      `Cannot look up service ${JSON.stringify(name)}: ${known}${hint}`,
      { service: name, services: names },
    );
  }

  /**
   * Takes the watches of a configuration: new ones are read once before this resolves (with mode
   * `"live"`), those that stay are not disturbed, those that went are stopped.
   *
   * @param watches All watches.
   */
  async configure(watches: readonly WatchConfig[]): Promise<void> {
    this.#configured = watches;
    await this.#apply();
  }

  /**
   * Takes the services that match a pattern. A service that is watched otherwise stays as it is.
   *
   * @param watches All of them.
   */
  async discover(watches: readonly WatchConfig[]): Promise<void> {
    this.#discovered = watches;
    await this.#apply();
  }

  /**
   * Adds a watch; with mode `"live"` it has been read once when this resolves.
   *
   * @param watch The watch.
   * @returns Takes it back. The reading ends with the last one of the same query.
   */
  async add(watch: WatchConfig): Promise<() => Promise<void>> {
    const entry = { watch };
    this.#added.add(entry);
    const key = lookupName(watch).toLowerCase();
    await this.#apply([key]);
    return async () => {
      if (this.#added.delete(entry)) await this.#apply([key]);
    };
  }

  /** Watches by the name that they are looked up by, in lower case. */
  #wanted(): ReadonlyMap<string, readonly WatchConfig[]> {
    const wanted = new Map<string, WatchConfig[]>();
    const add = (watch: WatchConfig) => {
      const key = lookupName(watch).toLowerCase();
      const same = wanted.get(key);
      if (same === undefined) wanted.set(key, [watch]);
      else same.push(watch);
    };
    this.#configured.forEach(add);
    for (const { watch } of this.#added) add(watch);
    for (const watch of this.#discovered) if (!wanted.has(watch.name.toLowerCase())) add(watch);
    return wanted;
  }

  /** Brings services up to date: all of them, or those of these names. Calls may overlap. */
  async #apply(keys?: readonly string[]): Promise<void> {
    if (this.#isClosed) return;
    const wanted = this.#wanted();
    const all = keys ?? [...new Set([...wanted.keys(), ...this.#services.keys()])];
    await Promise.all(all.map((key) => {
      const watches = wanted.get(key);
      if (watches === undefined) return undefined;
      let service = this.#services.get(key);
      if (service === undefined) {
        service = new WatchedService(lookupName(watches[0]!), this.#context);
        this.#services.set(key, service);
        this.#exact.set(service.name, service);
        this.#last = undefined;
        this.#everWatched.set(key, service.name);
      }
      return service.configure(watches);
    }));
    const left = this.#wanted();
    for (const key of all) {
      const service = this.#services.get(key);
      if (service === undefined || left.has(key)) continue;
      this.#services.delete(key);
      this.#exact.delete(service.name);
      this.#last = undefined;
      await service.close();
    }
  }

  /** Reads every service again and emits a `refresh` event. */
  async refresh(): Promise<void> {
    const { options: { clock }, events } = this.#context;
    const startedAt = clock.now();
    const services = this.all;
    const succeeded = await Promise.all(services.map((service) => service.refresh()));
    events.emit("refresh", {
      services: services.map(({ name }) => name),
      failed: services.filter((_, index) => !succeeded[index]).map(({ name }) => name),
      durationMs: clock.now() - startedAt,
    });
  }

  /** Why no watch has a list or a response; `undefined` when at least one has, or there is none. */
  startFailure(): PilotedError | undefined {
    let failure: PilotedError | undefined;
    for (const { state } of this.#context.watches) {
      if (state.answered || state.confirmedAt !== undefined) return undefined;
      failure ??= state.error;
    }
    if (failure?.code !== "TIMEOUT") return failure;
    const { message, service } = failure;
    return new PilotedError("REGISTRY_UNREACHABLE", message, { cause: failure, service });
  }

  /** Ends every watch. Nothing is found from here on. */
  async close(): Promise<void> {
    const services = this.all;
    this.#isClosed = true;
    this.#services.clear();
    this.#exact.clear();
    this.#last = undefined;
    await Promise.all(services.map((service) => service.close()));
    await this.#context.watches.close();
  }
}

/** The name that the application looks a watch up by. */
function lookupName(watch: WatchConfig): string {
  return watch.as ?? watch.name;
}
