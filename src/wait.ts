/**
 * Waiting that can be cut short: the only place that wires abort listeners to promises and timers.
 *
 * @module
 */
import type { Clock, Timer } from "./clock.ts";

// A timer that fires later than this was held up: the process was stopped, or its event loop busy.
const LATE_MS = 100;
// What arrived meanwhile is handled within this time, or was not there.
const LONGEST_EXTENSION_MS = 1_000;

// The extension takes at least as many turns of the event loop, in each of which sockets are read: on
// a busy machine its time alone may pass without any.
const EXTENSION_TURNS = 5;

/**
 * Calls a listener once when a signal aborts, at once when it has aborted already.
 *
 * @param signal The signal; without one nothing is ever called.
 * @param listener Called with the signal's reason.
 * @returns Removes the listener.
 */
export function onAbort(
  signal: AbortSignal | undefined,
  listener: (reason: unknown) => void,
): () => void {
  if (signal === undefined) return () => {};
  if (signal.aborted) {
    listener(signal.reason);
    return () => {};
  }
  const abort = () => listener(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  return () => signal.removeEventListener("abort", abort);
}

/**
 * Settles as `promise` does, or rejects as soon as the signal aborts, whatever `promise` does then.
 *
 * @param promise What is waited for.
 * @param signal Ends the wait.
 * @throws The signal's own reason when it aborts.
 */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const remove = onAbort(signal, reject);
    settleAfter(promise, remove, resolve, reject);
  });
}

/** Options of {@linkcode sleep}. */
export interface SleepOptions {
  /** Ends the sleep early, by rejecting with its reason. @default {undefined} */
  readonly signal?: AbortSignal | undefined;
  /** Whether this timer alone must not keep the process alive. @default {false} */
  readonly background?: boolean | undefined;
}

/**
 * Waits.
 *
 * @param clock Time.
 * @param delayMs Milliseconds, 0 or more.
 * @param options What ends it early.
 * @throws The signal's own reason when it aborts.
 */
export function sleep(clock: Clock, delayMs: number, options: SleepOptions = {}): Promise<void> {
  const { signal, background = false } = options;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const timer = clock.start(
      () => {
        remove();
        resolve();
      },
      delayMs,
      background,
    );
    const remove = onAbort(signal, (reason) => {
      timer.cancel();
      reject(reason);
    });
  });
}

/** Options of {@linkcode deadline}. */
export interface DeadlineOptions {
  /** Milliseconds until the work has to be done. */
  readonly timeoutMs: number;
  /** Makes the error at the deadline. */
  readonly error: () => unknown;
  /** Ends the work early. @default {undefined} */
  readonly signal?: AbortSignal | undefined;
  /** Whether this timer alone must not keep the process alive. @default {false} */
  readonly background?: boolean | undefined;
  /** Called when the deadline was noticed late and is extended. @default {undefined} */
  readonly late?: (() => void) | undefined;
}

/**
 * Does something that has to be done in time. Settles at the deadline even if the work ignores its
 * signal. A deadline that fires late, because the process was stopped or its event loop busy, is
 * extended once by up to a second: a response that arrived meanwhile is handled first.
 *
 * @param clock Time.
 * @param work Gets a signal that aborts at the deadline, and with the caller's.
 * @param options How long it may take.
 * @returns What the work returns.
 * @throws What the work throws, `options.error()` at the deadline, or the signal's own reason.
 */
export function deadline<T>(
  clock: Clock,
  work: (signal: AbortSignal) => Promise<T>,
  options: DeadlineOptions,
): Promise<T> {
  const { timeoutMs, error, signal, background = false, late } = options;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const attempt = new AbortController();
    const end = (reason: unknown) => {
      finish();
      attempt.abort(reason);
      reject(reason);
    };
    const timer = startDeadline(clock, timeoutMs, () => end(error()), { background, late });
    const remove = onAbort(signal, end);
    const finish = () => {
      timer.cancel();
      remove();
    };
    settleAfter(work(attempt.signal), finish, resolve, reject);
  });
}

/** Cleans up first, so that a caller who is called back finds nothing left behind. */
function settleAfter<T>(
  promise: Promise<T>,
  cleanUp: () => void,
  resolve: (value: T) => void,
  reject: (reason: unknown) => void,
): void {
  promise.then(
    (value) => {
      cleanUp();
      resolve(value);
    },
    (reason) => {
      cleanUp();
      reject(reason);
    },
  );
}

/** Options of {@linkcode startDeadline}. */
export interface StartDeadlineOptions {
  /** Whether this timer alone must not keep the process alive. @default {false} */
  readonly background?: boolean | undefined;
  /** Called when the timer has fired late and is extended. @default {undefined} */
  readonly late?: (() => void) | undefined;
}

/**
 * Starts a timer that is extended once, by up to a second, when it fires late: responses that arrived
 * while the process was stopped are handled first.
 *
 * @param clock Source of the time.
 * @param timeoutMs Milliseconds.
 * @param expired Called at the deadline, with whether it was extended.
 * @param options What else is called, and whether the timer keeps the process alive.
 * @returns The timer.
 */
export function startDeadline(
  clock: Clock,
  timeoutMs: number,
  expired: (extended: boolean) => void,
  options: StartDeadlineOptions = {},
): Timer {
  const { background = false, late } = options;
  const dueAt = clock.now() + timeoutMs;
  const extend = (turnMs: number, turns: number) => {
    const next = () => turns > 1 ? extend(turnMs, turns - 1) : expired(true);
    timer = clock.start(next, turnMs, background);
  };
  let timer = clock.start(
    () => {
      const extensionMs = lateExtension(clock.now(), dueAt, timeoutMs);
      if (extensionMs === undefined) return expired(false);
      extend(extensionMs / EXTENSION_TURNS, EXTENSION_TURNS);
      late?.();
    },
    timeoutMs,
    background,
  );
  return { cancel: () => timer.cancel() };
}

/**
 * By how much a deadline is extended that was noticed late.
 *
 * @param now Milliseconds since the Unix epoch.
 * @param dueAt When it was due, in milliseconds since the Unix epoch.
 * @param timeoutMs Its length in milliseconds.
 * @returns Milliseconds, `undefined` when it was noticed in time.
 */
export function lateExtension(now: number, dueAt: number, timeoutMs: number): number | undefined {
  return now - dueAt <= LATE_MS ? undefined : Math.min(timeoutMs, LONGEST_EXTENSION_MS);
}
