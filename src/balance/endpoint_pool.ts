/**
 * Choosing one endpoint of one service.
 *
 * The problem: the registry says which instances are healthy, seconds after the fact. An instance that
 * died a moment ago, or responds 50 times slower than the others, is still listed. Only the process
 * that sends the requests can tell, and it has to decide anew for every request.
 *
 * The decision: a pool keeps one {@linkcode Member} per instance through all refreshes, with the
 * requests in flight, a moving average of the latency and the outcomes of the last requests. Three
 * independent parts read it. The outlier detector removes members that fail (gRPC's proposal A50 and
 * Envoy: ejection, probes, a limit on how many, panic). The zone preference splits what is left into
 * near and far (Envoy's priority levels). A balancer picks one (see create_balancer.ts). Everything
 * that costs time happens when a list or a member changes, so that a pick only reads: it allocates
 * nothing and takes the same time for 1 and for 10,000 endpoints. There are no timers: what is due is
 * noticed by the next call.
 *
 * The sources: "The Power of Two Choices in Randomized Load Balancing" (Mitzenmacher), Finagle's peak
 * EWMA, "Weighted Distributed Hash Tables" (Schindelhauer and Schomaker), nginx's smooth weighted
 * round robin, and gRPC's "A50: gRPC xDS Outlier Detection Support".
 *
 * @module
 */
import { type Clock, systemClock } from "../clock.ts";
import type { Endpoint } from "../endpoint.ts";
import type { BalanceFunction, Balancer, PickOptions } from "./balancer.ts";
import { type BalancerName, createBalancer } from "./create_balancer.ts";
import { type Lease, type LeaseOwner, MemberLease, type Outcome } from "./lease.ts";
import { idsOf, Member, memberKey, RECOVERY_MS } from "./member.ts";
import { mergeAddresses } from "./merge_addresses.ts";
import { OutlierDetector } from "./outlier_detector.ts";
import { type OutlierOptions, resolveOutlierOptions } from "./outlier_options.ts";
import type { PoolEvent } from "./pool_event.ts";
import type { PoolStatus } from "./pool_status.ts";
import { ZonePreference } from "./zone_preference.ts";

/** Two checks of the time closer than this are closer than they need to be. */
const FREQUENT_MS = 1;

/** While nothing was measured, shorter waits than this say nothing about an endpoint. */
const LEAST_TIMEOUT_MS = 1_000;

/** The maximum number of picks from one check of the time to the next. */
const LONGEST_CHECK_INTERVAL = 64;

/** Options of an {@linkcode EndpointPool}. */
export interface EndpointPoolOptions {
  /**
   * The algorithm, for both `pick()` and `acquire()`.
   *
   * @default {"round-robin" for pick(), "p2c-ewma" for acquire()}
   */
  balancer?: BalancerName | BalanceFunction | undefined;
  /** When endpoints are ejected for their failures; `false` for never. @default {{}} */
  outliers?: OutlierOptions | false | undefined;
  /** Where a rotation starts. @default {"first"} */
  rotationStart?: "first" | "random" | undefined;
  /** Zone whose endpoints are preferred. @default {undefined} */
  zone?: string | undefined;
  /** Called with ejections, readmissions and panic. What it throws is ignored. @default {undefined} */
  onEvent?: ((event: PoolEvent) => void) | undefined;
  /** Source of the time. @default {the system clock} */
  clock?: Clock | undefined;
  /** Random numbers in [0, 1). @default {Math.random} */
  random?: (() => number) | undefined;
}

/**
 * The current endpoints of one service, what was learned about each, and the balancers over them.
 * It has no timers, so that nothing needs to be closed.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { EndpointPool } from "./endpoint_pool.ts";
 *
 * const pool = new EndpointPool({ balancer: "least-pending" });
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
  readonly #owner: LeaseOwner = {
    ended: (lease, outcome, endedAt, isReleased) => {
      if (outcome !== undefined) this.#learn(lease, outcome, endedAt ?? this.#clock.now());
      if (isReleased) this.#release(lease.member);
      this.#touch(lease.member);
    },
  };
  #endpoints: readonly Endpoint[] = [];
  #listed: readonly Member[] = [];
  #candidates: readonly Member[] = [];
  #panic = false;
  #ejectedCount = 0;
  #checkedAt = -Infinity;
  #checkInterval = 1;
  #picksUntilCheck = 0;
  #pendingCount = 0;
  /** When the success shares that are below 1 rise next. */
  #recoverAt = Infinity;

  /**
   * Creates an empty pool.
   *
   * @param options Balancer, outlier detection, zone and listener.
   * @throws {TypeError} when the balancer or an option of `outliers` is unknown.
   * @throws {RangeError} when a number in `outliers` is out of its range.
   */
  constructor(options: EndpointPoolOptions = {}) {
    const { balancer, outliers = {}, zone, onEvent, clock = systemClock } = options;
    const { random = Math.random } = options;
    const start = options.rotationStart === "random" ? random : undefined;
    const create = (choice: BalancerName | BalanceFunction) =>
      zone === undefined
        ? createBalancer(choice, random, start)
        : new ZonePreference(zone, () => createBalancer(choice, random, start), random);
    this.#clock = clock;
    this.#onEvent = onEvent;
    this.#picker = create(balancer ?? "round-robin");
    this.#leaser = balancer === undefined ? create("p2c-ewma") : this.#picker;
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

  /** Leases that are not released yet, including those of endpoints that were removed. */
  get pendingCount(): number {
    return this.#pendingCount;
  }

  /**
   * Replaces the list. What was learned about endpoints that stay is kept, by identity. Several
   * endpoints of the same address and port are one.
   *
   * @param given Endpoints that may be handed out, each identity at most once, in a stable order.
   * @param known Every instance that the registry lists, whatever its health. A zone preference compares it with `endpoints`. @default {given}
   */
  update(given: readonly Endpoint[], known: readonly Endpoint[] = given): void {
    const endpoints = mergeAddresses(given);
    this.#endpoints = endpoints;
    for (const member of this.#members.values()) member.listed = false;
    const before = this.#listed;
    const listed: Member[] = [];
    const candidates: Member[] = [];
    let place = 0;
    for (const endpoint of endpoints) {
      // Lists keep their order and reuse unchanged endpoints, so that few have to be looked up.
      if (before[place]?.endpoint !== endpoint && before[place + 1]?.endpoint === endpoint) place++;
      const kept = before[place++];
      const member = kept?.endpoint === endpoint ? kept : this.#member(endpoint);
      member.listed = true;
      listed.push(member);
      if (endpoint.status !== "maintenance") candidates.push(member);
    }
    this.#listed = listed;
    for (const [key, member] of this.#members) {
      if (!member.listed && member.pendingCount === 0) this.#members.delete(key);
    }
    this.#candidates = candidates;
    this.#outliers?.update(candidates);
    const instances = mergeAddresses(known);
    this.#picker.know?.(instances);
    if (this.#leaser !== this.#picker) this.#leaser.know?.(instances);
    this.#decideEligible();
  }

  /**
   * Picks the next endpoint: the hot path, which allocates nothing.
   *
   * @param options Options of this pick.
   * @returns The endpoint, or `undefined` when there is none.
   */
  pick(options?: PickOptions): Endpoint | undefined {
    if (this.#ejectedCount > 0) this.#readmitForgotten();
    return this.#picker.pick(options)?.endpoint;
  }

  /**
   * Picks the next endpoint as a promise. Allocates nothing either.
   *
   * @returns A promise of the endpoint, or `undefined` when there is none.
   */
  pickResolved(): Promise<Endpoint> | undefined {
    if (this.#ejectedCount > 0) this.#readmitForgotten();
    return (this.#picker.pick() as Member | undefined)?.resolved;
  }

  /**
   * Picks an endpoint and counts a request in flight until the lease is released.
   *
   * @param options Options of this pick.
   * @returns The lease, or `undefined` when there is no endpoint.
   */
  acquire(options?: PickOptions): Lease | undefined {
    const now = this.#clock.now();
    if (now >= this.#recoverAt) this.#recover(now);
    const probe = this.#ejectedCount > 0
      ? this.#outliers!.takeProbe(now, options?.exclude)
      : undefined;
    const member = probe ?? this.#leaser.pick(options);
    if (member === undefined) return undefined;
    member.pendingCount++;
    this.#pendingCount++;
    if (member.waitingSince === 0) member.waitingSince = now;
    this.#touch(member);
    const { leaseUntil = "headers" } = this.#leaser;
    return new MemberLease(member, now, probe !== undefined, leaseUntil, this.#owner);
  }

  /** Load, latency and ejections of every endpoint. */
  status(): PoolStatus {
    const now = this.#clock.now();
    return {
      picker: this.#picker.name,
      leaser: this.#leaser.name,
      pendingCount: this.#pendingCount,
      ejectedCount: this.#ejectedCount,
      panic: this.#panic,
      localShare: this.#leaser.localShare,
      endpoints: [...this.#members.values()].map((member) => ({
        endpoint: member.endpoint,
        pendingCount: member.pendingCount,
        latencyMs: member.latencyMs(now),
        consecutiveFailureCount: member.outlier.consecutiveFailureCount,
        ejectionCount: member.outlier.ejectionCount,
        ejectedUntil: member.outlier.ejectedUntil || undefined,
        draining: !member.listed,
      })),
    };
  }

  // Reading the clock costs more than a pick and allocates. While picks follow each other within
  // microseconds, fewer and fewer of them do, down to one in 64.
  #readmitForgotten(): void {
    if (this.#picksUntilCheck-- > 0) return;
    const now = this.#clock.now();
    const frequent = now - this.#checkedAt < FREQUENT_MS;
    this.#checkInterval = frequent ? Math.min(2 * this.#checkInterval, LONGEST_CHECK_INTERVAL) : 1;
    this.#picksUntilCheck = this.#checkInterval - 1;
    this.#checkedAt = now;
    if (this.#outliers!.readmitForgotten(now)) this.#decideEligible();
  }

  #learn({ member, probe, startedAt }: MemberLease, outcome: Outcome, now: number): void {
    const durationMs = now - startedAt;
    const failed = outcome === "failure" ||
      (outcome === "timeout" && this.#isTooLong(member, durationMs));
    member.count(outcome === "success");
    if (outcome !== "success" && this.#recoverAt === Infinity) this.#recoverAt = now + RECOVERY_MS;
    if (!failed && outcome !== "success") {
      member.latency.assume(now - member.waitingSince, now);
      if (probe) this.#outliers!.abandonProbe(member, now);
      return;
    }
    member.latency.observe(durationMs, failed, now);
    member.waitingSince = member.pendingCount > 1 ? now : 0;
    if (this.#outliers?.record(member, failed, probe, now)) this.#decideEligible();
  }

  #recover(now: number): void {
    this.#recoverAt = Infinity;
    for (const member of this.#listed) {
      if (member.successShare === 1) continue;
      this.#recoverAt = now + RECOVERY_MS;
      member.recover();
      this.#touch(member);
    }
  }

  #release(member: Member): void {
    member.pendingCount--;
    this.#pendingCount--;
    if (!member.listed && member.pendingCount === 0) {
      this.#members.delete(memberKey(member.endpoint));
    }
  }

  /** Whether an endpoint usually responds in less than this; one without responses is compared with the others. */
  #isTooLong(member: Member, durationMs: number): boolean {
    const own = member.latency.measuredMs;
    if (own !== undefined) return durationMs >= own;
    const slowest = Math.max(0, ...this.#candidates.map(({ latency }) => latency.measuredMs ?? 0));
    return durationMs >= (slowest || LEAST_TIMEOUT_MS);
  }

  #touch(member: Member): void {
    this.#picker.touch?.(member);
    if (this.#leaser !== this.#picker) this.#leaser.touch?.(member);
  }

  #member(endpoint: Endpoint): Member {
    const key = memberKey(endpoint);
    let member = this.#members.get(key);
    if (member === undefined) {
      member = this.#sameProcess(endpoint) ?? new Member(endpoint);
      this.#members.set(key, member);
    }
    member.endpoint = endpoint;
    return member;
  }

  /** The member of an address whose list of registrations has changed. */
  #sameProcess(endpoint: Endpoint): Member | undefined {
    const ids = idsOf(endpoint);
    for (const [key, member] of this.#members) {
      const before = member.endpoint;
      if (before.host !== endpoint.host || (ids.length === 1 && before.ids === undefined)) continue;
      if (!idsOf(before).some((id) => ids.includes(id))) continue;
      this.#members.delete(key);
      return member;
    }
    return undefined;
  }

  /** Eligible are members that are not ejected, or all of them in panic. Never those in maintenance. */
  #decideEligible(): void {
    const total = this.#candidates.length;
    const usable = this.#candidates.filter((member) => member.outlier.ejectedUntil === 0);
    const panic = usable.length < total * this.#panicPercent / 100;
    this.#ejectedCount = this.#outliers?.ejectedCount ?? 0;
    const eligible = panic || usable.length === total ? this.#candidates : usable;
    this.#picker.update(eligible);
    if (this.#leaser !== this.#picker) this.#leaser.update(eligible);
    if (panic === this.#panic) return;
    this.#panic = panic;
    this.#emit({ type: "panic", on: panic, usableCount: usable.length, totalCount: total });
  }

  #emit(event: PoolEvent): void {
    try {
      this.#onEvent?.(event);
    } catch {
      // A listener must not break the path of a request.
    }
  }
}
