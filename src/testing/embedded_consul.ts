/**
 * A Consul agent inside the process, for tests and experiments.
 *
 * @module
 */
import { Hono } from "hono";
import { systemClock } from "../clock.ts";
import { listen, type Listener, type ListenOptions } from "../runtime/listen.ts";
import { AccessControl, type TokenGrant } from "./acl.ts";
import { addAclRoutes } from "./acl_routes.ts";
import { addAgentRoutes } from "./agent_routes.ts";
import { Catalog } from "./catalog.ts";
import type { CheckStatus } from "./catalog_entry.ts";
import { addCatalogRoutes } from "./catalog_routes.ts";
import type { ConsulEnv, ConsulState, DatacenterState } from "./consul_context.ts";
import { readPath } from "./consul_path.ts";
import { decompressed } from "./decompressed.ts";
import { type EmbeddedConsulOptions, resolveVersion } from "./embedded_consul_options.ts";
import { EmbeddedDatacenter } from "./embedded_datacenter.ts";
import { agentNodeEntry, type EmbeddedService } from "./entries.ts";
import { type Fault, type FaultMatch, matches } from "./fault.ts";
import { LocalAgent } from "./local_agent.ts";
import { addReadRoutes } from "./read_routes.ts";
import { Refusal } from "./refusal.ts";
import { onAbort } from "../wait.ts";
import { Stop } from "./stop.ts";
import type { WireProfile } from "./wire_profile.ts";

/** A request that an embedded Consul received. */
export interface SeenRequest {
  /** HTTP method. */
  readonly method: string;
  /** Decoded path. */
  readonly path: string;
  /** Query parameters, without the token. Repeated ones are joined with commas. */
  readonly query: Readonly<Record<string, string>>;
  /** When it was received, in milliseconds since the Unix epoch. */
  readonly at: number;
}

const LONGEST_MEMORY = 10_000;

/**
 * Responds like a Consul agent of one of several versions to the requests of discovery and
 * registration. Keeps its state in memory.
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
  readonly #closing = new Stop();
  #restarted = new Stop();

  /**
   * Creates an agent. It starts no timer and opens no port.
   *
   * @param options Version, access control, names, clock.
   * @throws {TypeError} when an option is unknown or of a wrong type.
   * @throws {RangeError} when the version has no streaming backend.
   */
  constructor(options: EmbeddedConsulOptions = {}) {
    const { profile, streaming } = resolveVersion(options);
    const { acl, enterprise = false } = options;
    const { datacenter = "dc1", datacenters = [], node = "embedded" } = options;
    const { nodeAddress = "127.0.0.1", clock = systemClock, random = Math.random } = options;
    const states = [datacenter, ...datacenters].map((name, index): DatacenterState => {
      const catalog = new Catalog(10n);
      // Any UUID that differs between datacenters.
      const id = `00000000-0000-4000-8000-${String(index + 1).padStart(12, "0")}`;
      const nodeName = index === 0 ? node : `${node}-${name}`;
      const entry = agentNodeEntry(nodeName, id, nodeAddress, nodeMeta(profile));
      const agent = new LocalAgent(catalog, entry, clock, profile.release);
      return { name, catalog, agent };
    });
    for (const { name, catalog, agent } of states) {
      this.#datacenters.set(name, new EmbeddedDatacenter(name, catalog, agent));
    }
    this.#state = {
      datacenters: new Map(states.map((state) => [state.name, state])),
      local: states[0]!,
      access: new AccessControl(acl, clock),
      profile,
      streaming,
      enterprise,
      clock,
      random,
    };
    addReadRoutes(this.#app, this.#state);
    addAgentRoutes(this.#app, this.#state);
    addCatalogRoutes(this.#app, this.#state);
    addAclRoutes(this.#app, this.#state);
    this.#app.notFound(() => new Response(null, { status: 404 }));
    this.#app.onError(refuse);
  }

  /** Requests received so far, oldest first. Only the last 10,000 are kept. */
  get requests(): readonly SeenRequest[] {
    return this.#requests;
  }

  /** Number of open blocking queries. */
  get waiting(): number {
    const catalogs = [...this.#state.datacenters.values()].map(({ catalog }) => catalog);
    return catalogs.reduce((sum, { listeners }) => sum + listeners, 0);
  }

  /** Its own datacenter. */
  get #local(): EmbeddedDatacenter {
    return this.#datacenters.get(this.#state.local.name)!;
  }

  /**
   * Returns one of its datacenters.
   *
   * @param name Name of the datacenter.
   * @returns The datacenter.
   * @throws {RangeError} when there is no datacenter of this name.
   */
  datacenter(name: string): EmbeddedDatacenter {
    const datacenter = this.#datacenters.get(name);
    if (datacenter !== undefined) return datacenter;
    throw new RangeError(
      `Cannot find datacenter ${JSON.stringify(name)}: add it to the option datacenters`,
    );
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
   * Applies a fault to matching requests from now on. When several match, the one injected last
   * receives the request first.
   *
   * @param fault The fault, ready-made from `faults` or your own.
   * @param match Which requests it applies to. @default {all}
   * @returns Removes the fault.
   */
  inject(fault: Fault, match: FaultMatch = {}): () => void {
    const entry = { fault, match, left: match.times ?? Infinity };
    this.#faults.add(entry);
    return () => void this.#faults.delete(entry);
  }

  /**
   * Adds a token, or replaces the rules of an existing one.
   *
   * @param secret Its secret.
   * @param grant What it may do.
   * @throws {RangeError} when ACLs are off.
   */
  addToken(secret: string, grant: TokenGrant): void {
    if (!this.#state.access.enabled) {
      throw new RangeError("Cannot add a token: ACLs are off, use the option acl");
    }
    this.#state.access.add(secret, grant);
  }

  /**
   * Revokes a token: requests with it receive 403 "ACL not found" from then on.
   *
   * @param secret Its secret.
   * @throws {RangeError} when there is no such token.
   */
  revokeToken(secret: string): void {
    if (this.#state.access.remove(secret)) return;
    throw new RangeError("Cannot revoke a token: there is none with this secret");
  }

  /**
   * Restarts the agent without its data: the services and checks that were registered with it are
   * gone, and open blocking queries fail. Other nodes and the tokens stay.
   */
  reset(): void {
    this.#restarted.stop(new TypeError("Cannot continue: the embedded Consul was restarted"));
    this.#restarted = new Stop();
    this.#state.local.agent.reset();
  }

  /**
   * Sets every index, as when the servers are rebuilt from scratch.
   *
   * @param index The new index.
   */
  resetIndex(index: bigint | number): void {
    for (const { catalog } of this.#state.datacenters.values()) catalog.resetIndex(BigInt(index));
  }

  /**
   * Handles a request without any network. Can be passed wherever a `fetch` is expected.
   *
   * @param input URL or request; its origin is ignored.
   * @param init As for `fetch`; `signal` ends a blocking query.
   * @returns The response. Redirects are not followed.
   * @throws {TypeError} after `close()`, like a `fetch` to a server that is down.
   * @throws The signal's own reason when it aborts.
   */
  readonly fetch = (input: Request | URL | string, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init);
    return this.#answer(request, [this.#closing], request.signal).then(decompressed);
  };

  /**
   * Serves HTTP.
   *
   * @param options Address and port. @default {127.0.0.1 and any free port}
   * @returns The listener. Closing it ends its blocking queries at once.
   */
  async listen(options: ListenOptions = {}): Promise<Listener> {
    const stop = new Stop();
    // A disconnected client is not noticed; Consul also continues until the wait is over.
    const listener = await listen((request) => this.#answer(request, [stop]), options);
    const close = () => {
      this.#listeners.delete(handle);
      stop.stop(closed());
      return listener.close();
    };
    const handle: Listener = { ...listener, close };
    this.#listeners.add(handle);
    return handle;
  }

  /** Ends all blocking queries, timers and listeners. `fetch` then rejects, as if it were down. */
  async close(): Promise<void> {
    this.#closing.stop(closed());
    for (const { agent } of this.#state.datacenters.values()) agent.close();
    await Promise.all([...this.#listeners].map((listener) => listener.close()));
  }

  /** The same as {@linkcode EmbeddedConsul.close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #answer(
    request: Request,
    stops: readonly Stop[],
    signal?: AbortSignal,
  ): Promise<Response> {
    const abort = new AbortController();
    const end = (reason: unknown) => abort.abort(reason);
    // Not AbortSignal.any(), which keeps its sources alive on some runtimes.
    const undo = [...stops, this.#restarted].map((stop) => stop.onStop(end));
    undo.push(onAbort(signal, end));
    try {
      abort.signal.throwIfAborted();
      const url = new URL(request.url);
      const path = readPath(url);
      this.#remember(request.method, path, url.searchParams);
      let next = () => this.#respond(request, path, abort.signal);
      for (const entry of this.#faults) {
        if (!matches(entry.match, request.method, path)) continue;
        entry.left--;
        if (entry.left <= 0) this.#faults.delete(entry);
        const inner = next;
        next = async () => await entry.fault(request, inner, abort.signal);
      }
      return await next();
    } catch (error) {
      return this.#withPolicy(refuse(error));
    } finally {
      undo.forEach((remove) => remove());
      // Ends what a fault no longer waits for.
      abort.abort(new TypeError("Cannot continue: the response was sent"));
    }
  }

  async #respond(request: Request, path: string, signal: AbortSignal): Promise<Response> {
    return this.#withPolicy(await this.#app.fetch(request, { path, signal }));
  }

  #withPolicy(response: Response): Response {
    const { profile, access } = this.#state;
    if (profile.aclPolicyHeader) {
      response.headers.set("X-Consul-Default-Acl-Policy", access.defaultPolicy);
    }
    return response;
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

function nodeMeta({ versionMeta, release }: WireProfile): Record<string, string> {
  return { "consul-network-segment": "", ...versionMeta && { "consul-version": release } };
}

function closed(): TypeError {
  return new TypeError("Cannot reach the embedded Consul: it was closed");
}

function refuse(error: unknown): Response {
  if (error instanceof Refusal) return error.response();
  throw error;
}
