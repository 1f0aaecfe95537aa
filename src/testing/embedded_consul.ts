/**
 * A Consul agent inside the process, for tests and for trying things out.
 *
 * @module
 */
import { Hono } from "hono";
import { type Clock, systemClock } from "../clock.ts";
import { listen, type Listener, type ListenOptions } from "../runtime/listen.ts";
import { addAgentRoutes } from "./agent_routes.ts";
import { Catalog } from "./catalog.ts";
import type { CheckStatus } from "./catalog_entry.ts";
import { addCatalogRoutes } from "./catalog_routes.ts";
import type { ConsulEnv, ConsulState, DatacenterState } from "./consul_context.ts";
import { readPath } from "./consul_path.ts";
import { EmbeddedDatacenter } from "./embedded_datacenter.ts";
import { agentNodeEntry, type EmbeddedService } from "./entries.ts";
import { type Fault, type FaultMatch, matches } from "./fault.ts";
import { LocalAgent } from "./local_agent.ts";
import { addReadRoutes } from "./read_routes.ts";
import { Refusal } from "./refusal.ts";

/** How an embedded Consul is made. */
export interface EmbeddedConsulOptions {
  /** Name of its own datacenter. @default {"dc1"} */
  datacenter?: string;
  /** Names of further datacenters that it knows the way to. @default {[]} */
  datacenters?: readonly string[];
  /** Name of its node. @default {"embedded"} */
  node?: string;
  /** Address of its node. @default {"127.0.0.1"} */
  nodeAddress?: string;
  /** Turns access control on: whoever has this token may do everything, others see empty lists. */
  token?: string;
  /** Time of blocking queries and TTL checks. @default {systemClock} */
  clock?: Clock;
  /** Random numbers in [0, 1), for the jitter of blocking queries. @default {Math.random} */
  random?: () => number;
}

/** A request that an embedded Consul has seen. */
export interface SeenRequest {
  /** HTTP method. */
  readonly method: string;
  /** Decoded path. */
  readonly path: string;
  /** Parameters, without a token; those that repeat are joined by commas. */
  readonly query: Readonly<Record<string, string>>;
  /** When it came, in milliseconds since the Unix epoch. */
  readonly at: number;
}

const LONGEST_MEMORY = 10_000;

/**
 * Answers like a Consul 1.8 agent for what discovery and registration need, from memory.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { EmbeddedConsul } from "@piloted/core/testing";
 *
 * const consul = new EmbeddedConsul();
 * consul.register({ name: "customers", address: "10.0.0.1", port: 8080 });
 * const response = await consul.fetch("http://consul/v1/health/service/customers?passing");
 * assertEquals((await response.json())[0].Service.Port, 8080);
 * await consul.close();
 * ```
 */
export class EmbeddedConsul {
  readonly #app = new Hono<ConsulEnv>();
  readonly #state: ConsulState;
  readonly #datacenters = new Map<string, EmbeddedDatacenter>();
  readonly #faults = new Set<{ fault: Fault; match: FaultMatch; left: number }>();
  readonly #requests: SeenRequest[] = [];
  readonly #listeners = new Set<Listener>();
  readonly #closing = new AbortController();

  /**
   * Makes one; nothing runs yet.
   *
   * @param options How.
   */
  constructor(options: EmbeddedConsulOptions = {}) {
    const { datacenter = "dc1", datacenters = [], node = "embedded" } = options;
    const { nodeAddress = "127.0.0.1", clock = systemClock, random = Math.random } = options;
    const states = [datacenter, ...datacenters].map((name, index): DatacenterState => {
      const catalog = new Catalog(10n);
      // The id only has to be a UUID of its own for every datacenter.
      const id = `00000000-0000-4000-8000-${String(index + 1).padStart(12, "0")}`;
      const nodeName = index === 0 ? node : `${node}-${name}`;
      const agent = new LocalAgent(catalog, agentNodeEntry(nodeName, id, nodeAddress), clock);
      return { name, catalog, agent };
    });
    for (const { name, catalog, agent } of states) {
      this.#datacenters.set(name, new EmbeddedDatacenter(name, catalog, agent));
    }
    this.#state = {
      datacenters: new Map(states.map((state) => [state.name, state])),
      local: states[0]!,
      token: options.token,
      clock,
      random,
    };
    addReadRoutes(this.#app, this.#state);
    addAgentRoutes(this.#app, this.#state);
    addCatalogRoutes(this.#app, this.#state);
    this.#app.notFound(() => new Response(null, { status: 404 }));
    this.#app.onError(refuse);
  }

  /** Requests seen so far, oldest first; at most the last 10,000. */
  get requests(): readonly SeenRequest[] {
    return this.#requests;
  }

  /** How many blocking queries wait now. */
  get waiting(): number {
    const catalogs = [...this.#state.datacenters.values()].map(({ catalog }) => catalog);
    return catalogs.reduce((sum, { listeners }) => sum + listeners, 0);
  }

  /** Its own datacenter. */
  get #local(): EmbeddedDatacenter {
    return this.#datacenters.get(this.#state.local.name)!;
  }

  /**
   * One of its datacenters.
   *
   * @param name Its name.
   * @returns It.
   * @throws {RangeError} when it knows no such datacenter.
   */
  datacenter(name: string): EmbeddedDatacenter {
    const datacenter = this.#datacenters.get(name);
    if (datacenter !== undefined) return datacenter;
    throw new RangeError(`Cannot find the datacenter: not among the given ones, received ${name}`);
  }

  /** See {@linkcode EmbeddedDatacenter.register}. */
  register(service: EmbeddedService): string {
    return this.#local.register(service);
  }

  /** See {@linkcode EmbeddedDatacenter.deregister}. */
  deregister(id: string, node?: string): void {
    this.#local.deregister(id, node);
  }

  /** See {@linkcode EmbeddedDatacenter.setStatus}. */
  setStatus(id: string, status: CheckStatus, output?: string, node?: string): void {
    this.#local.setStatus(id, status, output, node);
  }

  /** See {@linkcode EmbeddedDatacenter.maintenance}. */
  maintenance(id: string, on: boolean, reason?: string, node?: string): void {
    this.#local.maintenance(id, on, reason, node);
  }

  /**
   * Shows a fault from now on. The last one that was injected sees a request first.
   *
   * @param fault What to show.
   * @param match Which requests it is for. @default {all}
   * @returns Removes it.
   */
  inject(fault: Fault, match: FaultMatch = {}): () => void {
    const entry = { fault, match, left: match.times ?? Infinity };
    this.#faults.add(entry);
    return () => void this.#faults.delete(entry);
  }

  /**
   * Sets the index of everything, as when the servers were rebuilt from nothing.
   *
   * @param index The new index.
   */
  resetIndex(index: bigint | number): void {
    for (const { catalog } of this.#state.datacenters.values()) catalog.resetIndex(BigInt(index));
  }

  /**
   * Answers a request without any network. Can be used wherever a `fetch` is wanted.
   *
   * @param input URL or request; its origin does not matter.
   * @param init As for `fetch`; `signal` ends a blocking query.
   * @returns The answer. A redirect is not followed.
   * @throws {TypeError} when it was closed, as a `fetch` of something that is down.
   * @throws The signal's own reason when it aborts.
   */
  readonly fetch = (input: Request | URL | string, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init);
    return this.#answer(request, [request.signal, this.#closing.signal]);
  };

  /**
   * Answers over real HTTP.
   *
   * @param options Where to listen. @default {127.0.0.1 and any free port}
   * @returns The listener; closing it ends its blocking queries at once.
   */
  async listen(options: ListenOptions = {}): Promise<Listener> {
    const stop = new AbortController();
    // A client that goes away is not noticed: Consul too works on until the wait is over.
    const listener = await listen((request) => this.#answer(request, [stop.signal]), options);
    const close = () => {
      this.#listeners.delete(handle);
      stop.abort(closed());
      return listener.close();
    };
    const handle: Listener = { ...listener, close };
    this.#listeners.add(handle);
    return handle;
  }

  /** Ends all blocking queries, timers and listeners; after that it is like a dead agent. */
  async close(): Promise<void> {
    this.#closing.abort(closed());
    for (const { agent } of this.#state.datacenters.values()) agent.close();
    await Promise.all([...this.#listeners].map((listener) => listener.close()));
  }

  /** The same as {@linkcode EmbeddedConsul.close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #answer(request: Request, stop: readonly AbortSignal[]): Promise<Response> {
    const abort = new AbortController();
    const unlink = link(stop, abort);
    try {
      abort.signal.throwIfAborted();
      const url = new URL(request.url);
      const path = readPath(url);
      this.#remember(request.method, path, url.searchParams);
      let next = async () => await this.#app.fetch(request, { path, signal: abort.signal });
      for (const entry of this.#faults) {
        if (!matches(entry.match, request.method, path)) continue;
        entry.left--;
        if (entry.left <= 0) this.#faults.delete(entry);
        const inner = next;
        next = async () => await entry.fault(request, inner, abort.signal);
      }
      return await next();
    } catch (error) {
      return refuse(error);
    } finally {
      unlink();
    }
  }

  #remember(method: string, path: string, params: URLSearchParams): void {
    const query: Record<string, string> = {};
    for (const [name, value] of params) {
      if (name !== "token") query[name] = name in query ? `${query[name]},${value}` : value;
    }
    this.#requests.push({ method, path, query, at: this.#state.clock.now() });
    if (this.#requests.length > LONGEST_MEMORY) this.#requests.shift();
  }
}

function closed(): TypeError {
  return new TypeError("Cannot reach the embedded Consul: it was closed");
}

function refuse(error: unknown): Response {
  if (error instanceof Refusal) return error.response();
  throw error;
}

// AbortSignal.any would do, but keeps its sources alive on some runtimes.
function link(signals: readonly AbortSignal[], target: AbortController): () => void {
  const undo: (() => void)[] = [];
  for (const signal of signals) {
    const abort = () => target.abort(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort);
    undo.push(() => signal.removeEventListener("abort", abort));
  }
  return () => undo.forEach((remove) => remove());
}
