import { assert, assertEquals } from "@std/assert";
import process from "node:process";
import { decodeHealthInSlices } from "../../src/source/consul_decode.ts";
import { decodeSummary } from "../../src/source/consul_summary.ts";
import { ConsulSource } from "../../src/source/consul.ts";
import { test } from "../support/test.ts";

const COUNT = 1_000_000;

/** Runs something and returns how often a timer could fire meanwhile. */
async function turnsDuring(work: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  await work();
  clearInterval(timer);
  return turns;
}

test("decodeHealthInSlices() does not block the event loop with a million odd entries", async () => {
  const entries = Array.from({ length: COUNT }, () => ({}));
  const turns = await turnsDuring(async () => {
    const { skipped, skippedCount } = await decodeHealthInSlices(entries, { service: "app" });
    assertEquals([skipped.length, skippedCount], [10, COUNT]);
  });
  assert(turns >= 1, `a timer could fire ${turns} times`);
});

test("decodeSummary() does not block the event loop with a million services", async () => {
  const entries = Array.from({ length: COUNT }, (_, i) => ({ Name: `s${i % 1_000}` }));
  const turns = await turnsDuring(() => decodeSummary(entries));
  assert(turns >= 1, `a timer could fire ${turns} times`);
});

test("ConsulSource.read() takes a million odd entries in little memory", async () => {
  const text = `[${"{},".repeat(COUNT - 1)}{}]`;
  const source = new ConsulSource({
    url: "http://consul",
    fetch: () => Promise.resolve(new Response(text)),
  });
  const heapBefore = process.memoryUsage().heapUsed;
  let heap = 0;
  const sampling = setInterval(() => heap = Math.max(heap, process.memoryUsage().heapUsed), 10);
  const { endpoints, skipped } = await source.read({ service: "app" });
  assertEquals([endpoints.length, skipped.length], [0, 10]);
  clearInterval(sampling);
  const heapMb = (Math.max(heap, process.memoryUsage().heapUsed) - heapBefore) / 1e6;
  assert(heapMb < 400, `took ${heapMb} MB`);
});
