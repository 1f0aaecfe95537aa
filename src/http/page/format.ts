/**
 * How the pages say things.
 *
 * @module
 */
import type { WatchStateName } from "../../watch/status.ts";

/** What each state of a list means to the person who looks. */
export const STATE_WORDS: Readonly<Record<WatchStateName, string>> = {
  pending: "Waiting for the registry",
  live: "Live",
  unconfirmed: "Held: the registry's answer is not believed yet",
  stale: "Stale: the registry does not answer",
  denied: "Denied: the registry refuses the token",
  restored: "Restored from the snapshot file",
  closed: "Closed",
};

/**
 * Says how long something took.
 *
 * @param ms Milliseconds.
 * @returns Such as `12 s` or `3 min`.
 */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  return seconds < 172_800
    ? `${Math.floor(seconds / 3_600)} h`
    : `${Math.floor(seconds / 86_400)} d`;
}

/**
 * Says how many.
 *
 * @param count How many.
 * @param one The word for one of them.
 * @returns Such as `1 endpoint` or `3 endpoints`.
 */
export function many(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? "" : "s"}`;
}
