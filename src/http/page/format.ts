/**
 * Words and numbers on the pages.
 *
 * @module
 */
import { format } from "@std/fmt/duration";
import type { InstanceCounts } from "../../errors.ts";
import type { WatchStateName } from "../../watch/status.ts";

/** Each state of a list, in words. */
export const STATE_LABELS: Readonly<Record<WatchStateName, string>> = {
  pending: "Pending: waiting for the first response of the registry",
  live: "Live",
  unconfirmed:
    "Unconfirmed: the registry's last list is empty or much smaller, keeping the old one",
  stale: "Stale: the registry does not respond",
  denied: "Denied: the registry rejects the token",
  restored: "Restored from the snapshot file",
  closed: "Closed",
};

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/**
 * Formats a duration with at most two units. The page's script does the same in the browser.
 *
 * @param ms Milliseconds.
 * @returns Such as `12s`, `3m 5s` or `2d 4h`.
 */
export function formatDuration(ms: number): string {
  const unit = ms < HOUR ? SECOND : ms < DAY ? MINUTE : HOUR;
  const rounded = Math.floor(Math.max(ms, 0) / unit) * unit;
  return rounded === 0 ? "0s" : format(rounded, { ignoreZero: true });
}

/**
 * Formats a number with its noun.
 *
 * @param count The number.
 * @param noun The noun in the singular.
 * @returns Such as `1 endpoint` or `3 endpoints`.
 */
export function formatCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/**
 * Formats instances by status.
 *
 * @param counts Counts of one or more watches.
 * @returns Such as `5 instances: 3 passing, 2 critical`.
 */
export function formatInstances(counts: readonly InstanceCounts[]): string {
  const sum = (status: keyof InstanceCounts) =>
    counts.reduce((total, each) => total + each[status], 0);
  const statuses = (["passing", "warning", "critical", "maintenance", "skipped"] as const)
    .filter((status) => sum(status) > 0)
    .map((status) => `${sum(status)} ${status === "maintenance" ? "in maintenance" : status}`);
  const all = formatCount(sum("listed"), "instance");
  return statuses.length === 0 ? all : `${all}: ${statuses.join(", ")}`;
}
