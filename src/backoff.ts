/**
 * How long to wait before the next attempt.
 *
 * @module
 */

/** Shape of a backoff. */
export interface BackoffOptions {
  /** Ceiling of the first wait, in milliseconds. */
  baseMs: number;
  /** Ceiling of every wait, in milliseconds. */
  maxMs: number;
  /** Random numbers in [0, 1). @default {Math.random} */
  random?: (() => number) | undefined;
}

/**
 * A wait with exponential growth and full jitter: uniform between 0 and
 * `min(maxMs, baseMs * 2 ** attempt)`. Source: "Exponential Backoff And Jitter", AWS Architecture
 * Blog, which found full jitter to need the least work of all the variants it compared.
 *
 * @param attempt Failed attempts before this one, from 0.
 * @param options Shape of the backoff.
 * @returns Milliseconds.
 * @throws {RangeError} when `attempt` is negative or not a number.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { fullJitter } from "./backoff.ts";
 *
 * const options = { baseMs: 250, maxMs: 30_000, random: () => 0.5 };
 * assertEquals(fullJitter(0, options), 125);
 * assertEquals(fullJitter(20, options), 15_000);
 * ```
 */
export function fullJitter(attempt: number, options: BackoffOptions): number {
  if (!(attempt >= 0)) {
    throw new RangeError(
      `Cannot compute a backoff: attempt must be 0 or more, received ${attempt}`,
    );
  }
  const { baseMs, maxMs, random = Math.random } = options;
  return random() * Math.min(maxMs, baseMs * 2 ** attempt);
}
