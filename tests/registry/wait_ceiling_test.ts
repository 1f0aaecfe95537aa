import { assertAlmostEquals, assertEquals, assertLess } from "@std/assert";
import { WaitCeiling } from "../../src/registry/wait_ceiling.ts";
import { ManualClock } from "../../src/testing/manual_clock.ts";
import { test } from "../support/test.ts";

function scene(random = 1): { clock: ManualClock; ceiling: WaitCeiling } {
  const clock = new ManualClock();
  return { clock, ceiling: new WaitCeiling({ clock, random: () => random, waitMs: 60_000 }) };
}

test("WaitCeiling spreads waits over the upper half", () => {
  assertEquals(scene(0).ceiling.next(), 30_000);
  assertEquals(scene(1).ceiling.next(), 60_000);
});

test("WaitCeiling stays below the age at which a query was cut, Consul's jitter included", () => {
  const { ceiling } = scene();
  ceiling.cut(25_000);
  assertEquals(ceiling.ms, 20_000);
  assertLess(ceiling.next() * 17 / 16, 25_000);
  // Usual queries do not raise it.
  for (let i = 0; i < 100; i++) ceiling.survived(ceiling.next() * 17 / 16 + 100);
  assertEquals(ceiling.ms, 20_000);
});

test("WaitCeiling takes a query that was cut early for a limit only when it happens twice", () => {
  const { ceiling } = scene();
  ceiling.cut(3_000);
  ceiling.cut(8_000);
  assertEquals(ceiling.ms, 60_000);
  ceiling.cut(8_100);
  assertEquals(ceiling.ms, 6_480);
});

test("WaitCeiling never goes below two seconds", () => {
  const { ceiling } = scene();
  ceiling.cut(100);
  ceiling.cut(100);
  assertEquals(ceiling.ms, 2_000);
});

test("WaitCeiling tries a longer wait after a quarter of an hour or more, and more rarely in vain", async () => {
  const { clock, ceiling } = scene(0);
  ceiling.cut(25_000);
  await clock.advance(899_000);
  assertEquals(ceiling.next(), 10_000);
  await clock.advance(1_000);
  assertEquals(ceiling.next(), 30_000);
  assertEquals(ceiling.next(), 10_000);
  ceiling.cut(25_000);
  assertEquals(ceiling.ms, 20_000);
  await clock.advance(1_799_000);
  assertEquals(ceiling.next(), 10_000);
  await clock.advance(1_000);
  assertEquals(ceiling.next(), 30_000);
  ceiling.survived(30_000 * 17 / 16);
  assertAlmostEquals(ceiling.ms, 30_000);
});

test("WaitCeiling is gone once the longest wait has survived", async () => {
  const { clock, ceiling } = scene(0);
  ceiling.cut(60_000);
  assertEquals(ceiling.ms, 48_000);
  await clock.advance(900_000);
  assertEquals(ceiling.next(), 60_000);
  ceiling.survived(63_000);
  assertEquals(ceiling.ms, 60_000);
  await clock.advance(3_600_000);
  assertEquals(ceiling.next(), 30_000);
});
