/**
 * Taking endpoints out that are registered as healthy and are not.
 *
 * @module
 */
import type { PickOptions } from "./balancer.ts";
import type { Member } from "./member.ts";
import type { ResolvedOutlierOptions } from "./outlier_options.ts";
import { failurePercentageOutliers, successRateOutliers } from "./outlier_statistics.ts";
import type { EjectionReason, PoolEvent } from "./pool_event.ts";

/** By how much chance may shorten an ejection, so that endpoints do not all come back at once. */
const JITTER = 0.1;

/**
 * Ejects members and lets them back through one probe.
 *
 * It has no timers. A member whose ejection is over stays out until a lease is asked for: that one
 * goes to it. Its success brings the member back, its failure ejects it for longer.
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
   * Makes a detector that knows no member.
   *
   * @param options Limits.
   * @param random Random numbers in [0, 1).
   * @param emit Told of every ejection and readmission.
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
  get ejected(): number {
    return this.#ejected.size;
  }

  /**
   * Takes the members that count, and forgets the ejections of all others.
   *
   * @param members Those that the registry lists and that are not in maintenance.
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
   * Takes note of how a request ended.
   *
   * @param member Where it went.
   * @param failed Whether it failed.
   * @param probe Whether it was the member's probe.
   * @param now Milliseconds since the Unix epoch.
   * @returns Whether other members are ejected now than before.
   */
  record(member: Member, failed: boolean, probe: boolean, now: number): boolean {
    const record = member.outlier;
    let changed = this.#closeInterval(now);
    record.failuresInARow = failed ? record.failuresInARow + 1 : 0;
    if (failed) record.failures++;
    else record.successes++;
    if (record.ejectedUntil > 0) {
      if (!probe) return changed;
      if (failed) return this.#eject(member, "probe_failed", now) || changed;
      this.readmit(member, now);
      return true;
    }
    if (record.failuresInARow >= this.#options.consecutiveFailures) {
      changed = this.#eject(member, "consecutive_failures", now) || changed;
    }
    return changed;
  }

  /**
   * Gives a member whose ejection is over, at most one request at a time.
   *
   * @param now Milliseconds since the Unix epoch.
   * @param exclude Endpoints that must not be given.
   * @returns The member to be probed, if there is one.
   */
  takeProbe(now: number, exclude: PickOptions["exclude"]): Member | undefined {
    if (now < this.#nextProbeAt) return undefined;
    for (const member of this.#ejected) {
      if (now < member.outlier.ejectedUntil || exclude?.(member.endpoint)) continue;
      // A probe that never comes back must not keep the member out for ever.
      member.outlier.ejectedUntil = now + this.#options.baseEjectionMs;
      this.#scheduleProbe();
      return member;
    }
    return undefined;
  }

  /**
   * Takes back a probe that told nothing, so that the next lease is one.
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
   * Lets members back that have waited for a probe as long as for their first ejection: nobody asks
   * for leases any more.
   *
   * @param now Milliseconds since the Unix epoch.
   * @returns Whether there were any.
   */
  readmitForgotten(now: number): boolean {
    const { baseEjectionMs } = this.#options;
    if (now < this.#nextProbeAt + baseEjectionMs) return false;
    for (const member of this.#ejected) {
      if (now >= member.outlier.ejectedUntil + baseEjectionMs) this.readmit(member, now);
    }
    return true;
  }

  /** Lets a member back. */
  readmit(member: Member, now: number): void {
    this.#forgive(member);
    member.outlier.readmittedAt = now;
    this.#scheduleProbe();
    this.#emit({ type: "readmitted", endpoint: member.endpoint });
  }

  #forgive(member: Member): void {
    this.#ejected.delete(member);
    member.outlier.ejectedUntil = 0;
    member.outlier.failuresInARow = 0;
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
    record.ejections = Math.max(0, record.ejections - forgiven) + 1;
    const longest = Math.max(baseEjectionMs, maxEjectionMs);
    const durationMs = Math.min(baseEjectionMs * record.ejections, longest) *
      (1 - JITTER * this.#random());
    record.ejectedUntil = now + durationMs;
    this.#ejected.add(member);
    this.#scheduleProbe();
    const { ejections, ejectedUntil } = record;
    this.#emit({ type: "ejected", endpoint: member.endpoint, reason, ejections, ejectedUntil });
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
