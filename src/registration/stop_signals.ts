/**
 * SIGTERM and SIGINT, for registrations that asked for them.
 *
 * @module
 */
import { endBySignal, onSignal } from "../runtime/signals.ts";

type StopSignal = "SIGINT" | "SIGTERM";

const NAMES: readonly StopSignal[] = ["SIGTERM", "SIGINT"];

// Of the whole process: it may end only when the last registration has stopped.
const closers = new Set<() => Promise<void>>();
let removals: readonly (() => void)[] = [];

/**
 * Stops something when the process is asked to end, and then lets it end by the same signal. A
 * second signal ends it at once.
 *
 * @param close Stops it; never rejects.
 * @returns Removes it.
 */
export function closeOnSignal(close: () => Promise<void>): () => void {
  closers.add(close);
  if (closers.size === 1) removals = NAMES.map((name) => onSignal(name, () => void stop(name)));
  return () => {
    if (closers.delete(close) && closers.size === 0) removeListeners();
  };
}

async function stop(name: StopSignal): Promise<void> {
  // Also the default action is back: the second signal ends the process.
  removeListeners();
  await Promise.all([...closers].map((close) => close()));
  endBySignal(name);
}

function removeListeners(): void {
  for (const remove of removals) remove();
  removals = [];
}
