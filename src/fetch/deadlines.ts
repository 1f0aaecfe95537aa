/**
 * Deadlines of all attempts behind one timer.
 *
 * @module
 */
import type { Clock, Timer } from "../clock.ts";
import { lateExtension } from "../wait.ts";
import type { Pauses } from "./pauses.ts";

// Deadlines are rounded up to these, so that few moments have any.
const GRAIN_MS = 10;
const FINE_GRAIN_MS = 1;
const FINE_BELOW_MS = 500;

// In each turn of the event loop sockets are read: on a busy machine time alone may pass without any.
const EXTENSION_TURNS = 5;

/**
 * Something that ends at a deadline, until it is cancelled. It is its own place in a list that is
 * linked both ways and in a circle, in which it is alone at first.
 */
export abstract class Deadline {
  /** @internal Its length in milliseconds. */
  lengthMs: number = Infinity;
  /** @internal The one before. */
  previous: Deadline = this;
  /** @internal The one after. */
  next: Deadline = this;

  /** Called at the deadline. */
  abstract expire(): void;

  /** Called when the client is closed and the grace is over. */
  abstract close(reason: unknown): void;

  /** Removes it. */
  cancel(): void {
    const { previous, next } = this;
    previous.next = next;
    next.previous = previous;
    this.previous = this.next = this;
  }
}

/** The head of a list of deadlines, which never expires itself. */
class Moment extends Deadline {
  get isEmpty(): boolean {
    return this.next === this;
  }

  expire(): void {}

  close(): void {}

  add(deadline: Deadline): void {
    const { previous } = this;
    deadline.previous = previous;
    deadline.next = this;
    previous.next = deadline;
    this.previous = deadline;
  }

  all(): Deadline[] {
    const deadlines: Deadline[] = [];
    for (let one = this.next; one !== this; one = one.next) deadlines.push(one);
    return deadlines;
  }
}

/**
 * A coarse wheel: deadlines are kept by the moment at which they expire, and one timer waits for the
 * first moment. Most are removed long before. The timer runs on until then, so that a request starts
 * none; it does not keep the process alive, and ends with the client.
 *
 * A timer that fires late, because the process was stopped or its event loop busy, extends what is due
 * once by up to a second: responses that arrived meanwhile are handled first.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #pauses: Pauses;
  readonly #moments = new Map<number, Moment>();
  readonly #endless = new Moment();
  readonly #late = new Moment();
  readonly #extensions = new Set<Timer>();
  #timer: Timer | undefined;
  #timerAt = Infinity;
  #lastAt = -Infinity;
  #last: Moment | undefined;

  /**
   * @param clock Source of the time.
   * @param pauses Records a timer that fires late.
   */
  constructor(clock: Clock, pauses: Pauses) {
    this.#clock = clock;
    this.#pauses = pauses;
  }

  /**
   * Adds a deadline.
   *
   * @param deadline What ends; it removes itself.
   * @param now Milliseconds since the Unix epoch.
   * @param timeoutMs Milliseconds from now, rounded up by up to 10; may be infinite.
   */
  add(deadline: Deadline, now: number, timeoutMs: number): void {
    deadline.lengthMs = timeoutMs;
    (timeoutMs === Infinity ? this.#endless : this.#momentAt(now, timeoutMs)).add(deadline);
  }

  /**
   * The client was closed: what is under way may go on for a while.
   *
   * @param graceMs Milliseconds after which it ends; may be infinite.
   * @param reason Why.
   */
  close(graceMs: number, reason: unknown): void {
    this.stopIfIdle();
    const isIdle = this.#moments.size === 0 && this.#endless.isEmpty && this.#late.isEmpty;
    if (isIdle || graceMs === Infinity) return;
    this.#clock.start(() => this.closeAll(reason), graceMs, true);
  }

  /**
   * Ends everything that is under way.
   *
   * @param reason Why.
   */
  closeAll(reason: unknown): void {
    for (const moment of [...this.#moments.values(), this.#endless, this.#late]) {
      for (const deadline of moment.all()) {
        deadline.cancel();
        deadline.close(reason);
      }
    }
    this.stopIfIdle();
  }

  /** Stops the timer if it has nothing to wait for. */
  stopIfIdle(): void {
    if (this.#late.isEmpty) {
      for (const timer of this.#extensions) timer.cancel();
      this.#extensions.clear();
    }
    for (const moment of this.#moments.values()) if (!moment.isEmpty) return;
    this.#moments.clear();
    this.#last = undefined;
    this.#lastAt = -Infinity;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerAt = Infinity;
  }

  #momentAt(now: number, timeoutMs: number): Moment {
    const grain = timeoutMs < FINE_BELOW_MS ? FINE_GRAIN_MS : GRAIN_MS;
    const at = Math.ceil((now + timeoutMs) / grain) * grain;
    if (at < this.#timerAt) this.#wait(at, now);
    if (at === this.#lastAt) return this.#last!;
    let moment = this.#moments.get(at);
    if (moment === undefined) this.#moments.set(at, moment = new Moment());
    this.#lastAt = at;
    this.#last = moment;
    return moment;
  }

  #wait(at: number, now: number): void {
    this.#timer?.cancel();
    this.#timerAt = at;
    this.#timer = this.#clock.start(() => this.#fire(), Math.max(0, at - now), true);
  }

  #fire(): void {
    const now = this.#clock.now();
    const firedAt = this.#timerAt;
    this.#timer = undefined;
    this.#timerAt = Infinity;
    const due: [number, Moment][] = [];
    let next = Infinity;
    for (const [at, moment] of this.#moments) {
      // Timers of some runtimes fire up to a millisecond early.
      if (at <= now || at === firedAt) due.push([at, moment]);
      else if (!moment.isEmpty) next = Math.min(next, at);
      else if (at !== this.#lastAt) this.#moments.delete(at);
    }
    for (const [at] of due) {
      this.#moments.delete(at);
      if (at === this.#lastAt) [this.#lastAt, this.#last] = [-Infinity, undefined];
    }
    if (next < Infinity) this.#wait(next, now);
    else this.stopIfIdle();
    for (const [at, moment] of due) this.#expire(at, moment, now);
  }

  #expire(at: number, moment: Moment, now: number): void {
    for (const deadline of moment.all()) {
      const extensionMs = lateExtension(now, at, deadline.lengthMs);
      // Removed, or moved, when another one has expired.
      if (deadline.next === deadline) continue;
      deadline.cancel();
      if (extensionMs === undefined) {
        deadline.expire();
      } else {
        this.#pauses.noticed(now);
        this.#late.add(deadline);
        this.#extend(deadline, extensionMs / EXTENSION_TURNS, EXTENSION_TURNS);
      }
    }
  }

  #extend(deadline: Deadline, turnMs: number, turns: number): void {
    // Removed meanwhile.
    if (deadline.next === deadline) return;
    if (turns === 0) {
      deadline.cancel();
      return deadline.expire();
    }
    const timer = this.#clock.start(
      () => {
        this.#extensions.delete(timer);
        this.#extend(deadline, turnMs, turns - 1);
      },
      turnMs,
      true,
    );
    this.#extensions.add(timer);
  }
}
