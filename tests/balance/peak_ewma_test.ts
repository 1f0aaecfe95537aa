import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { PeakEwma } from "../../src/balance/peak_ewma.ts";
import { test } from "../support/test.ts";

const EPOCH = 1_700_000_000_000;

function assertNear(actual: number | undefined, expected: number): void {
  assertAlmostEquals(actual! / expected, 1, 1e-6);
}

test("PeakEwma knows nothing before the first observation", () => {
  assertEquals(new PeakEwma().valueAt(EPOCH), undefined);
});

test("PeakEwma takes a peak at once", () => {
  const average = new PeakEwma();
  average.observe(10, false, EPOCH);
  assertNear(average.valueAt(EPOCH), 10);
  average.observe(200, false, EPOCH);
  assertNear(average.valueAt(EPOCH), 200);
});

test("PeakEwma loses all but 1/e of a peak in ten seconds of better observations", () => {
  const average = new PeakEwma();
  average.observe(110, false, EPOCH);
  for (let ms = 10; ms <= 10_000; ms += 10) average.observe(10, false, EPOCH + ms);
  assertAlmostEquals(average.valueAt(EPOCH + 10_000)!, 10 + 100 / Math.E, 0.1);
});

test("PeakEwma falls by itself while nothing is observed", () => {
  const average = new PeakEwma();
  average.observe(1_000, false, EPOCH);
  assertNear(average.valueAt(EPOCH + 20_000), 1_000 / Math.E ** 2);
});

test("PeakEwma counts a failure as five seconds, however long it took", () => {
  const average = new PeakEwma();
  average.observe(1, true, EPOCH);
  assertNear(average.valueAt(EPOCH), 5_000);
  average.observe(60_000, true, EPOCH);
  assertNear(average.valueAt(EPOCH), 5_000);
  assertEquals([average.measuredMs, average.samples], [undefined, 2]);
  average.observe(30, false, EPOCH + 1_000);
  assertNear(average.measuredMs, 30);
  assertNear(average.valueAt(EPOCH + 1_000), 5_000 * Math.exp(-0.1));
});

test("PeakEwma assumes that an endpoint without an outcome is as slow as it has been waited for", () => {
  const [silent, measured] = [new PeakEwma(), new PeakEwma()];
  silent.assume(2_000, EPOCH);
  measured.observe(30, false, EPOCH);
  assertEquals([silent.valueAt(EPOCH), silent.measuredMs, silent.samples], [
    undefined,
    undefined,
    0,
  ]);
  assert(silent.level > measured.level);
  silent.observe(10, false, EPOCH);
  assert(silent.level < measured.level);
});

test("PeakEwma orders two averages by their levels at any time", () => {
  const [older, newer] = [new PeakEwma(), new PeakEwma()];
  older.observe(100, false, EPOCH);
  newer.observe(90, false, EPOCH + 5_000);
  for (const ms of [5_000, 50_000, 5_000_000]) {
    const ratio = older.valueAt(EPOCH + ms)! / newer.valueAt(EPOCH + ms)!;
    assertNear(Math.exp(older.level - newer.level), ratio);
  }
});

test("PeakEwma takes an observation of no time at all", () => {
  const average = new PeakEwma();
  average.observe(0, false, EPOCH);
  assertNear(average.valueAt(EPOCH), 0.001);
});
