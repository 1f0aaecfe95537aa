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

const NUMBER = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });

/**
 * Formats a number for people.
 *
 * @param value The number.
 * @returns Such as `12,345` or `0.33`.
 */
export function formatNumber(value: number): string {
  return NUMBER.format(value);
}

/**
 * Formats a part of a whole. Only all is 100 %, and only nothing is 0 %.
 *
 * @param part The part.
 * @param whole The whole.
 * @returns Such as `33 %`, `99.8 %` or `<1 %`; `""` of nothing.
 */
export function formatShare(part: number, whole: number): string {
  if (whole === 0) return "";
  const percent = part / whole * 100;
  if (part > 0 && percent < 1) return "<1 %";
  if (part < whole && percent > 99) {
    return percent > 99.9 ? ">99.9 %" : `${Math.floor(percent * 10) / 10} %`;
  }
  return `${Math.round(percent)} %`;
}

/**
 * Formats the time that a request took, with two digits.
 *
 * @param ms Milliseconds.
 * @returns Such as `<1 ms`, `4.2 ms`, `180 ms` or `1.3 s`.
 */
export function formatLatency(ms: number): string {
  if (ms < 1) return "<1 ms";
  const rounded = Number(ms.toPrecision(2));
  return rounded < SECOND ? `${rounded} ms` : `${Number((ms / SECOND).toPrecision(2))} s`;
}

/**
 * Formats a number with its noun.
 *
 * @param count The number.
 * @param noun The noun in the singular.
 * @returns Such as `1 endpoint` or `3 endpoints`.
 */
export function formatCount(count: number, noun: string): string {
  return `${formatNumber(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/**
 * Formats instances by status.
 *
 * @param counts Counts of one or more watches.
 * @returns Such as `5 instances: 3 passing, 2 critical`.
 */
export function formatInstances(counts: readonly InstanceCounts[]): string {
  const statuses = formatStatuses(counts, ["passing", ...NOT_PASSING]);
  const all = formatCount(sumOf(counts, "listed"), "instance");
  return statuses === "" ? all : `${all}: ${statuses}`;
}

/** Every status but passing, the worst first; `skipped` are entries that cannot be used. */
const NOT_PASSING = ["critical", "maintenance", "warning", "skipped"] as const;

/**
 * Formats the instances that are not passing.
 *
 * @param counts Counts of one or more watches.
 * @returns Such as `2 critical, 1 in maintenance`; `""` where all are passing.
 */
export function formatFailing(counts: readonly InstanceCounts[]): string {
  return formatStatuses(counts, NOT_PASSING);
}

/**
 * Adds up the instances of some watches.
 *
 * @param counts Counts of one or more watches.
 * @param status Which.
 */
export function sumOf(counts: readonly InstanceCounts[], status: keyof InstanceCounts): number {
  return counts.reduce((total, each) => total + each[status], 0);
}

function formatStatuses(
  counts: readonly InstanceCounts[],
  statuses: readonly (keyof InstanceCounts)[],
): string {
  return statuses
    .map((status) => ({ status, count: sumOf(counts, status) }))
    .filter(({ count }) => count > 0)
    .map(({ status, count }) =>
      `${formatNumber(count)} ${status === "maintenance" ? "in maintenance" : status}`
    )
    .join(", ");
}
