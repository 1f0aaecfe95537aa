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

/** Something that ends at a deadline. */
export interface Expiring {
  /** Called at the deadline. */
  expire(): void;
  /** Called when the client is closed and the grace is over. */
  close(reason: unknown): void;
}

/** A deadline that was added; its owner removes it. */
export class Deadline {
  /** What ends. */
  readonly owner: Expiring;
  /** Its length in milliseconds. */
  readonly timeoutMs: number;
  /** @internal The moment that it is kept under. */
  moment: Set<Deadline> | undefined;

  /** @internal Use {@linkcode Deadlines.add}. */
  constructor(owner: Expiring, timeoutMs: number) {
    this.owner = owner;
    this.timeoutMs = timeoutMs;
  }

  /** Removes it. */
  cancel(): void {
    this.moment?.delete(this);
    this.moment = undefined;
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
  readonly #moments = new Map<number, Set<Deadline>>();
  readonly #endless = new Set<Deadline>();
  readonly #late = new Set<Deadline>();
  readonly #extensions = new Set<Timer>();
  #timer: Timer | undefined;
  #timerAt = Infinity;
  #lastAt = -Infinity;
  #last: Set<Deadline> | undefined;

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
   * @param owner What ends.
   * @param now Milliseconds since the Unix epoch.
   * @param timeoutMs Milliseconds from now, rounded up by up to 10; may be infinite.
   * @returns The deadline.
   */
  add(owner: Expiring, now: number, timeoutMs: number): Deadline {
    const deadline = new Deadline(owner, timeoutMs);
    const moment = timeoutMs === Infinity ? this.#endless : this.#momentAt(now, timeoutMs);
    moment.add(deadline);
    deadline.moment = moment;
    return deadline;
  }

  /**
   * The client was closed: what is under way may go on for a while.
   *
   * @param graceMs Milliseconds after which it ends.
   * @param reason Why.
   */
  close(graceMs: number, reason: unknown): void {
    this.stopIfIdle();
    const isIdle = this.#moments.size + this.#endless.size + this.#late.size === 0;
    if (!isIdle) this.#clock.start(() => this.closeAll(reason), graceMs, true);
  }

  /**
   * Ends everything that is under way.
   *
   * @param reason Why.
   */
  closeAll(reason: unknown): void {
    const all = [...this.#moments.values(), this.#endless, this.#late]
      .flatMap((moment) => [...moment]);
    for (const deadline of all) {
      deadline.cancel();
      deadline.owner.close(reason);
    }
    this.stopIfIdle();
  }

  /** Stops the timer if it has nothing to wait for. */
  stopIfIdle(): void {
    if (this.#late.size === 0) {
      for (const timer of this.#extensions) timer.cancel();
      this.#extensions.clear();
    }
    for (const moment of this.#moments.values()) if (moment.size > 0) return;
    this.#moments.clear();
    this.#last = undefined;
    this.#lastAt = -Infinity;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerAt = Infinity;
  }

  #momentAt(now: number, timeoutMs: number): Set<Deadline> {
    const grain = timeoutMs < FINE_BELOW_MS ? FINE_GRAIN_MS : GRAIN_MS;
    const at = Math.ceil((now + timeoutMs) / grain) * grain;
    if (at === this.#lastAt) return this.#last!;
    let moment = this.#moments.get(at);
    if (moment === undefined) this.#moments.set(at, moment = new Set());
    this.#lastAt = at;
    this.#last = moment;
    if (at < this.#timerAt) this.#wait(at, now);
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
    const due: [number, Set<Deadline>][] = [];
    let next = Infinity;
    for (const [at, moment] of this.#moments) {
      // Timers of some runtimes fire up to a millisecond early.
      if (at <= now || at === firedAt) due.push([at, moment]);
      else if (moment.size === 0 && at !== this.#lastAt) this.#moments.delete(at);
      else if (moment.size > 0) next = Math.min(next, at);
    }
    for (const [at] of due) {
      this.#moments.delete(at);
      if (at === this.#lastAt) [this.#lastAt, this.#last] = [-Infinity, undefined];
    }
    if (next < Infinity) this.#wait(next, now);
    else this.stopIfIdle();
    for (const [at, moment] of due) this.#expire(at, moment, now);
  }

  #expire(at: number, moment: Set<Deadline>, now: number): void {
    for (const deadline of [...moment]) {
      const extensionMs = lateExtension(now, at, deadline.timeoutMs);
      if (extensionMs === undefined) {
        deadline.cancel();
        deadline.owner.expire();
      } else {
        this.#pauses.noticed(now);
        deadline.moment = this.#late;
        this.#late.add(deadline);
        this.#extend(deadline, extensionMs / EXTENSION_TURNS, EXTENSION_TURNS);
      }
    }
  }

  #extend(deadline: Deadline, turnMs: number, turns: number): void {
    // Removed meanwhile.
    if (deadline.moment === undefined) return;
    if (turns === 0) {
      deadline.cancel();
      return deadline.owner.expire();
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
