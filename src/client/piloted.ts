/**
 * The client.
 *
 * @module
 */
import type { PickOptions } from "../balance/balancer.ts";
import type { Lease } from "../balance/lease.ts";
import type { Timer } from "../clock.ts";
import type { Config } from "../config/config.ts";
import type { Endpoint } from "../endpoint.ts";
import { PilotedError } from "../errors.ts";
import type { Fetch } from "../platform_fetch.ts";
import { type Registry, Session } from "../registry/session.ts";
import type { Change } from "../snapshot.ts";
import { abortable, onAbort, sleep } from "../wait.ts";
import { LiveWatch } from "../watch/live_watch.ts";
import { OnDemandWatch } from "../watch/on_demand_watch.ts";
import type { SnapshotFile } from "../watch/snapshot_file.ts";
import type { PilotedStatus, ServiceStatus } from "../watch/status.ts";
import { type CreateWatch, queryKey, WatchSet } from "../watch/watch_set.ts";
import { isSameRegistry } from "./connect_registry.ts";
import { createFetch } from "./create_fetch.ts";
import {
  EVENT_TYPES,
  type Events,
  type PilotedEvent,
  type PilotedEvents,
  type PilotedListener,
} from "./events.ts";
import { iterate } from "./iterate.ts";
import type { ResolvedOptions } from "./options.ts";
import { Refresher } from "./refresher.ts";
import type { RefreshSignal } from "./refresh_signal.ts";
import { Services } from "./services.ts";
import type { WatchedService } from "./watched_service.ts";

/** What a client is made with. */
export interface PilotedSetup {
  /** The configuration. */
  readonly config: Config;
  /** Options with defaults. */
  readonly options: ResolvedOptions;
  /** Where events go. */
  readonly events: Events;
  /** Reads the configuration again. */
  readonly reload: () => Promise<Config>;
  /** Connects to the registry that a configuration names. */
  readonly connect: (config: Config) => Registry;
  /** Keeps the last good lists over a restart. */
  readonly snapshotFile: SnapshotFile | undefined;
  /** SIGHUP, since the first call. */
  readonly refreshSignal: RefreshSignal | undefined;
}

/** Options of a wait. */
export interface WaitOptions {
  /** Ends the wait, by rejecting with its reason. @default {undefined} */
  readonly signal?: AbortSignal | undefined;
}

/** Options of {@linkcode Piloted.waitForEndpoints}. */
export interface WaitForEndpointsOptions extends WaitOptions {
  /** Maximum wait in milliseconds. @default {Infinity} */
  readonly timeoutMs?: number | undefined;
}

/** Options of {@linkcode Piloted.watch}. */
export interface WatchServiceOptions extends WaitOptions {
  /** Whether the first change is the current list, as `added`. @default {false} */
  readonly initial?: boolean | undefined;
}

/**
 * Endpoints of every watched service. Created by `createPiloted()`; `Names` are the names of the
 * services where the configuration is given as a literal, else `string`.
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
export class Piloted<Names extends string = string> {
  /**
   * A `fetch` that sends `http://customers/orders` to a healthy endpoint of `customers`, with the
   * defaults of `createFetch()`.
   */
  readonly fetch: Fetch;
  /** `"live"` for lists that refresh themselves, `"on-demand"` for lists that are read when needed. */
  readonly mode: "live" | "on-demand";
  readonly #setup: PilotedSetup;
  readonly #options: ResolvedOptions;
  readonly #events: Events;
  readonly #session: Session;
  readonly #watches: WatchSet;
  readonly #services: Services;
  readonly #refresher: Refresher;
  readonly #close = new AbortController();
  #config: Config;
  #state: PilotedStatus["state"] = "starting";
  #warningTimer: Timer | undefined;
  #closed: Promise<void> | undefined;

  /** @internal Use `createPiloted()`. */
  constructor(setup: PilotedSetup) {
    const { config, options, events, connect } = setup;
    const { clock, refreshTimeoutMs, keepProcessAlive, mode } = options;
    this.mode = mode;
    this.fetch = createFetch(this);
    this.#setup = setup;
    this.#options = options;
    this.#events = events;
    this.#config = config;
    this.#session = new Session(connect(config), {
      ...options,
      watchedCount: () => this.#services.names.length,
    });
    this.#watches = new WatchSet(this.#createWatch);
    this.#services = new Services({
      options,
      events,
      watches: this.#watches,
      emptyHint: () => this.#emptyHint(),
    });
    this.#refresher = new Refresher(
      () => this.#refreshAll(),
      clock,
      refreshTimeoutMs,
      !keepProcessAlive,
    );
  }

  /** The configuration in use. */
  get config(): Config {
    return this.#config;
  }

  /** Names of the watched services, in the configuration's order. */
  get services(): readonly Names[] {
    return this.#services.names as readonly Names[];
  }

  /** Whether a refresh is under way that `service()` waits for. */
  get refreshing(): boolean {
    return this.#refresher.gate !== undefined;
  }

  /** Aborts with a `CLOSED` error on `close()`: for work that must end with the client. */
  get closeSignal(): AbortSignal {
    return this.#close.signal;
  }

  /**
   * Reads every watched service once, and goes on from there. With mode `"on-demand"` nothing is
   * read before the first lookup.
   *
   * @internal `createPiloted()` calls it.
   * @throws {PilotedError} why the registry did not respond at all, unless the option
   * `onStartFailure` is `"background"`.
   */
  async start(): Promise<void> {
    const { snapshotFile, refreshSignal } = this.#setup;
    const { clock, onStartFailure } = this.#options;
    await this.#services.configure(this.#config.watches);
    if (this.#state === "closed") throw closedError();
    const failure = this.#services.startFailure();
    if (failure !== undefined && onStartFailure === "reject") {
      await this.close();
      throw failure;
    }
    this.#state = "ready";
    snapshotFile?.follow(this.#watches, {
      clock,
      failed: (error) => this.#events.emit("error", error),
    });
    const { closeSignal: signal } = this;
    if (snapshotFile) this.#events.on("change", () => snapshotFile.changed(), { signal });
    refreshSignal?.connect(() => void this.refresh().catch(() => {}));
    // After the caller has had the chance to add a listener.
    this.#warningTimer = clock.start(() => this.#warn(), 0, true);
  }

  /**
   * The next endpoint, synchronously and without waiting: the hot path.
   *
   * @param name Name of a watched service.
   * @returns A healthy endpoint, by the option `balancer`.
   * @throws {PilotedError} `UNKNOWN_SERVICE` when it is not watched, `NO_ENDPOINTS` when none may be
   * handed out (with mode `"on-demand"` also before the first `load()`), `CLOSED` after `close()`.
   */
  pick(name: Names): Endpoint {
    const endpoint = this.#services.get(name)?.pool.pick();
    if (endpoint !== undefined) return endpoint;
    throw this.#service(name).noEndpoints();
  }

  /**
   * The next endpoint, after a refresh under way; with mode `"on-demand"` from a list that is fresh
   * enough.
   *
   * @param name Name of a watched service.
   * @returns A healthy endpoint, by the option `balancer`.
   * @throws {PilotedError} as {@linkcode Piloted.pick}, by rejecting.
   */
  service(name: Names): Promise<Endpoint> {
    try {
      const loading = this.load(name);
      if (loading !== undefined) return loading.then(() => this.pick(name));
      const endpoint = this.#services.get(name)?.pool.pickResolved();
      return endpoint ?? Promise.resolve(this.pick(name));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Makes sure that the list of a service is fresh enough to be handed out. Live lists always are,
   * unless a refresh is under way.
   *
   * @param name Name of a watched service.
   * @param waitUntil Receives work that goes on when there is nothing to wait for, such as
   * `executionContext.waitUntil` of an edge runtime.
   * @returns Resolves when the list may be used; `undefined` when it may be used at once.
   * @throws {PilotedError} `UNKNOWN_SERVICE` when it is not watched, `CLOSED` after `close()`.
   */
  load(name: Names, waitUntil?: (work: Promise<unknown>) => void): Promise<void> | undefined {
    if (this.mode === "live") return this.#refresher.gate;
    return this.#service(name).load(waitUntil);
  }

  /**
   * An endpoint for the time of one request or connection: until the lease is released it counts
   * as busy, and how it ended is what the balancer and the outlier detection learn from.
   *
   * @param name Name of a watched service.
   * @param options `key` for the balancer `hash`, `exclude` for endpoints that were tried already.
   * @returns The lease. Release it, or declare it with `using`.
   * @throws {PilotedError} as {@linkcode Piloted.pick}.
   */
  acquire(name: Names, options?: PickOptions): Lease {
    const lease = this.#services.get(name)?.pool.acquire(options);
    if (lease !== undefined) return lease;
    throw this.#service(name).noEndpoints();
  }

  /**
   * Whether a service is watched.
   *
   * @param name Any name.
   */
  has(name: string): name is Names {
    return this.#services.get(name) !== undefined;
  }

  /**
   * Waits until a service has an endpoint.
   *
   * @param name Name of a watched service.
   * @param options How long at most.
   * @returns Whether there is one: `false` when the time is up.
   * @throws {PilotedError} `UNKNOWN_SERVICE` when it is not watched, `CLOSED` when the client is or
   * was closed; by rejecting.
   * @throws The signal's own reason when it aborts.
   */
  async waitForEndpoints(name: Names, options: WaitForEndpointsOptions = {}): Promise<boolean> {
    const { timeoutMs = Infinity, signal } = options;
    const { pool } = this.#service(name);
    const found = new AbortController();
    const isFound = () => pool.endpoints.length > 0;
    signal?.throwIfAborted();
    await this.load(name);
    if (isFound() || timeoutMs <= 0) return isFound();
    const stop = [
      this.#events.on("change", ({ service }) => {
        if (service === name && isFound()) found.abort();
      }),
      onAbort(this.closeSignal, (reason) => found.abort(reason)),
      onAbort(signal, (reason) => found.abort(reason)),
    ];
    try {
      await sleep(this.#options.clock, timeoutMs, { signal: found.signal });
    } catch {
      signal?.throwIfAborted();
      this.closeSignal.throwIfAborted();
    } finally {
      for (const remove of stop) remove();
    }
    return isFound();
  }

  /**
   * Every current endpoint, synchronously.
   *
   * @param name Name of a watched service.
   * @returns A frozen list, empty when none may be handed out.
   * @throws {PilotedError} `UNKNOWN_SERVICE` when it is not watched, `CLOSED` after `close()`.
   */
  serviceHosts(name: Names): readonly Endpoint[] {
    return this.#service(name).pool.endpoints;
  }

  /**
   * Reads every watched service again, as SIGHUP does. Calls during a refresh join into one more.
   * A service that can't be read keeps its list, and is reported by `error` events and `status()`.
   *
   * @throws {PilotedError} `CLOSED` when the client is or was closed, by rejecting.
   */
  refresh(): Promise<void> {
    if (this.#state === "closed") return Promise.reject(closedError());
    return abortable(this.#refresher.request(), this.closeSignal);
  }

  /**
   * Adds a listener.
   *
   * @param type `"refresh"`, `"change"`, `"status"`, `"balance"`, `"warning"` or `"error"`.
   * @param listener Called with each event. One that throws is reported as an `error` event.
   * @param options `signal` removes the listener when it aborts.
   * @returns Removes the listener.
   * @throws {TypeError} when the type is unknown or the listener is not a function.
   */
  on<T extends keyof PilotedEvents>(
    type: T,
    listener: PilotedListener<T>,
    options?: WaitOptions,
  ): () => void {
    return this.#events.on(type, listener, options);
  }

  /**
   * Waits for the next event of a type.
   *
   * @param type As for {@linkcode Piloted.on}.
   * @param options `signal` ends the wait.
   * @returns The event.
   * @throws {PilotedError} `CLOSED` when the client is or was closed.
   * @throws The signal's own reason when it aborts.
   */
  once<T extends keyof PilotedEvents>(
    type: T,
    options: WaitOptions = {},
  ): Promise<PilotedEvents[T]> {
    let remove = () => {};
    const event = new Promise<PilotedEvents[T]>((resolve) => {
      remove = this.#events.on(type, resolve as PilotedListener<T>);
    });
    return abortable(abortable(event, options.signal), this.closeSignal).finally(remove);
  }

  /**
   * All events, one after the other, as a tagged union of `{ type, detail }`.
   *
   * @param options `signal` ends the iteration, which then throws its reason.
   * @returns An async iterable that ends with `close()`.
   * @throws {PilotedError} `CLOSED` after `close()`.
   */
  events(options: WaitOptions = {}): AsyncIterableIterator<PilotedEvent> {
    this.#assertOpen();
    return iterate<PilotedEvent>((receive, end) => {
      const stop = EVENT_TYPES.map((type) =>
        this.#events.on(type, (detail) => receive({ type, detail } as PilotedEvent))
      );
      stop.push(onAbort(this.closeSignal, end));
      return () => stop.forEach((remove) => remove());
    }, options.signal);
  }

  /**
   * Changes of one service, one after the other, for programs that hold connections.
   *
   * @param name Name of a watched service.
   * @param options `initial` starts with the current list; `signal` ends the iteration, which then
   * throws its reason.
   * @returns An async iterable that ends with `close()`.
   * @throws {PilotedError} `UNKNOWN_SERVICE` when it is not watched, `CLOSED` after `close()`,
   * `UNSUPPORTED` with mode `"on-demand"`, which reads nothing by itself.
   */
  watch(name: Names, options: WatchServiceOptions = {}): AsyncIterableIterator<Change> {
    const { pool } = this.#service(name);
    if (this.mode === "on-demand") {
      throw new PilotedError(
        "UNSUPPORTED",
        `Cannot watch service ${JSON.stringify(name)}: mode "on-demand" reads only when somebody ` +
          'looks up; use mode "live"',
        { service: name },
      );
    }
    return iterate<Change>((receive, end) => {
      if (options.initial) receive(initialChange(name, pool.endpoints));
      const stop = [
        this.#events.on("change", (change) => {
          if (change.service === name) receive(change);
        }),
        onAbort(this.closeSignal, end),
      ];
      return () => stop.forEach((remove) => remove());
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
  status(name: Names): ServiceStatus;
  status(name?: Names): PilotedStatus | ServiceStatus {
    if (name !== undefined) return this.#service(name).status();
    return {
      state: this.#state,
      registry: this.#config.consul.url,
      refreshing: this.#refresher.running,
      services: this.#services.all.map((service) => service.status()),
    };
  }

  /** Ends everything: loops, timers, the signal listener, connections, every wait. Idempotent. */
  close(): Promise<void> {
    return this.#closed ??= this.#closeAll();
  }

  /** The same as {@linkcode Piloted.close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #closeAll(): Promise<void> {
    const { snapshotFile, refreshSignal } = this.#setup;
    this.#state = "closed";
    this.#warningTimer?.cancel();
    refreshSignal?.remove();
    this.#close.abort(closedError());
    await snapshotFile?.close();
    await this.#services.close();
    await this.#session.close();
  }

  readonly #createWatch: CreateWatch = (query, intervalMs, observer) => {
    if (this.mode === "on-demand") {
      return new OnDemandWatch(query, this.#session, this.#options, observer);
    }
    const restored = this.#setup.snapshotFile?.restored.get(queryKey(query));
    return new LiveWatch(query, intervalMs, this.#session, this.#options, observer, restored);
  };

  async #refreshAll(): Promise<void> {
    if (this.#options.reload) await this.#reload();
    if (this.#state !== "closed") await this.#services.refresh();
  }

  /** Takes over the file as it is now, or keeps the old configuration and reports why. */
  async #reload(): Promise<void> {
    try {
      const config = await this.#setup.reload();
      if (this.#state === "closed") return;
      const isSame = isSameRegistry(config, this.#config);
      this.#config = config;
      if (!isSame) this.#reconnect(config);
      this.#warn();
      await this.#services.configure(config.watches);
    } catch (cause) {
      const error = cause instanceof PilotedError ? cause : new PilotedError(
        "CONFIG_INVALID",
        "Cannot reload the configuration: reading it failed; the old one stays in use",
        { cause },
      );
      this.#events.emit("error", error);
    }
  }

  /** The new connection is in use before the old one is closed, which waits for its own reads. */
  #reconnect(config: Config): void {
    const replaced = this.#session.replace(this.#setup.connect(config));
    for (const watch of this.#watches) watch.reconnect();
    replaced.catch((cause) => {
      const message = "Cannot close the connection to the former registry";
      this.#events.emit("error", new PilotedError("REGISTRY_UNREACHABLE", message, { cause }));
    });
  }

  #warn(): void {
    for (const warning of this.#config.warnings) this.#events.emit("warning", warning);
  }

  #emptyHint(): string {
    const isConsul = this.#options.source === undefined;
    if (!isConsul || this.#config.consul.token !== undefined) return "";
    return " (no token is sent; with ACLs on, Consul then lists nothing)";
  }

  #service(name: string): WatchedService {
    this.#assertOpen();
    return this.#services.find(name);
  }

  #assertOpen(): void {
    if (this.#state === "closed") throw closedError();
  }
}

function initialChange(service: string, endpoints: readonly Endpoint[]): Change {
  const none = Object.freeze([]);
  return Object.freeze({ service, added: endpoints, removed: none, changed: none, endpoints });
}

function closedError(): PilotedError {
  return new PilotedError("CLOSED", "Cannot use this client: it was closed");
}
