/**
 * Whether the catalog lists a registration.
 *
 * An agent confirms a registration before the servers have it: it sends it to them afterwards. So
 * the catalog is read until it lists the instance, a few times and never with a blocking query.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import { PilotedError } from "../errors.ts";
import { onAbort, sleep } from "../wait.ts";

/** Options of {@linkcode CatalogListing}. */
export interface CatalogListingOptions {
  /** Reads the catalog. */
  readonly isListed: () => Promise<boolean>;
  /** Time. */
  readonly clock: Clock;
  /** Whether timers must not keep the process alive. */
  readonly background: boolean;
  /** Longest pause between two reads, in milliseconds. */
  readonly intervalMs: number;
  /** Ends it. */
  readonly signal: AbortSignal;
}

const FIRST_PAUSE_MS = 25;

/** Reads the catalog until it lists an instance. */
export class CatalogListing {
  /** Resolves when the instance is listed, or when the token may not read the catalog. */
  readonly ready: Promise<void>;
  readonly #options: CatalogListingOptions;
  #resolve = () => {};
  #isListed = false;
  #round = 0;

  /**
   * Creates it; nothing is read yet.
   *
   * @param options What it needs.
   */
  constructor(options: CatalogListingOptions) {
    this.#options = options;
    this.ready = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      onAbort(options.signal, reject);
    });
    // Nobody has to wait for it.
    this.ready.catch(() => {});
  }

  /** Whether the catalog listed it since the last {@linkcode CatalogListing.check}. */
  get isListed(): boolean {
    return this.#isListed;
  }

  /** Begins to read, after each registration. */
  check(): void {
    this.#isListed = false;
    void this.#poll(++this.#round);
  }

  async #poll(round: number): Promise<void> {
    const { isListed, clock, background, intervalMs, signal } = this.#options;
    for (let pauseMs = FIRST_PAUSE_MS;; pauseMs = Math.min(pauseMs * 2, intervalMs)) {
      let found: boolean | "denied" = false;
      try {
        await sleep(clock, pauseMs, { signal, background });
        if (round !== this.#round) return;
        found = await isListed();
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof PilotedError && error.code === "REGISTRY_DENIED") found = "denied";
      }
      if (round !== this.#round || signal.aborted) return;
      if (found === false) continue;
      this.#isListed = found === true;
      return this.#resolve();
    }
  }
}
