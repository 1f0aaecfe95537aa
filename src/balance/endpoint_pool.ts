/**
 * Everything about choosing one endpoint of one service.
 *
 * @module
 */
import { type Clock, systemClock } from "../clock.ts";
import { type Endpoint, endpointIdentity } from "../endpoint.ts";
import type { BalanceFunction, Balancer, PickOptions } from "./balancer.ts";
import { type BalancerName, createBalancer } from "./create_balancer.ts";
import { type Lease, MemberLease, type Outcome } from "./lease.ts";
import { Member } from "./member.ts";
import { OutlierDetector } from "./outlier_detector.ts";
import { type OutlierOptions, resolveOutlierOptions } from "./outlier_options.ts";
import type { PoolEvent } from "./pool_event.ts";
import type { PoolStatus } from "./pool_status.ts";
import { ZonePreference } from "./zone_preference.ts";

/** Options of an {@linkcode EndpointPool}. */
export interface EndpointPoolOptions {
  /**
   * What picks, for `pick()` and for `acquire()`.
   *
   * @default {"round_robin" for pick(), "p2c_ewma" for acquire()}
   */
  balancer?: BalancerName | BalanceFunction;
  /** When endpoints are ejected for their failures; `false` for never. @default {{}} */
  outliers?: OutlierOptions | false;
  /** Zone whose endpoints come first. @default {undefined} */
  zone?: string;
  /** Told of ejections, readmissions and panic. What it throws is lost. @default {undefined} */
  onEvent?: (event: PoolEvent) => void;
  /** Time. @default {the system's} */
  clock?: Clock;
  /** Random numbers in [0, 1). @default {Math.random} */
  random?: () => number;
}

/**
 * The current endpoints of one service, what was learned about each, and the balancers over them.
 * It has no timers, and nothing needs to be closed.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { EndpointPool } from "./endpoint_pool.ts";
 *
 * const pool = new EndpointPool({ balancer: "least_pending" });
 * pool.update([]);
 * assertEquals(pool.pick(), undefined);
 * ```
 */
export class EndpointPool {
  readonly #clock: Clock;
  readonly #onEvent: ((event: PoolEvent) => void) | undefined;
  readonly #picker: Balancer;
  readonly #leaser: Balancer;
  readonly #outliers: OutlierDetector | undefined;
  readonly #panicPercent: number;
  readonly #members = new Map<string, Member>();
  readonly #settle = (lease: MemberLease, outcome: Outcome) => this.#release(lease, outcome);
  #endpoints: readonly Endpoint[] = [];
  #listed: readonly Member[] = [];
  #candidates: readonly Member[] = [];
  #panic = false;
  #ejected = 0;
  #pending = 0;

  /**
   * Makes an empty pool.
   *
   * @param options Which balancer, when endpoints are ejected, and who is told.
   * @throws {TypeError} when the balancer is unknown.
   * @throws {RangeError} when a number in `outliers` is not in its range.
   */
  constructor(options: EndpointPoolOptions = {}) {
    const { balancer, outliers = {}, zone, onEvent, clock = systemClock } = options;
    const { random = Math.random } = options;
    const create = (choice: BalancerName | BalanceFunction) =>
      zone === undefined
        ? createBalancer(choice, random)
        : new ZonePreference(zone, () => createBalancer(choice, random), random);
    this.#clock = clock;
    this.#onEvent = onEvent;
    this.#picker = create(balancer ?? "round_robin");
    this.#leaser = balancer === undefined ? create("p2c_ewma") : this.#picker;
    const limits = outliers === false ? undefined : resolveOutlierOptions(outliers);
    this.#panicPercent = limits?.panicPercent ?? 0;
    if (limits !== undefined) {
      this.#outliers = new OutlierDetector(limits, random, (event) => this.#emit(event));
    }
  }

  /** The endpoints of the last update, in its order. */
  get endpoints(): readonly Endpoint[] {
    return this.#endpoints;
  }

  /** Leases that are out, also those of endpoints that have left. */
  get pending(): number {
    return this.#pending;
  }

  /**
   * Takes the current list. What was learned about endpoints that stay is kept, by identity.
   *
   * @param endpoints Those that may be handed out, each identity at most once, in a stable order.
   * @param known Every instance that the registry lists, in whatever health: tells how much of a zone is lost. @default {endpoints}
   */
  update(endpoints: readonly Endpoint[], known: readonly Endpoint[] = endpoints): void {
    this.#endpoints = endpoints;
    for (const member of this.#members.values()) member.listed = false;
    const before = this.#listed;
    const listed: Member[] = [];
    const candidates: Member[] = [];
    let place = 0;
    for (const endpoint of endpoints) {
      // A list keeps its order and its unchanged endpoints, so that few have to be looked up.
      if (before[place]?.endpoint !== endpoint && before[place + 1]?.endpoint === endpoint) place++;
      const kept = before[place++];
      const member = kept?.endpoint === endpoint ? kept : this.#member(endpoint);
      member.listed = true;
      listed.push(member);
      if (endpoint.status !== "maintenance") candidates.push(member);
    }
    this.#listed = listed;
    for (const [key, member] of this.#members) {
      if (!member.listed && member.pending === 0) this.#members.delete(key);
    }
    this.#candidates = candidates;
    this.#outliers?.update(candidates);
    for (const balancer of [this.#picker, this.#leaser]) {
      if (balancer instanceof ZonePreference) balancer.know(known);
    }
    this.#decideEligible();
  }

  /**
   * Picks the next endpoint: the hot path, which allocates nothing.
   *
   * @param options What this pick asks for.
   * @returns The endpoint, or `undefined` when there is none.
   */
  pick(options?: PickOptions): Endpoint | undefined {
    if (this.#ejected > 0) this.#readmitForgotten();
    return this.#picker.pick(options)?.endpoint;
  }

  /**
   * Picks the next endpoint for somebody who awaits it. Allocates nothing either.
   *
   * @returns A promise of the endpoint, or `undefined` when there is none.
   */
  pickResolved(): Promise<Endpoint> | undefined {
    if (this.#ejected > 0) this.#readmitForgotten();
    return (this.#picker.pick() as Member | undefined)?.resolved;
  }

  /**
   * Picks an endpoint and counts it as busy until the lease is released.
   *
   * @param options What this pick asks for.
   * @returns The lease, or `undefined` when there is no endpoint.
   */
  acquire(options?: PickOptions): Lease | undefined {
    const now = this.#clock.now();
    const probe = this.#ejected > 0 ? this.#outliers!.takeProbe(now, options?.exclude) : undefined;
    const member = probe ?? this.#leaser.pick(options);
    if (member === undefined) return undefined;
    member.pending++;
    this.#pending++;
    this.#touch(member);
    return new MemberLease(member, now, probe !== undefined, this.#settle);
  }

  /** Tells what is known of every endpoint. */
  status(): PoolStatus {
    const now = this.#clock.now();
    return {
      picker: this.#picker.name,
      leaser: this.#leaser.name,
      pending: this.#pending,
      ejected: this.#ejected,
      panic: this.#panic,
      localShare: this.#leaser instanceof ZonePreference ? this.#leaser.localShare : undefined,
      endpoints: [...this.#members.values()].map((member) => ({
        endpoint: member.endpoint,
        pending: member.pending,
        latencyMs: member.latencyMs(now),
        failuresInARow: member.outlier.failuresInARow,
        ejections: member.outlier.ejections,
        ejectedUntil: member.outlier.ejectedUntil || undefined,
        draining: !member.listed,
      })),
    };
  }

  #readmitForgotten(): void {
    if (this.#outliers!.readmitForgotten(this.#clock.now())) this.#decideEligible();
  }

  #release(lease: MemberLease, outcome: Outcome): void {
    const { member, probe } = lease;
    member.pending--;
    this.#pending--;
    if (!member.listed && member.pending === 0) this.#members.delete(memberKey(member.endpoint));
    const now = this.#clock.now();
    const failed = outcome === "failure";
    if (outcome !== "unknown") member.latency.observe(now - lease.startedAt, failed, now);
    this.#touch(member);
    if (outcome === "unknown") {
      if (probe) this.#outliers!.abandonProbe(member, now);
    } else if (this.#outliers?.record(member, failed, probe, now)) {
      this.#decideEligible();
    }
  }

  #touch(member: Member): void {
    this.#picker.touch?.(member);
    if (this.#leaser !== this.#picker) this.#leaser.touch?.(member);
  }

  #member(endpoint: Endpoint): Member {
    const key = memberKey(endpoint);
    let member = this.#members.get(key);
    if (member === undefined) this.#members.set(key, member = new Member(endpoint));
    member.endpoint = endpoint;
    return member;
  }

  /** Those that are not ejected, or all while too few are left. Never those in maintenance. */
  #decideEligible(): void {
    const total = this.#candidates.length;
    const usable = this.#candidates.filter((member) => member.outlier.ejectedUntil === 0);
    const panic = usable.length < total * this.#panicPercent / 100;
    this.#ejected = this.#outliers?.ejected ?? 0;
    const eligible = panic || usable.length === total ? this.#candidates : usable;
    this.#picker.update(eligible);
    if (this.#leaser !== this.#picker) this.#leaser.update(eligible);
    if (panic === this.#panic) return;
    this.#panic = panic;
    this.#emit({ type: "panic", on: panic, usable: usable.length, total });
  }

  #emit(event: PoolEvent): void {
    try {
      this.#onEvent?.(event);
    } catch {
      // A listener must not break the path of a request.
    }
  }
}

// An instance that comes back at another address is another process: it starts without history.
function memberKey(endpoint: Endpoint): string {
  return `${endpointIdentity(endpoint)}\u0000${endpoint.host}`;
}
