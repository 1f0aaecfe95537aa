/**
 * SIGHUP, from the first call on.
 *
 * @module
 */
import { onSignal } from "../runtime/signals.ts";

/**
 * Listens for SIGHUP, whose default action ends the process, before the client exists: one that
 * arrives while the configuration is being read is remembered, and a refresh follows when the
 * client is ready.
 */
export class RefreshSignal {
  readonly #remove: () => void;
  #refresh: (() => void) | undefined;
  #isPending = false;

  /** Listens from now on. */
  constructor() {
    this.#remove = onSignal("SIGHUP", () => {
      if (this.#refresh === undefined) this.#isPending = true;
      else this.#refresh();
    });
  }

  /**
   * Refreshes on every signal from now on, and at once when one has arrived already.
   *
   * @param refresh Reads everything again.
   */
  connect(refresh: () => void): void {
    this.#refresh = refresh;
    if (this.#isPending) refresh();
    this.#isPending = false;
  }

  /** Stops listening. */
  remove(): void {
    this.#remove();
  }
}
