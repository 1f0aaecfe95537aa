/**
 * Noticing soon that a registry is back, without every watch asking all the time.
 *
 * @module
 */
import type { Clock, Timer } from "../clock.ts";

/** Somebody who backs off because the registry does not answer. */
export interface Waiting {
  /** Ends the backoff early. */
  hasten(): void;
}

// One question a second for the whole client finds a registry within two seconds of its return.
const PROBE_MS = 1_000;
// Others follow in small groups, so that a thousand watches do not wake an agent all at once.
const GROUP = 50;
const GROUP_MS = 50;

/**
 * While the registry is away each watch backs off up to 30 s. One of them, in turn, is sent ahead
 * every second; as soon as any is answered, all the others try again.
 */
export class Recovery {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #background: boolean;
  readonly #waiting = new Set<Waiting>();
  #timer: Timer | undefined;

  /** Makes a recovery with nobody waiting. */
  constructor(clock: Clock, random: () => number, background: boolean) {
    this.#clock = clock;
    this.#random = random;
    this.#background = background;
  }

  /** Somebody backs off. */
  add(waiting: Waiting): void {
    this.#waiting.add(waiting);
    this.#timer ??= this.#start(PROBE_MS * (0.8 + 0.4 * this.#random()), () => this.#probe());
  }

  /** Somebody no longer waits. */
  delete(waiting: Waiting): void {
    this.#waiting.delete(waiting);
    if (this.#waiting.size === 0) this.close();
  }

  /** Somebody was answered: the registry is back. */
  recovered(waiting: Waiting): void {
    this.#waiting.delete(waiting);
    this.close();
    this.#release();
  }

  /** Stops the timer. */
  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #probe(): void {
    const [first] = this.#waiting;
    if (first === undefined) return;
    // To the end of the line: it comes back here by add() when it fails again.
    this.#waiting.delete(first);
    this.#waiting.add(first);
    this.#timer = this.#start(PROBE_MS * (0.8 + 0.4 * this.#random()), () => this.#probe());
    first.hasten();
  }

  #release(): void {
    const group = [...this.#waiting].slice(0, GROUP);
    for (const waiting of group) this.#waiting.delete(waiting);
    if (this.#waiting.size > 0) this.#timer = this.#start(GROUP_MS, () => this.#release());
    for (const waiting of group) waiting.hasten();
  }

  #start(delayMs: number, callback: () => void): Timer {
    return this.#clock.start(
      () => {
        this.#timer = undefined;
        callback();
      },
      delayMs,
      this.#background,
    );
  }
}
