/**
 * The client.
 *
 * @module
 */
import type { Fetch } from "../platform_fetch.ts";
import type { PickOptions } from "../balance/balancer.ts";
import type { Lease } from "../balance/lease.ts";
import type { Config } from "../config/config.ts";
import type { Endpoint } from "../endpoint.ts";
import { PilotedError } from "../errors.ts";
import { onSignal } from "../runtime/signals.ts";
import type { Change } from "../snapshot.ts";
import { iterateChanges } from "./changes.ts";
import type { Events, PilotedEvents, PilotedListener } from "./events.ts";
import type { ResolvedOptions } from "./options.ts";
import { type PilotedParts, type Registry, sameRegistry } from "./piloted_parts.ts";
import { Refresher } from "./refresher.ts";
import type { PilotedStatus, ServiceStatus } from "../watch/status.ts";
import { waitForEndpoints } from "./wait_for_endpoints.ts";
import { createWatchContext, type WatchContext } from "../registry/watch_context.ts";
import type { Restored } from "../watch/watch_record.ts";
import type { WatchedService } from "./watched_service.ts";
import { WatchedServices } from "./services.ts";

/**
 * Endpoints of every watched service, kept fresh. Made by `createPiloted()`.
 *
 * @example
 * ```ts
 * import { createPiloted } from "@piloted/core";
 * import { EmbeddedConsul } from "@piloted/core/testing";
 * import { assertEquals } from "@std/assert";
 *
 * const consul = new EmbeddedConsul();
 * consul.register({ name: "customers", address: "10.0.0.1", port: 8080 });
 * await using piloted = await createPiloted({
 *   config: { consul: "127.0.0.1:8500", watches: [{ name: "customers" }] },
 *   fetch: consul.fetch,
 * });
 * assertEquals(piloted.pick("customers").host, "10.0.0.1:8080");
 * ```
 */
export class Piloted {
  /**
   * A `fetch` that sends `http://customers/orders` to a healthy endpoint of `customers`, with the
   * defaults of `createFetch()`.
   */
  readonly fetch: Fetch;
  readonly #options: ResolvedOptions;
  readonly #events: Events;
  readonly #parts: PilotedParts;
  readonly #context: WatchContext;
  readonly #services: WatchedServices;
  readonly #refresher: Refresher;
  readonly #ends = new Set<() => void>();
  #config: Config;
  #registry: Registry;
  #state: PilotedStatus["state"] = "starting";
  #removeSignal: (() => void) | undefined;
  #closed: Promise<void> | undefined;

  /** @internal Use `createPiloted()`. */
  constructor(parts: PilotedParts) {
    const { config, options, events, connect, snapshotFile } = parts;
    const { clock, refreshTimeoutMs, keepAlive } = options;
    this.#parts = parts;
    this.fetch = parts.createFetch(this);
    this.#options = options;
    this.#events = events;
    this.#config = config;
    this.#registry = connect(config);
    this.#context = createWatchContext(
      options,
      this.#registry.source,
      () => this.#registry.multiplexed(),
      () => this.#services.names.length,
    );
    const restored = snapshotFile?.restored ?? new Map<string, Restored>();
    this.#services = new WatchedServices(this.#context, events, restored);
    this.#refresher = new Refresher(
      () => this.#refreshAll(),
      clock,
      refreshTimeoutMs,
      !keepAlive,
    );
  }

  /** The configuration in use. */
  get config(): Config {
    return this.#config;
  }

  /** `"live"` for lists that refresh themselves, `"on-demand"` for lists that are read when needed. */
  readonly mode: "live" | "on-demand" = "live";

  /**
   * Makes sure that a list exists and is fresh enough.
   *
   * @param name Name of a watched service.
   * @param _waitUntil Receives work that goes on when there is nothing to wait for, such as
   * `executionContext.waitUntil` of an edge runtime. Live lists never have any.
   * @returns Resolves when the list may be used; `undefined` when it may be used at once.
   * @throws {PilotedError} `UNKNOWN_SERVICE` when it is not watched, `CLOSED` after `close()`.
   */
  load(name: string, _waitUntil?: (work: Promise<unknown>) => void): Promise<void> | undefined {
    this.#service(name);
    return this.#refresher.gate;
  }

  /** Names of the watched services, in the configuration's order. */
  get services(): readonly string[] {
    return this.#services.names;
  }

  /** Whether a refresh is under way that `service()` waits for. */
  get refreshing(): boolean {
    return this.#refresher.gate !== undefined;
  }

  /**
   * Asks for every watched service once, and goes on from there.
   *
   * @internal `createPiloted()` calls it.
   * @throws {PilotedError} why the registry answered nothing at all, unless the option
   * `onStartFailure` is `"background"`.
   */
  async start(): Promise<void> {
    if (this.#options.signals) {
      this.#removeSignal = onSignal("SIGHUP", () => void this.refresh().catch(() => {}));
    }
    await this.#services.configure(this.#config.watches);
    if (this.#state === "closed") throw this.#closedError();
    const failure = this.#services.startFailure();
    if (failure !== undefined && this.#options.onStartFailure === "reject") {
      await this.close();
      throw failure;
    }
    this.#state = "ready";
    this.#parts.snapshotFile?.follow(this.#services.watchers, this.#events, this.#options);
  }

  /**
   * The next endpoint, synchronously and without waiting: the hot path.
   *
   * @param name Name of a watched service.
   * @returns A healthy endpoint; round robin over all of them.
   * @throws {PilotedError} `UNKNOWN_SERVICE` when it is not watched, `NO_ENDPOINTS` when none is
   * healthy, `CLOSED` after `close()`.
   */
  pick(name: string): Endpoint {
    const endpoint = this.#services.get(name)?.pool.pick();
    if (endpoint !== undefined) return endpoint;
    throw this.#service(name).noEndpoints();
  }

  /**
   * The next endpoint, after a refresh under way.
   *
   * @param name Name of a watched service.
   * @returns A healthy endpoint; round robin over all of them.
   * @throws {PilotedError} as {@linkcode Piloted.pick}, by rejecting.
   */
  service(name: string): Promise<Endpoint> {
    const gate = this.#refresher.gate;
    if (gate !== undefined) return gate.then(() => this.pick(name));
    const endpoint = this.#services.get(name)?.pool.pickResolved();
    if (endpoint !== undefined) return endpoint;
    try {
      return Promise.resolve(this.pick(name));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * An endpoint for the time of one request or connection: until the lease is released it counts
   * as busy, and how it ended is what the balancer and the outlier detection go by.
   *
   * @param name Name of a watched service.
   * @param options `key` for the balancer `hash`, `exclude` for endpoints that were tried already.
   * @returns The lease. Release it, or declare it with `using`.
   * @throws {PilotedError} as {@linkcode Piloted.pick}.
   */
  acquire(name: string, options?: PickOptions): Lease {
    const lease = this.#services.get(name)?.pool.acquire(options);
    if (lease !== undefined) return lease;
    throw this.#service(name).noEndpoints();
  }

  /**
   * Whether a service is watched.
   *
   * @param name Any name.
   */
  has(name: string): boolean {
    return this.#services.get(name) !== undefined;
  }

  /**
   * Waits until a service has an endpoint, or until the time is up.
   *
   * @param name Name of a watched service.
   * @param timeoutMs Milliseconds to wait at most.
   * @param signal Ends the wait early.
   * @throws {PilotedError} `UNKNOWN_SERVICE` when it is not watched, `CLOSED` after `close()`.
   * @throws The signal's own reason when it aborts.
   */
  async waitForEndpoints(name: string, timeoutMs: number, signal?: AbortSignal): Promise<void> {
    const { pool } = this.#service(name);
    const has = () => pool.endpoints.length > 0;
    await waitForEndpoints(name, has, this.#events, this.#options.clock, timeoutMs, signal);
  }

  /**
   * Every current endpoint, synchronously.
   *
   * @param name Name of a watched service.
   * @returns A frozen list, empty when none is healthy.
   * @throws {PilotedError} `UNKNOWN_SERVICE` when it is not watched, `CLOSED` after `close()`.
   */
  serviceHosts(name: string): readonly Endpoint[] {
    return this.#service(name).pool.endpoints;
  }

  /**
   * Reads every watched service again, as SIGHUP does. Calls during a refresh join into one more.
   * A service that can't be read keeps its list and is told of by `error` events and `status()`.
   *
   * @throws {PilotedError} `CLOSED` after `close()`, by rejecting.
   */
  refresh(): Promise<void> {
    if (this.#state === "closed") return Promise.reject(this.#closedError());
    return this.#refresher.request();
  }

  /**
   * Listens.
   *
   * @param type `"refresh"`, `"change"`, `"status"`, `"balance"` or `"error"`.
   * @param listener Called with each event. One that throws is reported as an `error` event.
   * @param options `signal` ends the listening when it aborts.
   * @returns Ends the listening.
   * @throws {TypeError} when the type is unknown or the listener is not a function.
   */
  on<T extends keyof PilotedEvents>(
    type: T,
    listener: PilotedListener<T>,
    options?: { signal?: AbortSignal },
  ): () => void {
    return this.#events.on(type, listener, options);
  }

  /**
   * Changes of one service, one after the other, for people who hold connections.
   *
   * @param name Name of a watched service.
   * @param options `signal` ends the iteration, which then throws its reason.
   * @returns An async iterable that ends with `close()`.
   * @throws {PilotedError} `UNKNOWN_SERVICE` when it is not watched, `CLOSED` after `close()`.
   */
  watch(name: string, options: { signal?: AbortSignal } = {}): AsyncIterableIterator<Change> {
    this.#service(name);
    return iterateChanges({
      subscribe: (changed, ended) => {
        const remove = this.#events.on("change", (change) => {
          if (change.service === name) changed(change);
        });
        this.#ends.add(ended);
        return () => {
          remove();
          this.#ends.delete(ended);
        };
      },
    }, options.signal);
  }

  /** What is known of all services, how fresh it is, and why it is not fresher. */
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
      state: this.#state,
      registry: this.#config.consul.url,
      refreshing: this.#refresher.running,
      services: this.#services.all.map((service) => service.status()),
    };
  }

  /**
   * Ends everything: loops, timers, the signal listener, connections. Idempotent.
   */
  close(): Promise<void> {
    return this.#closed ??= this.#close();
  }

  /** The same as {@linkcode Piloted.close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#state = "closed";
    this.#removeSignal?.();
    this.#context.scheduler.close();
    this.#context.recovery.close();
    await this.#parts.snapshotFile?.close();
    await this.#services.close();
    for (const end of [...this.#ends]) end();
    await this.#registry.close();
  }

  async #refreshAll(): Promise<void> {
    if (this.#options.reload) await this.#reload();
    if (this.#state !== "closed") await this.#services.refresh();
  }

  /** Takes over the file as it is now, or keeps the old configuration and tells why. */
  async #reload(): Promise<void> {
    try {
      const config = await this.#parts.reload();
      if (this.#state === "closed") return;
      if (!sameRegistry(config, this.#config)) await this.#reconnect(config);
      this.#config = config;
      await this.#services.configure(config.watches);
    } catch (cause) {
      const error = cause instanceof PilotedError ? cause : new PilotedError(
        "CONFIG_INVALID",
        "Cannot reload the configuration: reading it failed; the old one stays",
        { cause },
      );
      this.#events.emit("error", error);
    }
  }

  async #reconnect(config: Config): Promise<void> {
    const old = this.#registry;
    this.#registry = this.#parts.connect(config);
    this.#context.source = this.#registry.source;
    for (const watcher of this.#services.watchers) watcher.forgetIndex();
    await old.close();
  }

  #service(name: string): WatchedService {
    if (this.#state === "closed") throw this.#closedError();
    return this.#services.find(name);
  }

  #closedError(): PilotedError {
    return new PilotedError("CLOSED", "Cannot use this client: it was closed");
  }
}
