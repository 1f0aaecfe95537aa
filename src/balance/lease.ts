/**
 * An endpoint for the duration of one request or connection.
 *
 * @module
 */
import type { Endpoint } from "../endpoint.ts";
import type { Member } from "./member.ts";

/**
 * What the end of a request says about the endpoint: `success`; `failure` (no connection, or a response
 * such as 503); `timeout` (no response within the time that the caller had: a failure if the endpoint
 * usually needs less, else nothing is known); or `unknown`, for example when the caller aborted the
 * request.
 */
export type Outcome = "success" | "failure" | "timeout" | "unknown";

/**
 * An endpoint in use. Until the lease is released, it counts as a request in flight. The balancer and
 * the outlier detection learn from how long that took and how it ended.
 */
export interface Lease extends Disposable {
  /** The endpoint. */
  readonly endpoint: Endpoint;
  /** When it was acquired, in milliseconds since the Unix epoch. */
  readonly startedAt: number;
  /**
   * Until when a request should hold it, as the balancer needs it: to the head of the response, or to
   * the end of its body. @default {"headers"}
   */
  readonly leaseUntil?: "headers" | "body" | undefined;
  /**
   * Reports how the request or the attempt to connect ended, while the lease stays in use until
   * `release()`: the latency ends here. For connections and downloads, whose life is no latency. Only
   * the first call has an effect; after it, `release()` reports nothing but a `"failure"`.
   *
   * @param outcome How it ended. @default {"success"}
   * @param endedAt When, in milliseconds since the Unix epoch. @default {now}
   */
  report?(outcome?: Outcome, endedAt?: number): void;
  /**
   * Releases it. Only the first call has an effect.
   *
   * @param outcome How the request ended. @default {"success"}
   * @param endedAt When, in milliseconds since the Unix epoch. @default {now}
   */
  release(outcome?: Outcome, endedAt?: number): void;
  /** Releases it with the outcome `unknown`, unless it was released before. */
  [Symbol.dispose](): void;
}

/** Where the leases of a pool report. */
export interface LeaseOwner {
  /**
   * Called once on release, and before that when the outcome is reported.
   *
   * @param lease The lease.
   * @param outcome How it ended; `undefined` when that was reported before.
   * @param endedAt When, in milliseconds since the Unix epoch; `undefined` for now.
   * @param isReleased Whether it is no longer in use.
   */
  ended(
    lease: MemberLease,
    outcome: Outcome | undefined,
    endedAt: number | undefined,
    isReleased: boolean,
  ): void;
}

/** The lease of a pool. */
export class MemberLease implements Lease {
  /** The endpoint. */
  readonly endpoint: Endpoint;
  /** The member that it is a lease of. */
  readonly member: Member;
  /** When it was acquired, in milliseconds since the Unix epoch. */
  readonly startedAt: number;
  /** Whether it decides about the readmission of an ejected member. */
  readonly probe: boolean;
  /** Until when a request should hold it. */
  readonly leaseUntil: "headers" | "body";
  #owner: LeaseOwner | undefined;
  #reported = false;

  /**
   * @param member The member.
   * @param startedAt Milliseconds since the Unix epoch.
   * @param probe Whether it decides about the readmission of an ejected member.
   * @param leaseUntil Until when a request should hold it.
   * @param owner Where it reports.
   */
  constructor(
    member: Member,
    startedAt: number,
    probe: boolean,
    leaseUntil: "headers" | "body",
    owner: LeaseOwner,
  ) {
    this.endpoint = member.endpoint;
    this.member = member;
    this.startedAt = startedAt;
    this.probe = probe;
    this.leaseUntil = leaseUntil;
    this.#owner = owner;
  }

  /** Reports how it ended, and keeps it. */
  report(outcome: Outcome = "success", endedAt?: number): void {
    if (this.#reported) return;
    this.#reported = true;
    this.#owner?.ended(this, outcome, endedAt, false);
  }

  /** Releases it. */
  release(outcome: Outcome = "success", endedAt?: number): void {
    const owner = this.#owner;
    if (owner === undefined) return;
    this.#owner = undefined;
    const isNews = !this.#reported || outcome === "failure";
    owner.ended(this, isNews ? outcome : undefined, endedAt, true);
  }

  /** Releases it with the outcome `unknown`. */
  [Symbol.dispose](): void {
    this.release("unknown");
  }
}
