import { assert, assertEquals } from "@std/assert";
import process from "node:process";
import { decodeHealthInSlices } from "../../src/source/consul_decode.ts";
import { decodeSummary } from "../../src/source/consul_summary.ts";
import { ConsulSource } from "../../src/source/consul.ts";
import { test } from "../support/test.ts";

const COUNT = 1_000_000;

/** Runs something and returns the longest time in which no timer could fire, in milliseconds. */
async function longestBlock(work: () => Promise<unknown>): Promise<number> {
  let longest = 0;
  let last = performance.now();
  const tick = () => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  };
  const timer = setInterval(tick, 1);
  await work();
  tick();
  clearInterval(timer);
  return longest;
}

test("decodeHealthInSlices() does not block the event loop with a million odd entries", async () => {
  const entries = Array.from({ length: COUNT }, () => ({}));
  const block = await longestBlock(async () => {
    const { skipped, skippedCount } = await decodeHealthInSlices(entries, { service: "app" });
    assertEquals([skipped.length, skippedCount], [10, COUNT]);
  });
  assert(block < 200, `blocked for ${block} ms`);
});

test("decodeSummary() does not block the event loop with a million services", async () => {
  const entries = Array.from({ length: COUNT }, (_, i) => ({ Name: `s${i % 1_000}` }));
  const block = await longestBlock(() => decodeSummary(entries));
  assert(block < 500, `blocked for ${block} ms`);
});

test("ConsulSource.read() takes a million odd entries in little time and memory", async () => {
  const text = `[${"{},".repeat(COUNT - 1)}{}]`;
  const source = new ConsulSource({
    url: "http://consul",
    fetch: () => Promise.resolve(new Response(text)),
  });
  const started = performance.now();
  const heapBefore = process.memoryUsage().heapUsed;
  let heap = 0;
  const sampling = setInterval(() => heap = Math.max(heap, process.memoryUsage().heapUsed), 10);
  const block = await longestBlock(async () => {
    const { endpoints, skipped } = await source.read({ service: "app" });
    assertEquals([endpoints.length, skipped.length], [0, 10]);
  });
  clearInterval(sampling);
  const heapMb = (Math.max(heap, process.memoryUsage().heapUsed) - heapBefore) / 1e6;
  assert(heapMb < 400, `took ${heapMb} MB`);
  // JSON.parse() cannot be interrupted; the limit of a response bounds it.
  assert(block < 1_500, `blocked for ${block} ms`);
  assert(performance.now() - started < 6_000, `took ${performance.now() - started} ms`);
});
