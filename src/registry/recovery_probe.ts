/**
 * Notices soon that a registry is back, without every watch polling it all the time.
 *
 * @module
 */
import type { Clock, Timer } from "../clock.ts";

/** A watch that backs off because the registry does not respond. */
export interface BackingOff {
  /** Ends the backoff early. */
  hasten(): void;
}

// One read a second for the whole client notices a registry within two seconds of its return.
const PROBE_MS = 1_000;
// The others follow in small groups, so that a thousand watches do not hit an agent all at once.
const GROUP = 50;
const GROUP_MS = 50;

/**
 * While the registry is away each watch backs off up to 30 s. One of them, in turn, reads every
 * second; as soon as any read succeeds, all the others read as well.
 */
export class RecoveryProbe {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #background: boolean;
  readonly #waiting = new Set<BackingOff>();
  #timer: Timer | undefined;

  /** Creates a probe with nothing to do. */
  constructor(clock: Clock, random: () => number, background: boolean) {
    this.#clock = clock;
    this.#random = random;
    this.#background = background;
  }

  /** A watch backs off. */
  add(watch: BackingOff): void {
    this.#waiting.add(watch);
    this.#timer ??= this.#start(PROBE_MS * (0.8 + 0.4 * this.#random()), () => this.#probe());
  }

  /** A watch no longer backs off. */
  delete(watch: BackingOff): void {
    this.#waiting.delete(watch);
    if (this.#waiting.size === 0) this.close();
  }

  /** A read succeeded: the registry is back. */
  recovered(watch: BackingOff): void {
    this.#waiting.delete(watch);
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
    // To the end of the line: add() brings it back when it fails again.
    this.#waiting.delete(first);
    this.#waiting.add(first);
    this.#timer = this.#start(PROBE_MS * (0.8 + 0.4 * this.#random()), () => this.#probe());
    first.hasten();
  }

  #release(): void {
    const group = [...this.#waiting].slice(0, GROUP);
    for (const watch of group) this.#waiting.delete(watch);
    if (this.#waiting.size > 0) this.#timer = this.#start(GROUP_MS, () => this.#release());
    for (const watch of group) watch.hasten();
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
