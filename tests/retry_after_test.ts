import { assertEquals } from "@std/assert";
import { parseRetryAfter } from "../src/retry_after.ts";
import { test } from "./support/test.ts";

const now = Date.parse("2026-01-01T00:00:00Z");
const later = "Thu, 01 Jan 2026 00:00:30 GMT";

const values: readonly [value: string | undefined, ms: number | undefined, date?: string][] = [
  ["0", 0],
  ["120", 120_000],
  [" 2 ", 2_000],
  [later, 30_000],
  [later, 10_000, "Thu, 01 Jan 2026 00:00:20 GMT"],
  [later, 0, "Thu, 01 Jan 2026 01:00:00 GMT"],
  [later, 30_000, "yesterday"],
  ["Thursday, 01-Jan-26 00:00:30 GMT", 30_000],
  ["Thu Jan  1 00:00:30 2026", 30_000],
  ["Thu, 01 Jan 2025 00:00:00 GMT", 0],
  [undefined, undefined],
  ["", undefined],
  ["-1", undefined],
  ["+1", undefined],
  ["0.5", undefined],
  ["1.5", undefined],
  ["1e3", undefined],
  ["soon", undefined],
  ["Thu, soon", undefined],
  [" 007 ", 7_000],
  ["2026", 2_026_000],
  ["2026-01-01", undefined],
  ["-0", undefined],
  ["0x10", undefined],
  ["1 s", undefined],
  ["1, 2", undefined],
  ["Infinity", undefined],
  [" ", undefined],
  ["-", undefined],
  ["x GMT", undefined],
  ["-1 GMT", undefined],
  ["2026-01-01T00:00:30Z", undefined],
  ["9".repeat(30), undefined],
];
for (const [value, ms, date] of values) {
  test(`parseRetryAfter() makes ${ms} ms of ${value}${date ? ` at ${date}` : ""}`, () => {
    const headers = new Headers({
      ...(value !== undefined && { "Retry-After": value }),
      ...(date !== undefined && { Date: date }),
    });
    assertEquals(parseRetryAfter(headers, now), ms);
  });
}
