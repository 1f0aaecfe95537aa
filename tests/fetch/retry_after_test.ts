import { assertEquals } from "@std/assert";
import { parseRetryAfter } from "../../src/fetch/retry_after.ts";
import { test } from "../support/test.ts";

const NOW = Date.parse("2026-01-01T00:00:00Z");

/** RFC 9110, 10.2.3: a non-negative integer of seconds or a date, of which 5.6.7 has three forms. */
const TABLE: [string | null, number | undefined][] = [
  ["2", 2_000],
  ["0", 0],
  [" 007 ", 7_000],
  ["Thu, 01 Jan 2026 00:00:03 GMT", 3_000],
  ["Thursday, 01-Jan-26 00:00:03 GMT", 3_000],
  ["Thu, 01 Jan 2025 00:00:00 GMT", 0],
  [null, undefined],
  ["", undefined],
  [" ", undefined],
  ["-1", undefined],
  ["-0", undefined],
  ["+1", undefined],
  ["0.5", undefined],
  ["1.5", undefined],
  ["1e3", undefined],
  ["0x10", undefined],
  ["1 s", undefined],
  ["1, 2", undefined],
  ["2026", 2_026_000],
  ["2026-01-01", undefined],
  ["2026-01-01T00:00:03Z", undefined],
  ["Infinity", undefined],
  ["soon", undefined],
  ["Thu, soon", undefined],
  ["-", undefined],
];

for (const [value, expected] of TABLE) {
  test(`parseRetryAfter(${JSON.stringify(value)}) is ${expected}`, () => {
    assertEquals(parseRetryAfter(value, NOW), expected);
  });
}
