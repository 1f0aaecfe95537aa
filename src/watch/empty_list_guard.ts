/**
 * Decides whether a list that is suddenly empty, or much smaller, is accepted.
 *
 * @module
 */
import type { EmptyPolicy } from "./policies.ts";

// A list of fewer instances may lose most of them in an ordinary deployment.
const LARGE = 10;
// "Most": more than half.
const KEPT = 0.5;
// Two responses of the leader, 2 s and 5 s after the first sight. An election with Consul's default
// timing is over by then or the leader does not respond, and a real scale-to-zero shows within 10 s.
const CONFIRM_AFTER_MS = [2_000, 3_000];

/**
 * Judges how many instances the registry lists, whatever their health: instances that are listed as
 * critical are news, while missing instances may mean an agent that lost its data, a server that
 * has not caught up, or a cluster without a leader.
 */
export class EmptyListGuard {
  readonly #policy: EmptyPolicy;
  #confirmations: number | undefined;

  /** Creates a guard. */
  constructor(policy: EmptyPolicy) {
    this.#policy = policy;
  }

  /** Milliseconds until the leader's confirmation is due; `undefined` when nothing is in doubt. */
  get confirmAfterMs(): number | undefined {
    return this.#confirmations === undefined ? undefined : CONFIRM_AFTER_MS[this.#confirmations];
  }

  /**
   * Judges one reading.
   *
   * @param knownCount Number of instances that the last accepted reading listed.
   * @param listedCount Number of instances that this one lists.
   * @param fromLeader Whether the leader confirmed this one.
   * @returns Whether it is accepted.
   */
  accepts(knownCount: number, listedCount: number, fromLeader: boolean): boolean {
    const doubtful = knownCount > 0 &&
      (listedCount === 0 || (knownCount >= LARGE && listedCount < knownCount * KEPT));
    if (!doubtful || this.#policy === "accept") {
      this.#confirmations = undefined;
      return true;
    }
    if (this.#policy === "keep") return false;
    if (this.#confirmations === undefined) {
      this.#confirmations = 0;
    } else if (fromLeader && ++this.#confirmations === CONFIRM_AFTER_MS.length) {
      this.#confirmations = undefined;
      return true;
    }
    return false;
  }
}
