/**
 * A second request in parallel to one that takes long.
 *
 * @module
 */
import type { AttemptOutcome } from "../request_attempt.ts";
import type { Attempt } from "./attempt.ts";
import { discard } from "./body_end.ts";
import { Deadline } from "./deadlines.ts";

/** What a race needs from its call. */
export interface RaceOptions {
  /** Makes the second attempt, or returns `undefined` when that is not possible. */
  readonly second: () => Attempt | undefined;
  /** Called with every attempt that ends by itself; returns how it ended. */
  readonly conclude: (attempt: Attempt) => AttemptOutcome | undefined;
  /**
   * Called once, with the attempt that decides: the first that succeeded, or the last that failed; and
   * with the slower one, which was aborted.
   */
  readonly done: (
    attempt: Attempt,
    outcome: AttemptOutcome | undefined,
    superseded: Attempt | undefined,
  ) => void;
  /** Called when one of the others has thrown. */
  readonly failed: (error: unknown) => void;
}

/**
 * Waits for a response, and sends the request a second time when it takes too long ("The Tail at
 * Scale", Dean and Barroso). The first success wins. Its deadline is the moment of the second request.
 */
export class HedgeRace extends Deadline {
  readonly #options: RaceOptions;
  #first: Attempt | undefined;
  #second: Attempt | undefined;

  /**
   * Sends the first attempt.
   *
   * @param first The attempt.
   * @param options What to call.
   */
  constructor(first: Attempt, options: RaceOptions) {
    super();
    this.#options = options;
    this.#first = first;
    this.#run(first);
  }

  /** The first request takes long. */
  expire(): void {
    try {
      this.#second = this.#options.second();
      if (this.#second !== undefined) this.#run(this.#second);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** The client was closed: so are the attempts. */
  close(): void {}

  #run(attempt: Attempt): void {
    attempt.send((ended) => this.#ended(ended)).catch((error) => this.#fail(error));
  }

  #fail(error: unknown): void {
    this.cancel();
    this.#options.failed(error);
  }

  #ended(attempt: Attempt): void {
    const isFirst = attempt === this.#first;
    // A superseded attempt no longer counts.
    if (!isFirst && attempt !== this.#second) return;
    const other = isFirst ? this.#second : this.#first;
    if (isFirst) this.#first = undefined;
    else this.#second = undefined;
    const outcome = this.#options.conclude(attempt);
    if (outcome !== "success" && other !== undefined) return discard(attempt.response);
    this.cancel();
    this.#first = this.#second = undefined;
    other?.abort(new DOMException("Another attempt was faster", "AbortError"));
    this.#options.done(attempt, outcome, other);
  }
}
