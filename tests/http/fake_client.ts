/** A scripted client for the routes: lists and states as the test sets them, no registry. */
import { EndpointPool } from "../../src/balance/endpoint_pool.ts";
import { Events, type PilotedEvents, type PilotedListener } from "../../src/client/events.ts";
import type {
  PilotedStatus,
  ServiceStatus,
  WatchState,
  WatchStatus,
} from "../../src/watch/status.ts";
import type { Endpoint } from "../../src/endpoint.ts";
import { PilotedError } from "../../src/errors.ts";
import { diffEndpoints } from "../../src/snapshot.ts";
import type { LookupClient } from "../../src/http/lookup_client.ts";
import { endpoint as baseEndpoint } from "../support/endpoints.ts";

export function endpoint(service: string, number: number, more: Partial<Endpoint> = {}): Endpoint {
  const facts = { service, address: `10.0.0.${number}`, tags: ["blue"], meta: { version: "1" } };
  return baseEndpoint(`${service}-${number}`, { ...facts, ...more });
}

interface Entry {
  endpoints: readonly Endpoint[];
  state: WatchState;
  ageMs: number | undefined;
  error: PilotedError | undefined;
}

export class FakeClient implements LookupClient {
  readonly events = new Events();
  /** A refresh under way. */
  refreshed: Promise<void> | undefined;
  readonly #entries = new Map<string, Entry>();
  #picks = 0;
  #closed = false;

  /** Sets what is known of a service, and tells of it when it changes a list. */
  set(service: string, endpoints: readonly Endpoint[], more: Partial<Entry> = {}): this {
    const before = this.#entries.get(service);
    const change = diffEndpoints(service, before?.endpoints ?? [], endpoints);
    // As in the client, a list that says the same stays the same object.
    const list = before === undefined || change !== undefined
      ? Object.freeze([...endpoints])
      : before.endpoints;
    const after = { state: "live" as const, ageMs: 5, error: undefined, ...more, endpoints: list };
    this.#entries.set(service, after);
    if (before === undefined) return this;
    if (change !== undefined) this.events.emit("change", change);
    if (before.state !== after.state) this.events.emit("status", this.#status(service).watches[0]!);
    return this;
  }

  /** From now on every call fails as after `close()`. */
  close(): void {
    this.#closed = true;
  }

  get services(): readonly string[] {
    return [...this.#entries.keys()];
  }

  pick(name: string): Endpoint {
    const { endpoints } = this.#entry(name);
    if (endpoints.length > 0) return endpoints[this.#picks++ % endpoints.length]!;
    throw new PilotedError("NO_ENDPOINTS", `Cannot pick an endpoint of "${name}": none`, {
      service: name,
    });
  }

  async service(name: string): Promise<Endpoint> {
    await this.refreshed;
    return this.pick(name);
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
      refreshing: false,
      services: this.services.map((service) => this.#status(service)),
    };
  }

  refresh(): Promise<void> {
    this.events.emit("refresh", { services: this.services, failed: [], durationMs: 1 });
    return Promise.resolve();
  }

  on<T extends keyof PilotedEvents>(
    type: T,
    listener: PilotedListener<T>,
    options?: { signal?: AbortSignal },
  ): () => void {
    return this.events.on(type, listener, options);
  }

  #entry(name: string): Entry {
    if (this.#closed) throw new PilotedError("CLOSED", "Cannot use this client: it was closed");
    const entry = this.#entries.get(name);
    if (entry !== undefined) return entry;
    throw new PilotedError("UNKNOWN_SERVICE", `Cannot look up service ${JSON.stringify(name)}`, {
      service: name,
      services: this.services,
    });
  }

  #status(service: string): ServiceStatus {
    const { endpoints, state, ageMs, error } = this.#entry(service);
    const reason = error?.message;
    const watch: WatchStatus = {
      service,
      tag: undefined,
      datacenter: undefined,
      state,
      endpoints: endpoints.length,
      statuses: { passing: endpoints.length, warning: 0, critical: 0, maintenance: 0 },
      index: "7",
      confirmedAt: ageMs,
      ageMs,
      changedAt: undefined,
      reason,
      error,
      failures: 0,
      nextAttemptAt: undefined,
      freshness: {},
    };
    const count = endpoints.length;
    const facts = { service, state, endpoints: count, ageMs, reason, failover: undefined };
    return { ...facts, balance: new EndpointPool().status(), watches: [watch] };
  }
}
