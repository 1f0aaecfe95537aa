/**
 * Changes as an async iterable.
 *
 * @module
 */
import type { Change } from "../snapshot.ts";

/** Where the changes come from. */
export interface ChangeFeed {
  /** Calls back on every change until the returned function is called. */
  subscribe(changed: (change: Change) => void, ended: () => void): () => void;
}

/**
 * Iterates over changes. A consumer that is slower than they come gets every one, in order: they
 * wait in a queue.
 *
 * @param feed Where the changes come from.
 * @param signal Ends the iteration, by rejecting with its own reason.
 * @returns An iterator that subscribes at once, so that no change between this call and the first
 * `next()` is lost, and unsubscribes when the loop is left.
 */
export function iterateChanges(
  feed: ChangeFeed,
  signal?: AbortSignal,
): AsyncIterableIterator<Change> {
  const queue: Change[] = [];
  const waiting: {
    resolve(result: IteratorResult<Change>): void;
    reject(reason: unknown): void;
  }[] = [];
  let ended = false;
  let unsubscribe = () => {};

  function finish(): void {
    if (ended) return;
    ended = true;
    unsubscribe();
    signal?.removeEventListener("abort", abort);
    for (const { resolve } of waiting.splice(0)) resolve({ done: true, value: undefined });
  }
  function abort(): void {
    const pending = waiting.splice(0);
    finish();
    for (const { reject } of pending) reject(signal!.reason);
  }
  unsubscribe = feed.subscribe((change) => {
    const next = waiting.shift();
    if (next === undefined) queue.push(change);
    else next.resolve({ done: false, value: change });
  }, finish);
  if (signal?.aborted) abort();
  else signal?.addEventListener("abort", abort, { once: true });

  return {
    next(): Promise<IteratorResult<Change>> {
      if (signal?.aborted) return Promise.reject(signal.reason);
      const change = queue.shift();
      if (change !== undefined) return Promise.resolve({ done: false, value: change });
      if (ended) return Promise.resolve({ done: true, value: undefined });
      return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
    },
    return(): Promise<IteratorResult<Change>> {
      queue.length = 0;
      finish();
      return Promise.resolve({ done: true, value: undefined });
    },
    [Symbol.asyncIterator](): AsyncIterableIterator<Change> {
      return this;
    },
  };
}
