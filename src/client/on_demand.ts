/**
 * The client without loops, for places where nothing runs between two requests.
 *
 * @module
 */
import type { Config, WatchConfig } from "../config/config.ts";
import type { Endpoint } from "../endpoint.ts";
import { PilotedError } from "../errors.ts";
import { CachedService, type CacheOptions } from "../watch/cached_service.ts";
import type { PilotedStatus, ServiceStatus } from "../watch/status.ts";

/**
 * Endpoints of every watched service, asked for when somebody wants one and kept for a while. No
 * loop, no timer and no signal: what an edge runtime allows. Made by `createPiloted()` with
 * `mode: "on-demand"`.
 *
 * A list is fresh for `ttlMs`. For another `staleMs` it is given at once while a new one is on its
 * way; after that the caller waits. There is one question per service at a time, and while the
 * registry does not answer the last good list stays.
 */
export class OnDemandPiloted {
  /** The configuration in use. */
  readonly config: Config;
  /** Always `false`: a lookup waits only for a list that is too old. */
  readonly refreshing: boolean = false;
  readonly #services: ReadonlyMap<string, CachedService>;
  readonly #close: () => Promise<void>;
  #closed = false;

  /** @internal Use `createPiloted()`. */
  constructor(config: Config, options: CacheOptions, close: () => Promise<void>) {
    this.config = config;
    this.#close = close;
    const watches = new Map<string, WatchConfig[]>();
    for (const watch of config.watches) {
      const known = watches.get(watch.name);
      if (known === undefined) watches.set(watch.name, [watch]);
      else known.push(watch);
    }
    this.#services = new Map(
      [...watches].map(([name, own]) => [name, new CachedService(name, own, options)]),
    );
  }

  /** `"live"` for lists that refresh themselves, `"on-demand"` for lists that are read when needed. */
  readonly mode: "live" | "on-demand" = "on-demand";

  /** Names of the watched services, in the configuration's order. */
  get services(): readonly string[] {
    return [...this.#services.keys()];
  }

  /**
   * Makes sure that a list is there and fresh enough.
   *
   * @param name Name of a watched service.
   * @param waitUntil Takes work that goes on when there is nothing to wait for, such as
   * `executionContext.waitUntil` of an edge runtime.
   * @returns Resolves when the list may be used; `undefined` when it may be used at once.
   * @throws {PilotedError} `UNKNOWN_SERVICE` when it is not watched, `CLOSED` after `close()`.
   */
  load(name: string, waitUntil?: (work: Promise<unknown>) => void): Promise<void> | undefined {
    return this.#service(name).load(waitUntil);
  }

  /**
   * The next endpoint, from a list that is fresh enough.
   *
   * @param name Name of a watched service.
   * @returns A healthy endpoint; round robin over all of them.
   * @throws {PilotedError} `UNKNOWN_SERVICE`, `NO_ENDPOINTS` or `CLOSED`, by rejecting.
   */
  service(name: string): Promise<Endpoint> {
    try {
      const loading = this.load(name);
      if (loading === undefined) return Promise.resolve(this.pick(name));
      return loading.then(() => this.pick(name));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * The next endpoint of the list that is there, however old.
   *
   * @param name Name of a watched service.
   * @returns A healthy endpoint; round robin over all of them.
   * @throws {PilotedError} `UNKNOWN_SERVICE`, `NO_ENDPOINTS` (also before the first `load()`) or `CLOSED`.
   */
  pick(name: string): Endpoint {
    const service = this.#service(name);
    const endpoint = service.pool.pick();
    if (endpoint !== undefined) return endpoint;
    throw service.noEndpoints();
  }

  /**
   * Every endpoint of the list that is there, however old.
   *
   * @param name Name of a watched service.
   * @returns A frozen list, empty before the first `load()`.
   * @throws {PilotedError} `UNKNOWN_SERVICE` or `CLOSED`.
   */
  serviceHosts(name: string): readonly Endpoint[] {
    return this.#service(name).pool.endpoints;
  }

  /**
   * Asks for every service now. One that can't be read keeps its list; `status()` tells.
   *
   * @throws {PilotedError} `CLOSED` after `close()`, by rejecting.
   */
  async refresh(): Promise<void> {
    this.#open();
    await Promise.all([...this.#services.values()].map((service) => service.refresh()));
  }

  /** What is known of all services, and how fresh it is. Asks nothing. */
  status(): PilotedStatus;
  /**
   * What is known of one service.
   *
   * @param name Name of a watched service.
   * @throws {PilotedError} `UNKNOWN_SERVICE` when it is not watched, `CLOSED` after `close()`.
   */
  status(name: string): ServiceStatus;
  status(name?: string): PilotedStatus | ServiceStatus {
    if (name !== undefined) return this.#service(name).status();
    return {
      state: this.#closed ? "closed" : "ready",
      registry: this.config.consul.url,
      refreshing: false,
      services: [...this.#services.values()].map((service) => service.status()),
    };
  }

  /** Frees the connections to the registry. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#close();
  }

  /** The same as {@linkcode OnDemandPiloted.close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #open(): void {
    if (this.#closed) throw new PilotedError("CLOSED", "Cannot use this client: it was closed");
  }

  #service(name: string): CachedService {
    this.#open();
    const service = this.#services.get(name);
    if (service !== undefined) return service;
    const { services } = this;
    throw new PilotedError(
      "UNKNOWN_SERVICE",
      `Cannot look up service ${JSON.stringify(name)}: watched are ${JSON.stringify(services)}`,
      { service: name, services },
    );
  }
}
