import { assert, assertEquals } from "@std/assert";
import { LatencyQuantile } from "../../src/fetch/latency_quantile.ts";
import { test } from "../support/test.ts";

const EPOCH = 1_700_000_000_000;

function assertWithin5Percent(actual: number | undefined, expected: number): void {
  assert(Math.abs(actual! / expected - 1) <= 0.05, `${actual}, not ${expected}`);
}

test("LatencyQuantile tells quantiles within 5 %", () => {
  const latencies = new LatencyQuantile();
  for (let i = 1; i <= 1_000; i++) latencies.record(i, EPOCH);
  for (const percent of [50, 90, 95, 99]) {
    assertWithin5Percent(latencies.at(percent, EPOCH), 10 * percent);
  }
});

test("LatencyQuantile says nothing of fewer than 50", () => {
  const latencies = new LatencyQuantile();
  for (let i = 0; i < 49; i++) latencies.record(10, EPOCH);
  assertEquals(latencies.at(95, EPOCH), undefined);
  latencies.record(10, EPOCH);
  assertWithin5Percent(latencies.at(95, EPOCH), 10);
});

test("LatencyQuantile forgets after 10 to 20 seconds", () => {
  const latencies = new LatencyQuantile();
  for (let i = 0; i < 100; i++) latencies.record(500, EPOCH);
  for (let i = 0; i < 100; i++) latencies.record(5, EPOCH + 10_000);
  assertWithin5Percent(latencies.at(95, EPOCH + 10_000), 500);
  for (let i = 0; i < 100; i++) latencies.record(5, EPOCH + 20_000);
  assertWithin5Percent(latencies.at(95, EPOCH + 20_000), 5);
  assertEquals(latencies.at(95, EPOCH + 60_000), undefined);
});

test("LatencyQuantile takes what is too short or too long for it", () => {
  const latencies = new LatencyQuantile();
  for (let i = 0; i < 50; i++) latencies.record(0, EPOCH);
  assertWithin5Percent(latencies.at(95, EPOCH), 0.105);
  for (let i = 0; i < 5_000; i++) latencies.record(1e9, EPOCH);
  assert(latencies.at(95, EPOCH)! > 100_000);
});
