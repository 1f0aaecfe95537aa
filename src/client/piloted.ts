/**
 * The client.
 *
 * @module
 */
import type { PickOptions } from "../balance/balancer.ts";
import type { Lease } from "../balance/lease.ts";
import type { Config } from "../config/config.ts";
import type { WatchObject } from "../config/config_object.ts";
import type { Endpoint } from "../endpoint.ts";
import type { PilotedFetch } from "../fetch/call_options.ts";
import type { Change } from "../snapshot.ts";
import { abortable } from "../wait.ts";
import type { RegisterOptions } from "../registration/options.ts";
import type { Registration } from "../registration/registration.ts";
import type { JobChecks } from "../registration/job_options.ts";
import type { PilotedStatus, ServiceStatus } from "../watch/status.ts";
import { createFetch } from "./create_fetch.ts";
import type { Engine } from "./engine.ts";
import { addWatch, type WatchHandle } from "./add_watch.ts";
import { allEvents, nextEvent, serviceChanges, waitForEndpoints } from "./event_waits.ts";
import type { PilotedEvent, PilotedEvents, PilotedListener } from "./events.ts";
import type { WaitForEndpointsOptions, WaitOptions, WatchServiceOptions } from "./wait_options.ts";
import type { Inspection } from "./inspect.ts";
import { Registrations } from "./registrations.ts";
import type { Services } from "./services.ts";
import type { WatchedService } from "./watched_service.ts";

/**
 * Endpoints of every watched service. Created by `createPiloted()`; `Names` are the names of the
 * services where the configuration is given as a literal, else `string`.
 */
export class Piloted<Names extends string = string> {
  /** Sends `http://customers/orders` to an endpoint of `customers`, as `createFetch()` does. */
  readonly fetch: PilotedFetch;
  /** `"live"` for lists that refresh themselves, `"on-demand"` for lists that are read when needed. */
  readonly mode: "live" | "on-demand";
  readonly #engine: Engine;
  readonly #services: Services;
  readonly #registrations: Registrations;

  /** @internal Use `createPiloted()`. */
  constructor(engine: Engine) {
    this.#engine = engine;
    this.#services = engine.services;
    this.#registrations = new Registrations(engine);
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

  /** Aborts with `CLOSED` on `close()`: for work that must end with the client. */
  get closeSignal(): AbortSignal {
    return this.#engine.closeSignal;
  }

  /**
   * The next endpoint, synchronously and without waiting: the hot path.
   *
   * @param name Name of a watched service.
   * @param options Which endpoints may be picked; `key` for the balancer `hash`. @default {all}
   * @returns A healthy endpoint, by the option `balancer`.
   * @throws {PilotedError} `UNKNOWN_SERVICE` when it is not watched, `NO_ENDPOINTS` when none matches or
   * may be handed out (on demand also before the first `load()`), `CLOSED` after `close()`.
   * @throws {TypeError} when an option is unknown or of the wrong type.
   */
  pick(name: Names, options?: PickOptions): Endpoint {
    const endpoint = this.#services.get(name)?.pool.pick(options);
    if (endpoint !== undefined) return endpoint;
    throw this.#service(name).noEndpoints(options);
  }

  /**
   * The next endpoint, after a refresh under way; on demand, from a list that is fresh enough.
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
   * Makes sure that the list of a service is fresh enough. Live lists are, unless a refresh runs.
   *
   * @param name Name of a watched service.
   * @param waitUntil Receives work that goes on, such as `executionContext.waitUntil` at the edge.
   * @returns Resolves when the list may be used; `undefined` when it may be used at once.
   * @throws {PilotedError} `UNKNOWN_SERVICE` when it is not watched, `CLOSED` after `close()`.
   */
  load(name: Names, waitUntil?: (work: Promise<unknown>) => void): Promise<void> | undefined {
    if (this.mode === "live") {
      if (this.#services.get(name) === undefined) this.#service(name);
      return this.#engine.refreshGate;
    }
    const listing = this.#engine.loadCatalog(name, waitUntil);
    if (listing !== undefined) return listing.then(() => this.#service(name).load(waitUntil));
    return this.#service(name).load(waitUntil);
  }

  /**
   * An endpoint for the time of one request or connection: it counts as busy until the lease is
   * released, and how it ended is what balancer and outlier detection learn from.
   *
   * @param name Name of a watched service.
   * @param options Which may be picked; `key` for the balancer `hash`, `exclude` for those tried already.
   * @returns The lease. Release it, or declare it with `using`.
   * @throws {PilotedError} as {@linkcode Piloted.pick}.
   */
  acquire(name: Names, options?: PickOptions): Lease {
    const lease = this.#services.get(name)?.pool.acquire(options);
    if (lease !== undefined) return lease;
    throw this.#service(name).noEndpoints(options);
  }

  /**
   * Whether a service is watched; with mode `"on-demand"` a pattern is enough until the first list.
   *
   * @param name Any name.
   */
  has(name: string): name is Names {
    return this.#services.get(name) !== undefined || this.#engine.mayFind(name);
  }

  /**
   * Watches one more service from now on, for programs that learn of a service at run time. Watches
   * of one query share their reads, however often they are added.
   *
   * @param watch The watch, with the keys of `watches` in a configuration object; no templates.
   * @returns Ends the watch: `close()`, or `await using`. Live, it has been read once, or is retried.
   * @throws {TypeError} when the watch is invalid, by rejecting.
   * @throws {PilotedError} `CLOSED` when the client is or was closed, by rejecting.
   *
   * @example
   * ```ts
   * import { createPiloted } from "@piloted/core";
   * import { EmbeddedConsul } from "@piloted/core/testing";
   * import { assertEquals } from "@std/assert";
   *
   * const consul = new EmbeddedConsul();
   * consul.register({ name: "db", tags: ["primary"], address: "10.0.0.1", port: 5432 });
   * await using piloted = await createPiloted({
   *   config: { consul: "127.0.0.1:8500" },
   *   fetch: consul.fetch,
   * });
   * await using watch = await piloted.watchService({ name: "db", tag: "primary", as: "db-primary" });
   * assertEquals(piloted.pick(watch.name).port, 5432);
   * ```
   */
  async watchService(watch: WatchObject): Promise<WatchHandle<Names>> {
    return await addWatch<Names>(this.#engine, watch);
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
  waitForEndpoints(name: Names, options: WaitForEndpointsOptions = {}): Promise<boolean> {
    return waitForEndpoints(this.#engine, options, async () => {
      // Where there are patterns the service may be known only afterwards.
      await this.load(name);
      return this.#service(name);
    });
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
   * Reads every instance of a service now, whatever its health, and the output of its checks.
   *
   * @param name Name of a watched service.
   * @param options `signal` ends the read, which then throws its reason.
   * @throws {PilotedError} as {@linkcode Piloted.status}, by rejecting.
   */
  async inspect(name: Names, { signal }: WaitOptions = {}): Promise<Inspection> {
    return await this.#service(name).inspect(signal ?? this.closeSignal);
  }

  /**
   * Reads every watched service again, as SIGHUP does. Calls during a refresh join into one more.
   * A service that can't be read keeps its list, and is reported by `error` events and `status()`.
   *
   * @throws {PilotedError} `CLOSED` when the client is or was closed, by rejecting.
   */
  refresh(): Promise<void> {
    const { closeSignal: signal } = this;
    return signal.aborted
      ? Promise.reject(signal.reason)
      : abortable(this.#engine.refresh(), signal);
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
    return nextEvent(this.#engine, type, options);
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
    return allEvents(this.#engine, options);
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
    return serviceChanges(this.#engine, this.#service(name), options);
  }

  /**
   * Registers this process in Consul, and keeps it registered until `close()` whatever happens.
   *
   * @param options Name, port, and what else is registered.
   * @returns The handle, at once: `await registration.ready` to wait until others find it.
   * @throws {PilotedError} `CONFIG_INVALID` when no interface matches, `UNSUPPORTED`, `CLOSED`.
   * @throws {TypeError} when an option is not valid.
   */
  register(options: RegisterOptions): Promise<Registration> {
    return this.#registrations.register(options);
  }

  /**
   * Registers every job with a port of the configuration (version 2: every service) as
   * ContainerPilot does: after its first passing check, and with its TTL as the tolerance.
   *
   * @param checks Checks by name of the job, in place of the programs that ContainerPilot runs.
   * @returns The handles, in the configuration's order.
   * @throws {PilotedError} as {@linkcode Piloted.register}; also when there is no job with a port.
   */
  registerJobs(checks: JobChecks = {}): Promise<readonly Registration[]> {
    return this.#registrations.registerJobs(checks);
  }

  /** What is known of all services, how fresh it is, and why it is not fresher. */
  status(): PilotedStatus;
  /**
   * What is known of one service.
   * @param name Name of a watched service.
   * @throws {PilotedError} `UNKNOWN_SERVICE` when it is not watched, `CLOSED` after `close()`.
   */
  status(name: Names): ServiceStatus;
  status(name?: Names): PilotedStatus | ServiceStatus {
    if (name !== undefined) return this.#service(name).status();
    return {
      state: this.#engine.state,
      registry: this.#engine.registryAddress,
      refreshing: this.#engine.isRefreshing,
      services: this.#services.all.map((service) => service.status()),
      registrations: this.#registrations.status(),
    };
  }

  /** Ends everything, registrations first: loops, timers, connections, every wait. Idempotent. */
  close(): Promise<void> {
    return this.#registrations.close();
  }

  /** For `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #service(name: string): WatchedService {
    this.#engine.assertOpen();
    return this.#services.find(name);
  }
}
