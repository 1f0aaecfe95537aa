/**
 * All services that a client watches.
 *
 * @module
 */
import { closest } from "../check_options.ts";
import type { WatchConfig } from "../config/config.ts";
import { PilotedError } from "../errors.ts";
import { type ServiceContext, WatchedService } from "./watched_service.ts";

/** Services by name, and the watches behind them. */
export class Services {
  readonly #context: ServiceContext;
  readonly #services = new Map<string, WatchedService>();
  // By names in lower case, also of those that are no longer watched.
  readonly #everWatched = new Map<string, string>();
  #last: WatchedService | undefined;

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
   * The name of the service that the host of a URL means, whatever its case. A name that was ever
   * watched stays a service's, so that no request for it is sent to what DNS says of it.
   *
   * @param host Host of a URL.
   * @returns The name as the configuration has it, `undefined` when it was never watched.
   */
  named(host: string): string | undefined {
    return this.#services.has(host) ? host : this.#everWatched.get(host.toLowerCase());
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
        service = new WatchedService(name, this.#context);
        this.#services.set(name, service);
        const lower = name.toLowerCase();
        const known = this.#everWatched.get(lower);
        if (known === undefined || !byName.has(known)) this.#everWatched.set(lower, name);
      }
      return service.configure(same);
    }));
    for (const service of gone) {
      this.#services.delete(service.name);
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
    this.#services.clear();
    this.#last = undefined;
    await Promise.all(services.map((service) => service.close()));
    await this.#context.watches.close();
  }
}
