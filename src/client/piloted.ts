/**
 * The client.
 *
 * @module
 */
import type { PickOptions } from "../balance/balancer.ts";
import type { Lease } from "../balance/lease.ts";
import type { Config } from "../config/config.ts";
import type { Endpoint } from "../endpoint.ts";
import { PilotedError } from "../errors.ts";
import type { PilotedFetch } from "../fetch/call_options.ts";
import type { Change } from "../snapshot.ts";
import { abortable, onAbort, sleep } from "../wait.ts";
import type { PilotedStatus, ServiceStatus } from "../watch/status.ts";
import { createFetch } from "./create_fetch.ts";
import type { Engine } from "./engine.ts";
import {
  EVENT_TYPES,
  type PilotedEvent,
  type PilotedEvents,
  type PilotedListener,
} from "./events.ts";
import { iterate } from "./iterate.ts";
import type { WaitForEndpointsOptions, WaitOptions, WatchServiceOptions } from "./options.ts";
import type { Services } from "./services.ts";
import type { WatchedService } from "./watched_service.ts";

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
  readonly fetch: PilotedFetch;
  /** `"live"` for lists that refresh themselves, `"on-demand"` for lists that are read when needed. */
  readonly mode: "live" | "on-demand";
  readonly #engine: Engine;
  // Of the engine; the hot path takes one step less.
  readonly #services: Services;

  /** @internal Use `createPiloted()`. */
  constructor(engine: Engine) {
    this.#engine = engine;
    this.#services = engine.services;
    this.mode = engine.options.mode;
    this.fetch = createFetch(this);
  }

  /** The configuration in use. */
  get config(): Config {
    return this.#engine.config;
  }

  /** Names of the watched services, in the configuration's order. */
  get services(): readonly Names[] {
    return this.#services.names as readonly Names[];
  }

  /** Whether a refresh is under way that `service()` waits for. */
  get refreshing(): boolean {
    return this.#engine.refreshGate !== undefined;
  }

  /** Aborts with a `CLOSED` error on `close()`: for work that must end with the client. */
  get closeSignal(): AbortSignal {
    return this.#engine.closeSignal;
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
    const service = this.#services.get(name) ?? this.#service(name);
    return this.mode === "live" ? this.#engine.refreshGate : service.load(waitUntil);
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

  /** As `serviceNamed()` of a `FetchSource`; also after `close()`. */
  serviceNamed(host: string): string | undefined {
    return this.#services.named(host);
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
      this.#engine.events.on("change", ({ service }) => {
        if (service === name && isFound()) found.abort();
      }),
      onAbort(this.closeSignal, (reason) => found.abort(reason)),
      onAbort(signal, (reason) => found.abort(reason)),
    ];
    try {
      await sleep(this.#engine.options.clock, timeoutMs, { signal: found.signal });
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
    const { closeSignal } = this;
    if (closeSignal.aborted) return Promise.reject(closeSignal.reason);
    return abortable(this.#engine.refresh(), closeSignal);
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
    return this.#engine.events.on(type, listener, options);
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
      remove = this.#engine.events.on(type, resolve as PilotedListener<T>);
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
    this.#engine.assertOpen();
    return iterate<PilotedEvent>((receive, end) => {
      const stop = EVENT_TYPES.map((type) =>
        this.#engine.events.on(type, (detail) => receive({ type, detail } as PilotedEvent))
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
        this.#engine.events.on("change", (change) => {
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
      state: this.#engine.state,
      registry: this.#engine.config.consul.url,
      refreshing: this.#engine.isRefreshing,
      services: this.#services.all.map((service) => service.status()),
    };
  }

  /** Ends everything: loops, timers, the signal listener, connections, every wait. Idempotent. */
  close(): Promise<void> {
    return this.#engine.close();
  }

  /** The same as {@linkcode Piloted.close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #service(name: string): WatchedService {
    this.#engine.assertOpen();
    return this.#services.find(name);
  }
}

function initialChange(service: string, endpoints: readonly Endpoint[]): Change {
  const none = Object.freeze([]);
  return Object.freeze({ service, added: endpoints, removed: none, changed: none, endpoints });
}
