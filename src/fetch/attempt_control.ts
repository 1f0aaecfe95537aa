/**
 * Aborting one attempt.
 *
 * @module
 */
import { PilotedError } from "../errors.ts";
import { whenBodyEnds } from "./body_end.ts";
import { followSignal, unfollowSignal } from "./caller_signal.ts";
import type { Deadline, Deadlines, Expiring } from "./deadlines.ts";

/**
 * Aborts one attempt at its deadline, with the caller's own signal, with the client, or when another
 * attempt was faster. It listens to the caller's signal itself and removes its listener when the
 * response has ended: `AbortSignal.any()` leaks on Node 20 and 22 when one signal is given to many
 * requests.
 */
export class AttemptControl implements Expiring {
  /** Whether the deadline has expired. */
  expired = false;
  /** Why the client ended it, if it did. */
  closed: unknown;
  readonly #controller = new AbortController();
  readonly #caller: AbortSignal | undefined;
  readonly #timeoutMs: number;
  readonly #deadline: Deadline;

  /**
   * Starts the deadline of an attempt.
   *
   * @param deadlines Where deadlines are kept.
   * @param now Milliseconds since the Unix epoch.
   * @param timeoutMs Milliseconds until the deadline; may be infinite.
   * @param caller The caller's own signal.
   */
  constructor(
    deadlines: Deadlines,
    now: number,
    timeoutMs: number,
    caller: AbortSignal | undefined,
  ) {
    this.#timeoutMs = timeoutMs;
    this.#caller = caller;
    this.#deadline = deadlines.add(this, now, timeoutMs);
    if (caller?.aborted) this.#controller.abort(caller.reason);
    else if (caller !== undefined) followSignal(caller, this);
  }

  /** For the platform's fetch. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The deadline has expired. */
  expire(): void {
    this.expired = true;
    const ms = Math.max(0, Math.round(this.#timeoutMs));
    this.abort(new PilotedError("TIMEOUT", `No response within ${ms} ms`));
  }

  /** The client was closed. */
  close(reason: unknown): void {
    this.closed = reason;
    this.abort(reason);
  }

  /**
   * Ends the deadline: the head of the response was received, and its body may take longer. The
   * caller's signal still aborts the body.
   *
   * @param response The response, if there was one.
   */
  stop(response?: Response): void {
    this.#deadline.cancel();
    if (this.#caller === undefined) return;
    if (response === undefined) this.#unfollow();
    else whenBodyEnds(response, () => this.#unfollow());
  }

  /**
   * Aborts the attempt, and the body of its response.
   *
   * @param reason Reason of the abort.
   */
  abort(reason: unknown): void {
    this.#deadline.cancel();
    this.#unfollow();
    this.#controller.abort(reason);
  }

  #unfollow(): void {
    if (this.#caller !== undefined) unfollowSignal(this.#caller, this);
  }
}
