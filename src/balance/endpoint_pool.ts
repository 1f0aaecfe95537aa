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
import { BalancedList } from "./balanced_list.ts";
import type { Balancer, PickOptions } from "./balancer.ts";
import { type Lease, type LeaseOwner, MemberLease, type Outcome } from "./lease.ts";
import { type Member, RECOVERY_MS } from "./member.ts";
import { Members } from "./members.ts";
import { mergeAddresses } from "./merge_addresses.ts";
import { OutlierDetector } from "./outlier_detector.ts";
import { resolveOutlierOptions } from "./outlier_options.ts";
import type { PoolEvent } from "./pool_event.ts";
import { type EndpointPoolOptions, listSettings } from "./pool_options.ts";
import type { PoolStatus } from "./pool_status.ts";
import { Router } from "./router.ts";
import { checkSplit } from "./split.ts";
import { checkSubset, Subset } from "./subset.ts";

/** Two checks of the time closer than this are closer than they need to be. */
const FREQUENT_MS = 1;

/** While nothing was measured, shorter waits than this say nothing about an endpoint. */
const LEAST_TIMEOUT_MS = 1_000;

/** The maximum number of picks from one check of the time to the next. */
const LONGEST_CHECK_INTERVAL = 64;

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
  readonly #all: BalancedList;
  /** What picks without options: the balancer of all, one step closer to the hot path, or the split. */
  readonly #picker: Pick<Balancer, "pick">;
  readonly #leaser: Balancer;
  readonly #router: Router;
  readonly #subset: Subset | undefined;
  readonly #isSplit: boolean;
  readonly #isProbed: boolean;
  readonly #outliers: OutlierDetector | undefined;
  readonly #members = new Members();
  readonly #owner: LeaseOwner = {
    ended: (lease, outcome, endedAt, isReleased) => {
      if (outcome !== undefined) this.#learn(lease, outcome, endedAt ?? this.#clock.now());
      if (isReleased) this.#release(lease.member);
      this.#touch(lease.member);
    },
  };
  #endpoints: readonly Endpoint[] = [];
  /** Members whose failures are compared: all that may be picked. */
  #tracked: readonly Member[] = [];
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
   * @param options Balancer, outlier detection, zone, split, subset and listener.
   * @throws {TypeError} when the balancer or an option of `outliers`, `split` or `subset` is unknown.
   * @throws {RangeError} when a number in one of them is out of its range.
   */
  constructor(options: EndpointPoolOptions = {}) {
    const { zone, split, subset, clock = systemClock, random = Math.random } = options;
    if (split !== undefined) checkSplit(split, "a pool");
    if (subset !== undefined) checkSubset(subset, "a pool");
    const limits = options.outliers === false
      ? undefined
      : resolveOutlierOptions(options.outliers ?? {});
    const settings = listSettings(options, limits?.panicPercent ?? 0);
    this.#clock = clock;
    this.#onEvent = options.onEvent;
    this.#all = new BalancedList(settings);
    this.#leaser = this.#all.leaser;
    this.#subset = subset === undefined ? undefined : new Subset(subset, zone, random);
    this.#isSplit = split !== undefined;
    this.#isProbed = options.isProbed ?? false;
    this.#router = new Router(settings, split, this.#subset, random, (part) => this.#track(part));
    this.#picker = split === undefined ? this.#all.picker : this.#router;
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
    const listed = this.#members.update(endpoints);
    const candidates = listed.filter(({ endpoint }) => endpoint.status !== "maintenance");
    const instances = mergeAddresses(known);
    const part = this.#subset?.select(candidates) ?? candidates;
    this.#all.candidates = part;
    this.#all.know(this.#subset?.share(instances, candidates, part) ?? instances);
    const parts = this.#router.update(candidates, instances);
    // What no part in use has any more keeps its ejection, too.
    const ejected = candidates.filter(({ outlier }) => outlier.ejectedUntil > 0);
    this.#tracked = part === candidates ? part : [...new Set([...part, ...parts, ...ejected])];
    this.#outliers?.update(this.#tracked);
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
    return options !== undefined && this.#router.isRouted(options)
      ? this.#router.pick(options)?.endpoint
      : this.#picker.pick(options)?.endpoint;
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
    const list = this.#isSplit || options !== undefined && this.#router.isRouted(options)
      ? this.#router.list(options)
      : undefined;
    const among = list ?? (this.#subset && this.#all);
    const probe = this.#ejectedCount > 0 && !this.#isProbed
      ? this.#outliers!.takeProbe(now, options?.exclude, among?.candidates)
      : undefined;
    const member = probe ??
      (list === undefined
        ? this.#leaser.pick(options)
        : list.leaser.pick(options) ?? this.#router.pickElsewhere(options, true));
    if (member === undefined) return undefined;
    member.pendingCount++;
    this.#pendingCount++;
    if (member.waitingSince === 0) member.waitingSince = now;
    this.#touch(member);
    const { leaseUntil = "headers" } = this.#leaser;
    return new MemberLease(member, now, probe !== undefined, leaseUntil, this.#owner);
  }

  /** Ejected endpoints, and when each may be probed, in milliseconds since the Unix epoch. */
  get ejections(): readonly { readonly endpoint: Endpoint; readonly until: number }[] {
    return [...this.#outliers?.ejected ?? []].map(({ endpoint, outlier }) => ({
      endpoint,
      until: outlier.ejectedUntil,
    }));
  }

  /**
   * Readmits an endpoint that was found healthy from outside.
   *
   * @param endpoint The endpoint.
   */
  readmit(endpoint: Endpoint): void {
    const member = this.#members.find(endpoint);
    if (member === undefined || member.outlier.ejectedUntil === 0) return;
    this.#outliers!.readmit(member, this.#clock.now());
    this.#decideEligible();
  }

  /** Load, latency and ejections of every endpoint. */
  status(): PoolStatus {
    const now = this.#clock.now();
    return {
      picker: this.#all.picker.name,
      leaser: this.#leaser.name,
      pendingCount: this.#pendingCount,
      ejectedCount: this.#ejectedCount,
      panic: this.#panic,
      localShare: this.#leaser.localShare,
      endpoints: this.#shown().map((member) => ({
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

  /** With a subset, only what is in use: the rest is nobody's concern. */
  #shown(): readonly Member[] {
    const members = this.#members.all;
    if (this.#subset === undefined) return members;
    const tracked = new Set(this.#tracked);
    return members.filter((member) => tracked.has(member) || member.pendingCount > 0);
  }

  /** Compares the failures of members of a further part, too. */
  #track(part: readonly Member[]): void {
    const tracked = new Set(this.#tracked);
    const count = tracked.size;
    for (const member of part) tracked.add(member);
    if (tracked.size === count) return;
    this.#tracked = [...tracked];
    this.#outliers?.update(this.#tracked);
  }

  // Reading the clock costs more than a pick and allocates. While picks follow each other within
  // microseconds, fewer and fewer of them do, down to one in 64.
  #readmitForgotten(): void {
    if (this.#isProbed) return;
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
    for (const member of this.#members.listed) {
      if (member.successShare === 1) continue;
      this.#recoverAt = now + RECOVERY_MS;
      member.recover();
      this.#touch(member);
    }
  }

  #release(member: Member): void {
    member.pendingCount--;
    this.#pendingCount--;
    this.#members.released(member);
  }

  /** Whether an endpoint usually responds in less than this; one without responses is compared with the others. */
  #isTooLong(member: Member, durationMs: number): boolean {
    const own = member.latency.measuredMs;
    if (own !== undefined) return durationMs >= own;
    const slowest = Math.max(
      0,
      ...this.#all.candidates.map(({ latency }) => latency.measuredMs ?? 0),
    );
    return durationMs >= (slowest || LEAST_TIMEOUT_MS);
  }

  #touch(member: Member): void {
    this.#all.touch(member);
    if (member.lists === undefined) return;
    for (const list of member.lists) list.touch(member);
  }

  #decideEligible(): void {
    const all = this.#all;
    all.decide();
    this.#router.changed();
    this.#ejectedCount = this.#outliers?.ejectedCount ?? 0;
    const { panic, usableCount, candidates } = all;
    if (panic === this.#panic) return;
    this.#panic = panic;
    this.#emit({ type: "panic", on: panic, usableCount, totalCount: candidates.length });
  }

  #emit(event: PoolEvent): void {
    try {
      this.#onEvent?.(event);
    } catch {
      // A listener must not break the path of a request.
    }
  }
}
