/**
 * An endpoint for the time of one request or connection.
 *
 * @module
 */
import type { Endpoint } from "../endpoint.ts";
import type { Member } from "./member.ts";

/**
 * How a request ended, as far as it tells something about the endpoint: `success`, `failure` (no
 * connection, no answer in time, or the answer of an endpoint that can't do its work), or
 * `unknown`, such as a request that the caller gave up.
 */
export type Outcome = "success" | "failure" | "unknown";

/**
 * An endpoint that is in use. While the lease is out the endpoint counts as busy; how long that was
 * and how it ended is what the balancer and the outlier detection go by.
 */
export interface Lease extends Disposable {
  /** The endpoint. */
  readonly endpoint: Endpoint;
  /** When it was given out, in milliseconds since the Unix epoch. */
  readonly startedAt: number;
  /**
   * Gives it back. Only the first call counts.
   *
   * @param outcome How it ended. @default {"success"}
   */
  release(outcome?: Outcome): void;
  /** Gives it back with the outcome `unknown`, unless it was given back before. */
  [Symbol.dispose](): void;
}

/** The lease of a pool. */
export class MemberLease implements Lease {
  /** The endpoint. */
  readonly endpoint: Endpoint;
  /** The member that it belongs to. */
  readonly member: Member;
  /** When it was given out, in milliseconds since the Unix epoch. */
  readonly startedAt: number;
  /** Whether it lets an ejected member back. */
  readonly probe: boolean;
  #settle: ((lease: MemberLease, outcome: Outcome) => void) | undefined;

  /**
   * Makes a lease.
   *
   * @param member Whose.
   * @param startedAt When, in milliseconds since the Unix epoch.
   * @param probe Whether it lets an ejected member back.
   * @param settle Called once, when it is given back.
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

  /** Gives it back. */
  release(outcome: Outcome = "success"): void {
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.(this, outcome);
  }

  /** Gives it back without a word. */
  [Symbol.dispose](): void {
    this.release("unknown");
  }
}
