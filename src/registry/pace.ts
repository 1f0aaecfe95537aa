/**
 * How fast a client reads after the registry has limited its rate.
 *
 * @module
 */
import type { Clock, Timer } from "../clock.ts";
import { onAbort } from "../wait.ts";

/** Options of {@linkcode Pace}. */
export interface PaceOptions {
  /** Time. */
  readonly clock: Clock;
  /** Random numbers in [0, 1). */
  readonly random: () => number;
  /** Milliseconds between two reads of the whole client while nothing limits it. */
  readonly usualMs: () => number;
  /** Whether waiting alone must not keep the process alive. */
  readonly background: boolean;
}

// Consul sends no Retry-After with a rate limit, and refills its bucket every second.
const FIRST_MS = 1_000;
const LONGEST_MS = 60_000;
// A registry that asks for a longer pause is read again all the same.
const MAX_RETRY_AFTER_MS = 300_000;
// Without a refusal for this long parked watches are read again.
const QUIET_MS = 30_000;
// For this long after that reads follow one by one, because all of them have something to catch up.
const PACED_MS = 60_000;
// After that those that still wait follow faster, or their line would never end: reads of parked
// watches come in between.
const CATCH_UP = 4;
// Few watches need not wait for each other as long as their own polls take.
const LONGEST_USUAL_MS = 3_000;

/**
 * One pause for all reads of a client. A registry that limits rates counts requests, so it does not
 * help that each watch backs off by itself: forty of them would still send forty requests. After a
 * refusal nothing is sent for a second; each further refusal doubles that, up to a minute. After a
 * success the reads that wait follow one by one, no faster than the client read before the limit.
 */
export class Pace {
  readonly #options: PaceOptions;
  readonly #waiting = new Set<() => void>();
  #level = 0;
  #refusedAt = -Infinity;
  #endsAt = -Infinity;
  #nextAt = 0;
  #isRecovering = false;
  #timer: Timer | undefined;

  /** Creates a pace that holds nothing back. */
  constructor(options: PaceOptions) {
    this.#options = options;
  }

  /** Whether the registry limits the rate, or did so a short time ago. */
  get isLimited(): boolean {
    return this.#options.clock.now() < this.#endsAt;
  }

  get #isPaced(): boolean {
    return this.#waiting.size > 0 || this.#options.clock.now() < this.#endsAt + PACED_MS;
  }

  /** Milliseconds until a read may be sent; 0 for now. */
  get delayMs(): number {
    return this.#isPaced ? Math.max(0, this.#nextAt - this.#options.clock.now()) : 0;
  }

  /**
   * Waits until a read may be sent, first come, first served.
   *
   * @param signal Ends the wait.
   * @throws The signal's own reason when it aborts.
   */
  take(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(signal.reason);
    if (!this.#isPaced) return Promise.resolve();
    if (this.#waiting.size === 0 && this.delayMs === 0) {
      this.#plan();
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const grant = () => {
        remove();
        resolve();
      };
      const remove = onAbort(signal, (reason) => {
        this.#waiting.delete(grant);
        if (this.#waiting.size === 0) this.close();
        reject(reason);
      });
      this.#waiting.add(grant);
      this.#arm();
    });
  }

  /**
   * The registry refused a read because of its rate.
   *
   * @param sentAt When the read was sent, in milliseconds since the Unix epoch.
   * @param retryAfterMs Pause that the registry asked for.
   */
  refused(sentAt: number, retryAfterMs = 0): void {
    const { clock, random } = this.#options;
    // Reads that were sent before the last refusal say nothing new.
    if (sentAt <= this.#refusedAt) return;
    if (!this.#isPaced) this.#level = 0;
    const now = clock.now();
    const floorMs = Math.min(LONGEST_MS, FIRST_MS * 2 ** this.#level++);
    const pauseMs = Math.max(floorMs, Math.min(MAX_RETRY_AFTER_MS, retryAfterMs));
    this.#refusedAt = now;
    this.#endsAt = Infinity;
    this.#isRecovering = false;
    this.#nextAt = now + pauseMs * (1 + random() / 4);
    this.close();
    this.#arm();
  }

  /**
   * A read succeeded.
   *
   * @param sentAt When it was sent, in milliseconds since the Unix epoch.
   */
  succeeded(sentAt: number): void {
    // A blocking query that was sent before says nothing about the limit.
    if (this.#level === 0 || sentAt <= this.#refusedAt) return;
    this.#level--;
    const now = this.#options.clock.now();
    if (this.#endsAt === Infinity) this.#endsAt = now + QUIET_MS;
    if (this.#isRecovering) return;
    this.#isRecovering = true;
    this.#plan();
    this.close();
    this.#arm();
  }

  /** Stops the timer; who waits is ended by its own signal. */
  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(): void {
    if (this.#timer !== undefined || this.#waiting.size === 0) return;
    const { clock, background } = this.#options;
    this.#timer = clock.start(
      () => {
        this.#timer = undefined;
        const [first] = this.#waiting;
        if (first !== undefined) {
          this.#waiting.delete(first);
          this.#plan();
          first();
        }
        this.#arm();
      },
      Math.max(0, this.#nextAt - clock.now()),
      background,
    );
  }

  /** When the next read may be sent: after the usual time, once a read has succeeded. */
  #plan(): void {
    const { clock, random, usualMs } = this.#options;
    const floorMs = FIRST_MS * 2 ** Math.max(0, this.#level - 1);
    const now = clock.now();
    const usual = Math.min(LONGEST_USUAL_MS, usualMs());
    const recoveringMs = now < this.#endsAt + PACED_MS ? usual : usual / CATCH_UP;
    const betweenMs = this.#isRecovering ? recoveringMs : Math.min(LONGEST_MS, floorMs);
    this.#nextAt = now + betweenMs * (1 + random() / 2);
  }
}
