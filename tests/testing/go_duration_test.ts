import { assertEquals } from "@std/assert";
import { parseGoDuration } from "../../src/testing/go_duration.ts";
import { test } from "../support/test.ts";

test("parseGoDuration() reads what Go writes", () => {
  const cases: Record<string, number> = {
    "0": 0,
    "10s": 10_000,
    "1h2m3.5s": 3_723_500,
    "100ms": 100,
    "1.5us": 0.0015,
    "2µs": 0.002,
    "3ns": 3e-6,
    ".5s": 500,
    "1.s": 1_000,
    "-1m": -60_000,
    "+1m": 60_000,
    "1m1m": 120_000,
  };
  for (const [text, ms] of Object.entries(cases)) {
    const received = parseGoDuration(text)!;
    assertEquals(Math.abs(received - ms) < 1e-9, true, `${text}: ${received}`);
  }
});

test("parseGoDuration() refuses what Go refuses", () => {
  for (
    const text of ["", "10", "s", ".s", "-", "1 s", "1s ", "1d", "1e3s", "1,5s", "--1s", "1sm"]
  ) {
    assertEquals(parseGoDuration(text), undefined, text);
  }
});
