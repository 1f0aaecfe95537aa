/**
 * Reads parked watches one after the other.
 *
 * @module
 */
import type { Clock, Timer } from "../clock.ts";

/** Options of {@linkcode Rotation}. */
export interface RotationOptions<Entry> {
  /** Time. */
  readonly clock: Clock;
  /** Time in which each entry is read once, in milliseconds. */
  readonly lapMs: () => number;
  /** Minimum time between two turns, in milliseconds. */
  readonly turnMs: () => number;
  /** Maximum number of entries in a second, with several in one turn. */
  readonly perSecond: () => number;
  /** Called with each entry in turn. */
  readonly read: (entry: Entry) => void;
  /** Called before each turn. @returns Whether this turn takes place. */
  readonly isOpen: () => boolean;
}

/** A line of entries: the first is read, and comes back to its end by {@linkcode Rotation.add}. */
export class Rotation<Entry> {
  readonly #options: RotationOptions<Entry>;
  readonly #entries = new Set<Entry>();
  #timer: Timer | undefined;
  #dueAt = Infinity;
  #turnedAt = 0;

  /** Creates an empty line without a timer. */
  constructor(options: RotationOptions<Entry>) {
    this.#options = options;
  }

  /** Adds an entry at the end of the line. */
  add(entry: Entry): void {
    this.#entries.add(entry);
    this.#arm();
  }

  /** Removes an entry. */
  delete(entry: Entry): void {
    this.#entries.delete(entry);
    if (this.#entries.size === 0) this.close();
  }

  /** The options have changed: the next turn may be earlier. */
  rearm(): void {
    this.close();
    this.#arm();
  }

  /** Stops the timer. */
  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#dueAt = Infinity;
  }

  /** A line that became longer has its next turn earlier. */
  #arm(): void {
    const { size } = this.#entries;
    if (size === 0) return;
    const { clock, lapMs, turnMs } = this.#options;
    const dueAt = clock.now() + Math.max(turnMs(), lapMs() / size);
    if (dueAt >= this.#dueAt) return;
    if (this.#timer === undefined) this.#turnedAt = clock.now();
    this.close();
    this.#dueAt = dueAt;
    this.#timer = clock.start(() => this.#turn(), dueAt - clock.now());
  }

  #turn(): void {
    const { clock, lapMs, perSecond, read, isOpen } = this.#options;
    this.close();
    if (isOpen()) {
      // Timers may be late: what counts is the time since the last turn.
      const elapsedMs = clock.now() - this.#turnedAt;
      const wanted = Math.min(1, elapsedMs / lapMs()) * this.#entries.size;
      const count = Math.min(wanted, perSecond() * elapsedMs / 1_000);
      for (const entry of [...this.#entries].slice(0, Math.max(1, Math.round(count)))) {
        // To the end, should it wait for a permit.
        this.#entries.delete(entry);
        this.#entries.add(entry);
        read(entry);
      }
    }
    this.#arm();
  }
}
