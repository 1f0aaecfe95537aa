/**
 * Aborting one attempt.
 *
 * @module
 */
import { PilotedError } from "../errors.ts";
import { whenBodyEnds } from "./body_end.ts";
import { followSignal, type SignalFollower, unfollowSignal } from "./caller_signal.ts";
import { Deadline } from "./deadlines.ts";

/**
 * Aborts one attempt at its deadline, with the caller's own signal, with the client, or when another
 * attempt was faster. It listens to the caller's signal itself and removes its listener when the
 * response has ended: `AbortSignal.any()` leaks on Node 20 and 22 when one signal is given to many
 * requests.
 */
export class AttemptControl extends Deadline implements SignalFollower {
  /** Whether the deadline has expired. */
  expired = false;
  /** Why the client ended it, if it did. */
  closed: unknown = undefined;
  readonly #controller: AbortController | undefined;
  readonly #caller: AbortSignal | undefined;

  /**
   * Its deadline has to be added.
   *
   * @param isAbortable Whether something besides the caller's signal can abort it.
   * @param caller The caller's own signal.
   */
  constructor(isAbortable: boolean, caller: AbortSignal | undefined) {
    super();
    this.#caller = caller;
    this.#controller = isAbortable ? new AbortController() : undefined;
    if (caller === undefined || this.#controller === undefined) return;
    if (caller.aborted) this.#controller.abort(caller.reason);
    else followSignal(caller, this);
  }

  /** For the platform's fetch. */
  get signal(): AbortSignal | null {
    return this.#controller === undefined ? this.#caller ?? null : this.#controller.signal;
  }

  /** The deadline has expired. */
  expire(): void {
    this.expired = true;
    const ms = Math.max(0, Math.round(this.lengthMs));
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
    this.cancel();
    if (this.#caller === undefined || this.#controller === undefined) return;
    if (response === undefined) this.#unfollow();
    else whenBodyEnds(response, () => this.#unfollow());
  }

  /**
   * Aborts the attempt, and the body of its response.
   *
   * @param reason Reason of the abort.
   */
  abort(reason: unknown): void {
    this.cancel();
    this.#unfollow();
    this.#controller?.abort(reason);
  }

  #unfollow(): void {
    if (this.#caller !== undefined) unfollowSignal(this.#caller, this);
  }
}
