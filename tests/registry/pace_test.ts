import { assertEquals, assertGreaterOrEqual, assertLessOrEqual } from "@std/assert";
import { Pace } from "../../src/registry/pace.ts";
import { ManualClock } from "../../src/testing/manual_clock.ts";
import { test } from "../support/test.ts";

const signal = new AbortController().signal;

function scene(random = () => 0): { clock: ManualClock; pace: Pace; took: number[] } {
  const clock = new ManualClock(0);
  const pace = new Pace({ clock, random, usualMs: () => 500, background: false });
  return { clock, pace, took: [] };
}

test("Pace holds nothing back until a read is refused, then a second, and twice as long each time", async () => {
  const { clock, pace } = scene();
  await pace.take(signal);
  assertEquals([pace.isLimited, pace.delayMs], [false, 0]);
  const pauses: number[] = [];
  for (let i = 0; i < 8; i++) {
    pace.refused(clock.now());
    pauses.push(pace.delayMs);
    await clock.advance(pace.delayMs);
    await pace.take(signal);
  }
  assertEquals(pauses, [1, 2, 4, 8, 16, 32, 60, 60].map((seconds) => seconds * 1_000));
  pace.close();
  assertEquals(clock.pending, 0);
});

test("Pace counts refusals of reads that were sent together once", async () => {
  const { clock, pace } = scene();
  for (let i = 0; i < 40; i++) pace.refused(0);
  assertEquals(pace.delayMs, 1_000);
  await clock.advance(10);
  pace.refused(0);
  assertEquals(pace.delayMs, 990);
});

test("Pace adds up to a quarter at random, and waits as long as the registry says", () => {
  const jittered = scene(() => 0.999);
  jittered.pace.refused(0);
  assertGreaterOrEqual(jittered.pace.delayMs, 1_200);
  assertLessOrEqual(jittered.pace.delayMs, 1_250);
  const asked = scene();
  asked.pace.refused(0, 7_000);
  assertEquals(asked.pace.delayMs, 7_000);
  const forever = scene();
  forever.pace.refused(0, 86_400_000);
  assertEquals(forever.pace.delayMs, 300_000);
});

test("Pace lets reads through one by one after a success, as often as usual, then all of them", async () => {
  const it = scene();
  const { clock, pace, took } = it;
  pace.refused(0);
  const waiting = Array.from(
    { length: 5 },
    () => pace.take(signal).then(() => took.push(clock.now())),
  );
  await clock.advance(1_000);
  assertEquals(took, [1_000]);
  // One that was sent before the refusal says nothing.
  pace.succeeded(0);
  await clock.advance(900);
  assertEquals(took, [1_000]);
  pace.succeeded(1_000);
  await clock.advance(10_000);
  await Promise.all(waiting);
  assertEquals(took, [1_000, 2_400, 2_900, 3_400, 3_900]);
  assertEquals(pace.isLimited, true);
  await clock.advance(30_000);
  assertEquals(pace.isLimited, false);
  // For another minute whoever comes now waits for the one before.
  await pace.take(signal);
  assertEquals(pace.delayMs, 500);
  await clock.advance(60_000);
  await pace.take(signal);
  assertEquals(pace.delayMs, 0);
  // The next refusal is the first again.
  pace.refused(clock.now());
  assertEquals(pace.delayMs, 1_000);
  pace.close();
});

test("Pace forgets who gives up, and leaves no timer behind", async () => {
  const { clock, pace, took } = scene();
  pace.refused(0);
  const leave = new AbortController();
  const reason = new Error("enough");
  const left = pace.take(leave.signal).catch((error) => error);
  const stays = pace.take(signal).then(() => took.push(clock.now()));
  leave.abort(reason);
  assertEquals(await left, reason);
  await clock.advance(1_000);
  await stays;
  assertEquals([took, clock.pending], [[1_000], 0]);
});

test("Pace ends also where more reads come than usual: the line becomes shorter after a minute and a half", async () => {
  const { clock, pace } = scene();
  pace.refused(0);
  let came = 0;
  let went = 0;
  // Three reads a second, while the usual time allows two.
  for (let ms = 0; ms < 240_000; ms += 1_000) {
    for (let i = 0; i < 3; i++) {
      came++;
      void pace.take(signal).then(() => {
        went++;
        pace.succeeded(clock.now());
      });
    }
    await clock.advance(1_000);
  }
  assertEquals([came - went, pace.delayMs], [0, 0]);
});
