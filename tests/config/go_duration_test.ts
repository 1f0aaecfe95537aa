import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { ConfigFault } from "../../src/config/config_fault.ts";
import { decodeDuration } from "../../src/config/go_duration.ts";
import { test } from "../support/test.ts";

const duration = (value: unknown) => decodeDuration({ value, path: ["ttl"] });

test("decodeDuration() takes seconds as a number or as digits", () => {
  assertEquals([5, "5", 5.7, "+5"].map(duration), [5000, 5000, 5000, 5000]);
});

test("decodeDuration() takes Go's durations", () => {
  const durations: [string, number][] = [
    ["10s", 10_000],
    ["1m30s", 90_000],
    ["1.5h", 5_400_000],
    [".5s", 500],
    ["2.s", 2000],
    ["100ms", 100],
    ["1h1m1s1ms", 3_661_001],
    ["3us", 0.003],
    ["3\u00B5s", 0.003],
    ["3\u03BCs", 0.003],
    ["7ns", 0.000007],
  ];
  for (const [text, milliseconds] of durations) {
    assertAlmostEquals(duration(text)!, milliseconds, 1e-9, text);
  }
});

test("decodeDuration() takes nothing for no duration", () => {
  assertEquals([undefined, null, ""].map(duration), [undefined, undefined, undefined]);
});

test("decodeDuration() refuses what is no time above zero", () => {
  const refused = ["0", "-5", "-5s", "0s", "5x", "s", "+", "1 s", " 5s", "1m 30s", "5s5", "1e3s"];
  for (const value of [...refused, 0, 0.5, -1, NaN, Infinity, true, [], {}]) {
    assertThrows(() => duration(value), ConfigFault, "must be a time above zero", String(value));
  }
});

test("decodeDuration() is quick with a long text that is no duration", () => {
  assertThrows(() => duration("1".repeat(1_000_000) + "x"), ConfigFault);
  assertThrows(() => duration("1s".repeat(500_000) + "x"), ConfigFault);
});
