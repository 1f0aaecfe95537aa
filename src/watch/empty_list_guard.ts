/**
 * Decides whether a list is accepted that is suddenly empty, much smaller, or without a healthy node.
 *
 * @module
 */
import type { EmptyPolicy, NodeFailurePolicy } from "./policies.ts";

// A list of fewer instances may lose most of them in an ordinary deployment.
const LARGE = 10;
// "Most": more than half.
const KEPT = 0.5;
// Two responses of the leader, 2 s and 5 s after the first sight. An election with Consul's default
// timing is over by then or the leader does not respond, and a real scale-to-zero shows within 10 s.
const CONFIRM_AFTER_MS = [2_000, 3_000];

/** What a list may be doubted for. */
export type Doubt = "empty" | "smaller" | "nodes";

/** One reading, in numbers. */
export interface Judged {
  /** Number of instances that the last accepted reading listed. */
  readonly knownCount: number;
  /** Number of instances that this one lists. */
  readonly listedCount: number;
  /** Whether instances that were handed out are gone because of the checks of their nodes alone. */
  readonly haveNodesFailed: boolean;
  /** Whether the leader confirmed this one. */
  readonly fromLeader: boolean;
}

/**
 * Judges how many instances the registry lists, whatever their health: instances that are listed as
 * critical are news, while missing instances may mean an agent that lost its data, a server that
 * has not caught up, or a cluster without a leader. Instances that are critical by the check of
 * their node alone are news of the gossip between agents, which may fail while the services run.
 */
export class EmptyListGuard {
  readonly #policies: Readonly<Record<Doubt, EmptyPolicy>>;
  #doubt: Doubt | undefined;
  #confirmations: number | undefined;

  /** Creates a guard. */
  constructor(emptyPolicy: EmptyPolicy, nodeFailurePolicy: NodeFailurePolicy = "confirm") {
    this.#policies = {
      empty: emptyPolicy,
      // An instance more or less is a deployment: what is never accepted is an empty list.
      smaller: emptyPolicy === "accept" ? "accept" : "confirm",
      nodes: nodeFailurePolicy,
    };
  }

  /** Milliseconds until the leader's confirmation is due; `undefined` when nothing waits for one. */
  get confirmAfterMs(): number | undefined {
    return this.#confirmations === undefined ? undefined : CONFIRM_AFTER_MS[this.#confirmations];
  }

  /** Why the last reading was not accepted. */
  get doubt(): Doubt | undefined {
    return this.#doubt;
  }

  /** Nothing is in doubt any longer. */
  reset(): void {
    this.#doubt = undefined;
    this.#confirmations = undefined;
  }

  /**
   * Judges one reading.
   *
   * @returns Whether it is accepted.
   */
  accepts(reading: Judged): boolean {
    const doubt = doubtOf(reading);
    if (doubt === undefined || this.#policies[doubt] === "accept") {
      this.reset();
      return true;
    }
    if (doubt !== this.#doubt) this.reset();
    this.#doubt = doubt;
    if (this.#policies[doubt] === "keep") return false;
    if (this.#confirmations === undefined) {
      this.#confirmations = 0;
    } else if (reading.fromLeader && ++this.#confirmations === CONFIRM_AFTER_MS.length) {
      this.reset();
      return true;
    }
    return false;
  }
}

function doubtOf({ knownCount, listedCount, haveNodesFailed }: Judged): Doubt | undefined {
  if (knownCount > 0 && listedCount === 0) return "empty";
  if (haveNodesFailed) return "nodes";
  return knownCount >= LARGE && listedCount < knownCount * KEPT ? "smaller" : undefined;
}
