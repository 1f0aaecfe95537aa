/**
 * Events as an async iterable.
 *
 * @module
 */
import { onAbort } from "../wait.ts";

/**
 * Adds listeners.
 *
 * @param receive Called with each value.
 * @param end Called when there will be no more.
 * @returns Removes the listeners.
 */
export type Subscribe<T> = (receive: (value: T) => void, end: () => void) => () => void;

/**
 * Iterates over what a subscription receives. A consumer that is slower than the values come gets
 * every one, in order: they wait in a queue.
 *
 * @param subscribe Called at once, so that nothing between this call and the first `next()` is lost.
 * @param signal Ends the iteration, by rejecting with its own reason.
 * @returns An iterator that removes the listeners when the loop is left.
 */
export function iterate<T>(
  subscribe: Subscribe<T>,
  signal?: AbortSignal,
): AsyncIterableIterator<T> {
  const queue: T[] = [];
  const waiting: {
    resolve(result: IteratorResult<T>): void;
    reject(reason: unknown): void;
  }[] = [];
  let ended = false;
  let removeAbort = () => {};

  const unsubscribe = subscribe((value) => {
    const next = waiting.shift();
    if (next === undefined) queue.push(value);
    else next.resolve({ done: false, value });
  }, finish);
  removeAbort = onAbort(signal, (reason) => {
    const pending = waiting.splice(0);
    finish();
    for (const { reject } of pending) reject(reason);
  });

  function finish(): void {
    if (ended) return;
    ended = true;
    unsubscribe();
    removeAbort();
    for (const { resolve } of waiting.splice(0)) resolve({ done: true, value: undefined });
  }

  return {
    next(): Promise<IteratorResult<T>> {
      if (signal?.aborted) return Promise.reject(signal.reason);
      const value = queue.shift();
      if (value !== undefined) return Promise.resolve({ done: false, value });
      if (ended) return Promise.resolve({ done: true, value: undefined });
      return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
    },
    return(): Promise<IteratorResult<T>> {
      queue.length = 0;
      finish();
      return Promise.resolve({ done: true, value: undefined });
    },
    [Symbol.asyncIterator](): AsyncIterableIterator<T> {
      return this;
    },
  };
}
