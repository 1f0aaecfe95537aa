/**
 * One service that is looked up only when somebody asks.
 *
 * @module
 */
import { EndpointPool, type EndpointPoolOptions } from "../balance/endpoint_pool.ts";
import type { Clock } from "../clock.ts";
import type { WatchConfig } from "../config/config.ts";
import { type Endpoint, endpointIdentity } from "../endpoint.ts";
import { PilotedError } from "../errors.ts";
import { diffEndpoints } from "../snapshot.ts";
import type { Reading, Source } from "../source/source.ts";
import { type HealthPolicy, isUsable } from "../client/options.ts";
import type { ServiceStatus, WatchStateName, WatchStatus } from "./status.ts";

/** How a cached service is asked for. */
export interface CacheOptions {
  /** What is asked. */
  readonly source: Source;
  /** Which instances may be handed out. */
  readonly health: HealthPolicy;
  /** Time. */
  readonly clock: Clock;
  /** Random numbers in [0, 1). */
  readonly random: () => number;
  /** How long a list counts as fresh, in milliseconds. */
  readonly ttlMs: number;
  /** How long after that it is still given while a new one is on its way, in milliseconds. */
  readonly staleMs: number;
  /** How long the registry may take, in milliseconds. */
  readonly requestTimeoutMs: number;
  /** Who picks. */
  readonly balancer: (service: string) => EndpointPoolOptions["balancer"];
}

// After failures the registry is left alone for one second, two, four and so on, at most this long.
const LONGEST_PAUSE_MS = 30_000;
const NONE = { listed: 0, skipped: 0, passing: 0, warning: 0, critical: 0, maintenance: 0 };

/** The last good list of a service, and one question at a time for the next. */
export class CachedService {
  /** Name of the service. */
  readonly name: string;
  /** The endpoints and the balancer over them. */
  readonly pool: EndpointPool;
  readonly #watches: readonly WatchConfig[];
  readonly #options: CacheOptions;
  #readings: readonly Reading[] = [];
  #confirmedAt: number | undefined;
  #changedAt: number | undefined;
  #error: PilotedError | undefined;
  #failures = 0;
  #nextAttemptAt = 0;
  #flight: Promise<void> | undefined;

  /**
   * Makes a service that nothing is known of yet.
   *
   * @param name Name of the service.
   * @param watches Its watches: their lists are one list.
   * @param options How it is asked for.
   */
  constructor(name: string, watches: readonly WatchConfig[], options: CacheOptions) {
    const { balancer, clock, random } = options;
    this.name = name;
    this.#watches = watches;
    this.#options = options;
    this.pool = new EndpointPool({ balancer: balancer(name), clock, random, outliers: false });
  }

  /**
   * Sees to a list that is fresh enough.
   *
   * @param waitUntil Takes work that goes on when there is nothing to wait for.
   * @returns Resolves when the list may be used, whether or not asking worked; `undefined` when it
   * may be used at once.
   */
  load(waitUntil?: (work: Promise<unknown>) => void): Promise<void> | undefined {
    const { clock, ttlMs, staleMs } = this.#options;
    const now = clock.now();
    const age = this.#confirmedAt === undefined ? Infinity : now - this.#confirmedAt;
    if (age <= ttlMs) return undefined;
    if (this.#flight === undefined && now < this.#nextAttemptAt) return undefined;
    const flight = this.refresh();
    // Also when somebody waits: he may go away, and others join him.
    waitUntil?.(flight);
    return age <= ttlMs + staleMs ? undefined : flight;
  }

  /** Asks now, or joins the question under way. Never rejects. */
  refresh(): Promise<void> {
    return this.#flight ??= this.#ask().finally(() => this.#flight = undefined);
  }

  /** Why there is nothing to pick. */
  noEndpoints(): PilotedError {
    const why = this.#error?.message ?? "the registry lists no healthy instance";
    return new PilotedError(
      "NO_ENDPOINTS",
      `Cannot pick an endpoint of ${JSON.stringify(this.name)}: ${why}`,
      { service: this.name, cause: this.#error },
    );
  }

  /** What is known, and how fresh it is. */
  status(): ServiceStatus {
    const watches = this.#watches.map((watch, index) => this.#watchStatus(watch, index));
    const { state, ageMs, reason } = watches[0]!;
    return {
      service: this.name,
      state,
      endpointCount: this.pool.endpoints.length,
      ageMs,
      reason,
      failover: undefined,
      balance: this.pool.status(),
      watches,
    };
  }

  async #ask(): Promise<void> {
    const { source, clock, random, requestTimeoutMs } = this.#options;
    const signal = AbortSignal.timeout(requestTimeoutMs);
    try {
      this.#readings = await Promise.all(
        this.#watches.map(({ name, tag, datacenter }) =>
          source.read({ service: name, tag, datacenter }, { signal })
        ),
      );
      this.#take(clock.now());
    } catch (cause) {
      this.#error = cause instanceof PilotedError ? cause : new PilotedError(
        "TIMEOUT",
        `Cannot read service ${JSON.stringify(this.name)}: no answer within ${requestTimeoutMs} ms`,
        { cause, service: this.name },
      );
      this.#failures++;
      const pause = Math.min(1_000 * 2 ** (this.#failures - 1), LONGEST_PAUSE_MS);
      this.#nextAttemptAt = clock.now() + pause * (0.5 + random() / 2);
    }
  }

  #take(now: number): void {
    const { health } = this.#options;
    const usable = new Map<string, Endpoint>();
    for (const endpoint of this.#readings.flatMap(({ endpoints }) => endpoints)) {
      if (isUsable(endpoint.status, health)) usable.set(endpointIdentity(endpoint), endpoint);
    }
    const change = diffEndpoints(this.name, this.pool.endpoints, [...usable.values()]);
    if (change !== undefined) {
      this.pool.update(change.endpoints);
      this.#changedAt = now;
    }
    this.#confirmedAt = now;
    this.#error = undefined;
    this.#failures = 0;
    this.#nextAttemptAt = 0;
  }

  #watchStatus({ tag, datacenter }: WatchConfig, index: number): WatchStatus {
    const reading = this.#readings[index];
    const statuses = { ...NONE };
    for (const { status } of reading?.endpoints ?? []) statuses[status]++;
    const { health, clock } = this.#options;
    const usable = reading?.endpoints.filter(({ status }) => isUsable(status, health)) ?? [];
    const confirmedAt = this.#confirmedAt;
    return {
      service: this.name,
      tag,
      datacenter,
      state: this.#state(),
      endpointCount: usable.length,
      instanceCounts: statuses,
      skippedReasons: [],
      position: reading?.index,
      confirmedAt,
      ageMs: confirmedAt === undefined ? undefined : clock.now() - confirmedAt,
      changedAt: this.#changedAt,
      reason: this.#error?.message,
      error: this.#error,
      failureCount: this.#failures,
      nextAttemptAt: this.#error === undefined ? undefined : this.#nextAttemptAt,
      freshness: reading?.freshness ?? {},
    };
  }

  #state(): WatchStateName {
    if (this.#error?.code === "REGISTRY_DENIED") return "denied";
    if (this.#confirmedAt === undefined) return "pending";
    return this.#error === undefined ? "live" : "stale";
  }
}
