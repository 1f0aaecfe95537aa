/**
 * An endpoint for the duration of one request or connection.
 *
 * @module
 */
import type { Endpoint } from "../endpoint.ts";
import type { Member } from "./member.ts";

/**
 * What the end of a request says about the endpoint: `success`; `failure` (no connection, no response
 * in time, or a response such as 503); or `unknown`, for example when the caller aborted the request.
 */
export type Outcome = "success" | "failure" | "unknown";

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
   * Releases it. Only the first call has an effect.
   *
   * @param outcome How the request ended. @default {"success"}
   */
  release(outcome?: Outcome): void;
  /** Releases it with the outcome `unknown`, unless it was released before. */
  [Symbol.dispose](): void;
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
  #settle: ((lease: MemberLease, outcome: Outcome) => void) | undefined;

  /**
   * @param member The member.
   * @param startedAt Milliseconds since the Unix epoch.
   * @param probe Whether it decides about the readmission of an ejected member.
   * @param settle Called once, on release.
   */
  constructor(
    member: Member,
    startedAt: number,
    probe: boolean,
    settle: (lease: MemberLease, outcome: Outcome) => void,
  ) {
    this.endpoint = member.endpoint;
    this.member = member;
    this.startedAt = startedAt;
    this.probe = probe;
    this.#settle = settle;
  }

  /** Releases it. */
  release(outcome: Outcome = "success"): void {
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.(this, outcome);
  }

  /** Releases it with the outcome `unknown`. */
  [Symbol.dispose](): void {
    this.release("unknown");
  }
}
