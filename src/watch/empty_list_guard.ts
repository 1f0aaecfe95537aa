/**
 * Whether a list that is suddenly empty is believed.
 *
 * @module
 */
import type { EmptyPolicy } from "../client/options.ts";

// A list of fewer instances may lose most of them in an ordinary deployment.
const LARGE = 10;
// "Most": more than half.
const KEPT = 0.5;
// Two answers of the leader, 2 s and 5 s after the first sight. An election with Consul's default
// timing is over by then or the leader does not answer, and a real scale-to-zero shows within 10 s.
const CONFIRM_AFTER_MS = [2_000, 3_000];

/** What to do with a reading: believe it, or hold the last list. */
export type Verdict = "believe" | "hold";

/**
 * Judges how many instances the registry lists, in whatever health: instances that are listed as
 * critical are news, while instances that are missing may be an agent that lost its data, a server
 * that has not caught up, or a cluster without a leader.
 */
export class Guard {
  readonly #policy: EmptyPolicy;
  #confirmations: number | undefined;

  /** Makes a guard. */
  constructor(policy: EmptyPolicy) {
    this.#policy = policy;
  }

  /** How long to wait before the leader is asked to confirm, in milliseconds; `undefined` when nothing is in doubt. */
  get confirmAfterMs(): number | undefined {
    return this.#confirmations === undefined ? undefined : CONFIRM_AFTER_MS[this.#confirmations];
  }

  /**
   * Judges one reading.
   *
   * @param known How many instances the last believed reading listed.
   * @param listed How many this one lists.
   * @param fromLeader Whether this one was confirmed by the leader.
   * @returns The verdict.
   */
  judge(known: number, listed: number, fromLeader: boolean): Verdict {
    const doubtful = known > 0 && (listed === 0 || (known >= LARGE && listed < known * KEPT));
    if (!doubtful || this.#policy === "accept") {
      this.#confirmations = undefined;
      return "believe";
    }
    if (this.#policy === "keep") return "hold";
    if (this.#confirmations === undefined) {
      this.#confirmations = 0;
    } else if (fromLeader && ++this.#confirmations === CONFIRM_AFTER_MS.length) {
      this.#confirmations = undefined;
      return "believe";
    }
    return "hold";
  }
}
