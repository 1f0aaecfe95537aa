/** A scripted client for the routes: lists and states as the test sets them, without a registry. */
import { EndpointPool } from "../../src/balance/endpoint_pool.ts";
import type { EndpointLoad, PoolStatus } from "../../src/balance/pool_status.ts";
import type { PickOptions } from "../../src/balance/balancer.ts";
import { noMatch } from "../../src/client/no_match.ts";
import { closest } from "../../src/check_options.ts";
import { Events, type PilotedEvents, type PilotedListener } from "../../src/client/events.ts";
import type { Inspection } from "../../src/client/inspect.ts";
import type { CheckResult } from "../../src/source/source.ts";
import type { Endpoint } from "../../src/endpoint.ts";
import { type InstanceCounts, PilotedError } from "../../src/errors.ts";
import type { LookupClient } from "../../src/http/lookup_client.ts";
import { diffEndpoints } from "../../src/snapshot.ts";
import type {
  PilotedStatus,
  ServiceStatus,
  WatchStateName,
  WatchStatus,
} from "../../src/watch/status.ts";
import { endpoint as baseEndpoint } from "../support/endpoints.ts";

export function endpoint(service: string, number: number, more: Partial<Endpoint> = {}): Endpoint {
  const facts = { service, address: `10.0.0.${number}`, tags: ["blue"], meta: { version: "1" } };
  return baseEndpoint(`${service}-${number}`, { ...facts, ...more });
}

/** What the registry says about a service. */
interface Entry {
  /** Instances of any status. */
  instances: readonly Endpoint[];
  /** Those that can be picked. */
  endpoints: readonly Endpoint[];
  state: WatchStateName;
  ageMs: number | undefined;
  error: PilotedError | undefined;
}

export class FakeClient implements LookupClient {
  readonly events = new Events();
  readonly mode: "live" | "on-demand";
  /** A refresh under way. */
  refreshed: Promise<void> | undefined;
  readonly #ejected = new Map<string, number>();
  readonly #entries = new Map<string, Entry>();
  readonly #pools = new Map<string, EndpointPool>();
  #picks = 0;
  #outage = false;
  #closed = false;

  constructor(mode: "live" | "on-demand" = "live") {
    this.mode = mode;
  }

  /** Sets the instances of a service; a known service emits what changed. */
  set(service: string, instances: readonly Endpoint[], more: Partial<Entry> = {}): this {
    const before = this.#entries.get(service);
    const passing = instances.filter(({ status }) => status === "passing");
    const change = diffEndpoints(service, before?.endpoints ?? [], passing);
    // As in the client, a list with the same content stays the same object.
    const endpoints = change?.endpoints ?? before?.endpoints ?? Object.freeze(passing);
    const facts = { state: "live" as const, ageMs: 5, error: undefined };
    const after = { ...facts, ...more, instances, endpoints };
    this.#entries.set(service, after);
    if (before === undefined) return this;
    if (change !== undefined) this.events.emit("change", change);
    if (before.state !== after.state) this.events.emit("status", this.#status(service));
    return this;
  }

  /** Makes every refresh fail, or lets them succeed again. */
  setOutage(outage: boolean): void {
    this.#outage = outage;
  }

  close(): Promise<void> {
    this.#closed = true;
    return Promise.resolve();
  }

  get services(): readonly string[] {
    return [...this.#entries.keys()];
  }

  pick(name: string, options?: PickOptions): Endpoint {
    const { endpoints } = this.#entry(name);
    if (options !== undefined) {
      const pool = this.#pools.get(name) ?? new EndpointPool({ outliers: false });
      this.#pools.set(name, pool);
      if (pool.endpoints !== endpoints) pool.update(endpoints);
      const picked = pool.pick(options);
      if (picked !== undefined) return picked;
      throw noMatch(name, endpoints, options, undefined) ?? this.#noEndpoints(name);
    }
    if (endpoints.length > 0) return endpoints[this.#picks++ % endpoints.length]!;
    throw this.#noEndpoints(name);
  }

  async service(name: string): Promise<Endpoint> {
    await this.load(name);
    return this.pick(name);
  }

  load(name: string): Promise<void> | undefined {
    this.#entry(name);
    return this.refreshed;
  }

  get refreshing(): boolean {
    return this.refreshed !== undefined;
  }

  serviceHosts(name: string): readonly Endpoint[] {
    return this.#entry(name).endpoints;
  }

  status(): PilotedStatus;
  status(name: string): ServiceStatus;
  status(name?: string): PilotedStatus | ServiceStatus {
    if (name !== undefined) return this.#status(name);
    return {
      state: this.#closed ? "closed" : "ready",
      registry: "http://127.0.0.1:8500",
      refreshing: this.refreshing,
      registrations: [],
      services: this.#closed ? [] : this.services.map((service) => this.#status(service)),
    };
  }

  /** What the checks of an instance say, by its id. */
  readonly checks = new Map<string, readonly CheckResult[]>();

  /** Why instances cannot be read. */
  inspectFailure: PilotedError | undefined;

  /** What the registry lists by now, if that is not what was set. */
  inspected: readonly Endpoint[] | undefined;

  // deno-lint-ignore require-await
  async inspect(name: string): Promise<Inspection> {
    const { instances } = this.#entry(name);
    const failure = this.#outage ? unreachable(name) : this.inspectFailure;
    if (failure !== undefined) return { instances: [], errors: [failure] };
    const listed = this.inspected ?? instances;
    return {
      instances: listed.map((each) => ({ endpoint: each, checks: this.checks.get(each.id) ?? [] })),
      errors: [],
    };
  }

  /** Sets a service of which some endpoints are ejected. */
  setEjected(service: string, instances: readonly Endpoint[], ejectedCount: number): this {
    this.#ejected.set(service, ejectedCount);
    return this.set(service, instances);
  }

  async refresh(): Promise<void> {
    if (this.#closed) throw closedError();
    const { services } = this;
    for (const service of services) this.#refresh(service);
    const failed = this.#outage ? services : [];
    this.events.emit("refresh", { services, failed, durationMs: 1 });
    await this.refreshed;
  }

  on<T extends keyof PilotedEvents>(
    type: T,
    listener: PilotedListener<T>,
    options?: { signal?: AbortSignal },
  ): () => void {
    return this.events.on(type, listener, options);
  }

  #refresh(service: string): void {
    const { instances, state, error } = this.#entry(service);
    if (this.#outage) {
      const failure = unreachable(service);
      this.events.emit("error", failure);
      this.set(service, instances, { state: "stale", error: failure });
    } else if (state === "stale" && error?.code === "REGISTRY_UNREACHABLE") {
      this.set(service, instances);
    }
  }

  #entry(name: string): Entry {
    if (this.#closed) throw closedError();
    const entry = this.#entries.get(name);
    if (entry !== undefined) return entry;
    const { services } = this;
    const best = closest(name, services);
    const watched = `watched are ${services.map((each) => JSON.stringify(each)).join(", ")}`;
    const hint = best === undefined ? "" : `. Did you mean ${JSON.stringify(best)}?`;
    throw new PilotedError(
      "UNKNOWN_SERVICE",
      `Cannot look up service ${JSON.stringify(name)}: ${watched}${hint}`,
      { service: name, services },
    );
  }

  #noEndpoints(service: string): PilotedError {
    const instances = countInstances(this.#entry(service).instances);
    const why = instances.listed === 0
      ? "the registry knows no such service"
      : `${instances.listed} instances, all critical`;
    const message = `Cannot pick an endpoint of ${JSON.stringify(service)}: ${why}`;
    return new PilotedError("NO_ENDPOINTS", message, { service, instances });
  }

  #balance(service: string): Pick<PoolStatus, "ejectedCount" | "endpoints"> {
    const ejectedCount = this.#ejected.get(service) ?? 0;
    const { endpoints } = this.#entry(service);
    return {
      ejectedCount,
      endpoints: endpoints.map((each, position) => load(each, position < ejectedCount)),
    };
  }

  #status(service: string): ServiceStatus {
    const { instances, endpoints, state, ageMs, error } = this.#entry(service);
    const reason = error?.message;
    const watch: WatchStatus = {
      service,
      tag: undefined,
      datacenter: undefined,
      state,
      endpointCount: endpoints.length,
      instanceCounts: countInstances(instances),
      skippedReasons: [],
      position: "7",
      confirmedAt: ageMs,
      ageMs,
      changedAt: undefined,
      reason,
      error,
      failureCount: error === undefined ? 0 : 1,
      nextAttemptAt: undefined,
      override: undefined,
      freshness: {},
    };
    return {
      service,
      state,
      endpointCount: endpoints.length,
      ageMs,
      reason,
      failover: undefined,
      balance: { ...new EndpointPool().status(), ...this.#balance(service) },
      watches: [watch],
    };
  }
}

function unreachable(service: string): PilotedError {
  const message = "Cannot read the service: connection refused";
  return new PilotedError("REGISTRY_UNREACHABLE", message, { service });
}

function load(endpoint: Endpoint, isEjected: boolean): EndpointLoad {
  return {
    endpoint,
    pendingCount: 0,
    latencyMs: undefined,
    consecutiveFailureCount: 0,
    ejectionCount: isEjected ? 1 : 0,
    ejectedUntil: isEjected ? 1e15 : undefined,
    draining: false,
  };
}

function countInstances(instances: readonly Endpoint[]): InstanceCounts {
  const counts = { listed: instances.length, passing: 0, warning: 0, critical: 0 };
  const all = { ...counts, maintenance: 0, skipped: 0 };
  for (const { status } of instances) all[status]++;
  return all;
}

function closedError(): PilotedError {
  return new PilotedError("CLOSED", "Cannot use this client: it was closed");
}
