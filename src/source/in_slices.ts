/**
 * Long lists, without blocking the event loop.
 *
 * @module
 */
import { systemClock } from "../clock.ts";
import { sleep } from "../wait.ts";

// The clock is read once per so many entries; a list that is shorter is never interrupted.
const ENTRIES = 256;
const SLICE_MS = 8;

/**
 * Calls a function with every entry of a list, and lets the event loop run every few milliseconds.
 *
 * @param entries The list.
 * @param run Called with each entry and its position. A result other than `undefined` ends the loop.
 * @param signal Ends it between two slices.
 * @returns What `run` returned at the end.
 * @throws The signal's own reason when it aborts.
 */
export async function inSlices<Entry, Result>(
  entries: readonly Entry[],
  run: (entry: Entry, position: number) => Result | undefined,
  signal?: AbortSignal,
): Promise<Result | undefined> {
  let sliceEndsAt = performance.now() + SLICE_MS;
  for (let i = 0; i < entries.length; i++) {
    const result = run(entries[i]!, i);
    if (result !== undefined) return result;
    if (i % ENTRIES !== ENTRIES - 1 || performance.now() < sliceEndsAt) continue;
    await sleep(systemClock, 0, { signal });
    sliceEndsAt = performance.now() + SLICE_MS;
  }
  return undefined;
}
