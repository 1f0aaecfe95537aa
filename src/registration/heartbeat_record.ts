/**
 * What became of the heartbeats of one registration.
 *
 * @module
 */
import { PilotedError } from "../errors.ts";
import type { LateParty, MissedTtl, RegistrationStatus } from "../registration_status.ts";
import { LatencyHistogram } from "./latency_histogram.ts";
import { LateLedger } from "./late_ledger.ts";
import type { ResolvedHeartbeat } from "./options.ts";
import { lateParty, retryDelayMs } from "./retry.ts";

/** Records successes and failures, when to try again, and who was late. */
export class HeartbeatRecord {
  readonly #service: string;
  readonly #heartbeat: ResolvedHeartbeat;
  readonly #random: () => number;
  readonly #ledger = new LateLedger();
  readonly #latency = new LatencyHistogram();
  #confirmedAt: number | undefined;
  #failureCount = 0;
  #error: PilotedError | undefined;
  #retryAt = 0;
  /** Who is waited for until the next attempt. */
  #waitsFor: LateParty | undefined;
  /** Whether this process was held up during the attempt under way. */
  #wasLate = false;
  #missed: MissedTtl | undefined;
  #missedCount = 0;

  /**
   * Creates an empty record.
   *
   * @param service Name of the service.
   * @param heartbeat The heartbeat.
   * @param random Random numbers in [0, 1).
   */
  constructor(service: string, heartbeat: ResolvedHeartbeat, random: () => number) {
    this.#service = service;
    this.#heartbeat = heartbeat;
    this.#random = random;
  }

  /** When the agent last accepted something, in milliseconds since the Unix epoch. */
  get confirmedAt(): number | undefined {
    return this.#confirmedAt;
  }

  /** Whether the last attempt failed. */
  get isFailing(): boolean {
    return this.#failureCount > 0;
  }

  /** When the next attempt is due after a failure, in milliseconds since the Unix epoch. */
  get retryAt(): number {
    return this.#retryAt;
  }

  /** The last failure since the last success. */
  get error(): PilotedError | undefined {
    return this.#error;
  }

  /** Adds time that something took. */
  spent(party: LateParty, milliseconds: number): void {
    this.#ledger.add(party, milliseconds);
  }

  /** An attempt begins. */
  begin(): void {
    this.#wasLate = false;
  }

  /** A timer of the attempt fired late: this process was stopped or busy. */
  noticeLate(): void {
    this.#wasLate = true;
  }

  /** The agent has registered the service, the first time or again. */
  registered(now: number): void {
    this.#ledger.begin(now);
  }

  /** A heartbeat took some time. A pause of this process says nothing about the agent. */
  took(milliseconds: number): void {
    if (!this.#wasLate) this.#latency.add(milliseconds);
  }

  /** The pause between two attempts has ended. */
  waited(startedAt: number, dueAt: number, now: number): void {
    if (this.#waitsFor !== undefined) this.#ledger.add(this.#waitsFor, dueAt - startedAt);
    this.#ledger.add("event-loop", Math.max(0, now - dueAt));
  }

  /**
   * An attempt succeeded.
   *
   * @param startedAt When it began, in milliseconds since the Unix epoch.
   * @param now Milliseconds since the Unix epoch.
   * @returns An error when the TTL has expired before.
   */
  succeeded(startedAt: number, now: number): PilotedError | undefined {
    this.#ledger.add(this.#wasLate ? "event-loop" : "agent", now - startedAt);
    const missed = this.#ledger.accepted(now, this.#heartbeat.ttlMs);
    this.#confirmedAt = now;
    this.#failureCount = 0;
    this.#error = undefined;
    this.#waitsFor = undefined;
    if (missed === undefined) return undefined;
    this.#missed = missed;
    this.#missedCount++;
    const service = this.#service;
    const message = `Cannot keep service ${JSON.stringify(service)} passing: ${missed.reason}`;
    return new PilotedError("TIMEOUT", message, { service });
  }

  /**
   * An attempt failed.
   *
   * @param cause Why.
   * @param startedAt When it began, in milliseconds since the Unix epoch.
   * @param now Milliseconds since the Unix epoch.
   * @returns The error, and whether it is of another kind than the one before.
   */
  failed(
    cause: unknown,
    startedAt: number,
    now: number,
  ): { error: PilotedError; isNew: boolean } {
    const service = this.#service;
    const error = cause instanceof PilotedError ? cause : new PilotedError(
      "REGISTRY_UNREACHABLE",
      `Cannot register service ${JSON.stringify(service)}: ${String(cause)}`,
      { cause, service },
    );
    const isNew = this.#error?.code !== error.code;
    this.#failureCount++;
    this.#error = error;
    this.#waitsFor = this.#wasLate ? "event-loop" : lateParty(error);
    this.#ledger.add(this.#waitsFor, now - startedAt);
    const { intervalMs } = this.#heartbeat;
    const delayMs = retryDelayMs(error, this.#failureCount, intervalMs, this.#random);
    this.#retryAt = Math.max(startedAt + delayMs, now + Math.min(100, delayMs));
    return { error, isNew };
  }

  /** What a status says of it. */
  status(): Pick<
    RegistrationStatus,
    "confirmedAt" | "failureCount" | "error" | "missedTtl" | "missedTtlCount" | "latency"
  > {
    return {
      confirmedAt: this.#confirmedAt,
      failureCount: this.#failureCount,
      error: this.#error,
      missedTtl: this.#missed,
      missedTtlCount: this.#missedCount,
      latency: this.#latency.snapshot(),
    };
  }
}
