import { assertAlmostEquals, assertEquals } from "@std/assert";
import { parseGoDuration } from "../src/go_duration.ts";
import { test } from "./support/test.ts";

const durations: Readonly<Record<string, number>> = {
  "0": 0,
  "+0": 0,
  "-0": 0,
  "0s": 0,
  "10s": 10_000,
  "1m30s": 90_000,
  "1h2m3.5s": 3_723_500,
  "100ms": 100,
  "1.5us": 0.0015,
  "2\u00B5s": 0.002,
  "2\u03BCs": 0.002,
  "3ns": 3e-6,
  ".5s": 500,
  "1.s": 1_000,
  "-1m": -60_000,
  "+1m": 60_000,
  "1m1m": 120_000,
  "2562047h": 9_223_369_200_000,
};
for (const [text, ms] of Object.entries(durations)) {
  test(`parseGoDuration() makes ${ms} ms of ${text}`, () => {
    assertAlmostEquals(parseGoDuration(text)!, ms, 1e-9);
  });
}

const refused = [
  ...["", "10", "s", ".s", "-", "+", "1 s", "1s ", " 1s", "1d", "1e3s", "1,5s", "--1s", "1sm"],
  ...["5s5", "0x1s", "00", "1S", "2562048h", "99999999999h"],
];
for (const text of refused) {
  test(`parseGoDuration() refuses ${JSON.stringify(text)}, as Go does`, () => {
    assertEquals(parseGoDuration(text), undefined);
  });
}

test("parseGoDuration() is quick with a long text that is no duration", () => {
  assertEquals(parseGoDuration("1".repeat(1_000_000) + "x"), undefined);
  assertEquals(parseGoDuration("1s".repeat(500_000) + "x"), undefined);
});
