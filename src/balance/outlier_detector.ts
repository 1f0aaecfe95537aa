/**
 * Ejecting endpoints that are listed as healthy but fail.
 *
 * @module
 */
import type { PickOptions } from "./balancer.ts";
import type { Member } from "./member.ts";
import type { ResolvedOutlierOptions } from "./outlier_options.ts";
import { failurePercentageOutliers, successRateOutliers } from "./outlier_statistics.ts";
import type { EjectionReason, PoolEvent } from "./pool_event.ts";

/** An ejection is shortened by up to this fraction, so that endpoints do not all return at once. */
const JITTER = 0.1;

/**
 * Ejects members and readmits them after one successful probe.
 *
 * It has no timers. A member whose ejection has expired stays out until the next lease is acquired,
 * which is its probe: success readmits the member, failure ejects it for longer.
 */
export class OutlierDetector {
  readonly #options: ResolvedOutlierOptions;
  readonly #random: () => number;
  readonly #emit: (event: PoolEvent) => void;
  readonly #ejected = new Set<Member>();
  #members: readonly Member[] = [];
  #intervalStart: number | undefined;
  #nextProbeAt = Infinity;

  /**
   * @param options Limits.
   * @param random Random numbers in [0, 1).
   * @param emit Called with every ejection and readmission.
   */
  constructor(
    options: ResolvedOutlierOptions,
    random: () => number,
    emit: (event: PoolEvent) => void,
  ) {
    this.#options = options;
    this.#random = random;
    this.#emit = emit;
  }

  /** How many members are ejected. */
  get ejectedCount(): number {
    return this.#ejected.size;
  }

  /** Ejected members. */
  get ejected(): Iterable<Member> {
    return this.#ejected;
  }

  /**
   * Replaces the list of members, and readmits ejected ones that are no longer listed.
   *
   * @param members Members that are listed and not in maintenance.
   */
  update(members: readonly Member[]): void {
    this.#members = members;
    const kept = new Set(members);
    for (const member of this.#ejected) {
      if (!kept.has(member)) this.#forgive(member);
    }
    this.#scheduleProbe();
  }

  /**
   * Records how a request ended.
   *
   * @param member Where it was sent.
   * @param failed Whether it failed.
   * @param probe Whether it was the member's probe.
   * @param now Milliseconds since the Unix epoch.
   * @returns Whether the set of ejected members has changed.
   */
  record(member: Member, failed: boolean, probe: boolean, now: number): boolean {
    const record = member.outlier;
    let changed = this.#closeInterval(now);
    record.consecutiveFailureCount = failed ? record.consecutiveFailureCount + 1 : 0;
    if (failed) record.failureCount++;
    else record.successCount++;
    if (record.ejectedUntil > 0) {
      if (!probe) return changed;
      if (failed) return this.#eject(member, "probe_failed", now) || changed;
      this.readmit(member, now);
      return true;
    }
    if (record.consecutiveFailureCount >= this.#options.consecutiveFailures) {
      changed = this.#eject(member, "consecutive_failures", now) || changed;
    }
    return changed;
  }

  /**
   * A member whose ejection has expired. Each gets at most one probe at a time.
   *
   * @param now Milliseconds since the Unix epoch.
   * @param exclude Returns `true` for endpoints that must not be returned.
   * @param among Members that it must be one of. @default {any}
   * @returns The member to probe, if there is one.
   */
  takeProbe(
    now: number,
    exclude: PickOptions["exclude"],
    among?: readonly Member[],
  ): Member | undefined {
    if (now < this.#nextProbeAt) return undefined;
    for (const member of this.#ejected) {
      if (now < member.outlier.ejectedUntil || exclude?.(member.endpoint)) continue;
      if (among?.includes(member) === false) continue;
      // A probe that is never released must not keep the member ejected forever.
      member.outlier.ejectedUntil = now + this.#options.baseEjectionMs;
      this.#scheduleProbe();
      return member;
    }
    return undefined;
  }

  /**
   * Cancels a probe whose outcome is unknown, so that the next lease is a probe again.
   *
   * @param member The member that was probed.
   * @param now Milliseconds since the Unix epoch.
   */
  abandonProbe(member: Member, now: number): void {
    if (!this.#ejected.has(member)) return;
    member.outlier.ejectedUntil = now;
    this.#scheduleProbe();
  }

  /**
   * Readmits members that have waited for a probe for as long as a first ejection lasts: leases are no
   * longer acquired, so that no probe can be expected.
   *
   * @param now Milliseconds since the Unix epoch.
   * @returns Whether any was readmitted.
   */
  readmitForgotten(now: number): boolean {
    const { baseEjectionMs } = this.#options;
    if (now < this.#nextProbeAt + baseEjectionMs) return false;
    for (const member of this.#ejected) {
      if (now >= member.outlier.ejectedUntil + baseEjectionMs) this.readmit(member, now);
    }
    return true;
  }

  /** Readmits a member. */
  readmit(member: Member, now: number): void {
    this.#forgive(member);
    member.outlier.readmittedAt = now;
    this.#scheduleProbe();
    this.#emit({ type: "readmitted", endpoint: member.endpoint });
  }

  #forgive(member: Member): void {
    this.#ejected.delete(member);
    member.outlier.ejectedUntil = 0;
    member.outlier.consecutiveFailureCount = 0;
    member.outlier.startInterval();
  }

  #eject(member: Member, reason: EjectionReason, now: number): boolean {
    const { baseEjectionMs, maxEjectionMs, maxEjectedPercent, intervalMs } = this.#options;
    const again = this.#ejected.has(member);
    const count = this.#members.length;
    const room = Math.min(Math.floor(count * maxEjectedPercent / 100), count - 1);
    if (!again && (this.#ejected.size >= room || !this.#members.includes(member))) return false;
    const record = member.outlier;
    const forgiven = again ? 0 : Math.floor((now - record.readmittedAt) / intervalMs);
    record.ejectionCount = Math.max(0, record.ejectionCount - forgiven) + 1;
    const longest = Math.max(baseEjectionMs, maxEjectionMs);
    const durationMs = Math.min(baseEjectionMs * record.ejectionCount, longest) *
      (1 - JITTER * this.#random());
    record.ejectedUntil = now + durationMs;
    this.#ejected.add(member);
    this.#scheduleProbe();
    const { ejectionCount, ejectedUntil } = record;
    this.#emit({ type: "ejected", endpoint: member.endpoint, reason, ejectionCount, ejectedUntil });
    return !again;
  }

  #scheduleProbe(): void {
    this.#nextProbeAt = Infinity;
    for (const { outlier } of this.#ejected) {
      this.#nextProbeAt = Math.min(this.#nextProbeAt, outlier.ejectedUntil);
    }
  }

  #closeInterval(now: number): boolean {
    const { successRate, failurePercentage, intervalMs } = this.#options;
    if (successRate === undefined && failurePercentage === undefined) return false;
    this.#intervalStart ??= now;
    if (now - this.#intervalStart < intervalMs) return false;
    this.#intervalStart = now;
    const members = this.#members;
    const byRate = successRate === undefined ? [] : successRateOutliers(members, successRate);
    const byShare = failurePercentage === undefined
      ? []
      : failurePercentageOutliers(members, failurePercentage);
    for (const member of members) member.outlier.startInterval();
    const before = this.#ejected.size;
    this.#ejectSome(byRate, "success_rate", successRate?.enforcementPercent, now);
    this.#ejectSome(byShare, "failure_percentage", failurePercentage?.enforcementPercent, now);
    return this.#ejected.size !== before;
  }

  #ejectSome(
    outliers: readonly Member[],
    reason: EjectionReason,
    enforcementPercent: number | undefined,
    now: number,
  ): void {
    for (const member of outliers) {
      if (this.#ejected.has(member)) continue;
      if (this.#random() * 100 < enforcementPercent!) this.#eject(member, reason, now);
    }
  }
}
