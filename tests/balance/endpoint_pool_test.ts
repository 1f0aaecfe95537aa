import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { seededRandom } from "../../bench/balance/seeded_random.ts";
import { EndpointPool } from "../../src/balance/endpoint_pool.ts";
import type { EndpointPoolOptions } from "../../src/balance/pool_options.ts";
import { ManualClock } from "../../src/testing/manual_clock.ts";
import { endpoint } from "../support/endpoints.ts";
import { test } from "../support/test.ts";
import { endpoints, seed } from "./support.ts";

function pooling(options: EndpointPoolOptions = {}): { pool: EndpointPool; clock: ManualClock } {
  const clock = new ManualClock();
  return { clock, pool: new EndpointPool({ clock, random: seededRandom(seed), ...options }) };
}

test("EndpointPool picks round robin and leases by latency unless told otherwise", () => {
  const { picker, leaser } = pooling().pool.status();
  assertEquals([picker, leaser], ["round-robin", "p2c-ewma"]);
  const chosen = pooling({ balancer: "hash" }).pool.status();
  assertEquals([chosen.picker, chosen.leaser], ["hash", "hash"]);
  const own = pooling({ balancer: ([first]) => first }).pool;
  assertEquals(own.status().picker, "custom");
  own.update(endpoints("a", "b"));
  assertEquals([own.pick()!.id, own.acquire()!.endpoint.id], ["a", "a"]);
});

test("EndpointPool refuses options that it can't follow", () => {
  assertThrows(() => new EndpointPool({ balancer: "best" as "hash" }), TypeError, `"best"`);
  assertThrows(() => new EndpointPool({ outliers: { panicPercent: 200 } }), RangeError, "200");
});

test("EndpointPool has nothing to give before its first list and after an empty one", () => {
  const { pool } = pooling();
  assertEquals([pool.pick(), pool.acquire()], [undefined, undefined]);
  pool.update(endpoints("a"));
  assertEquals(pool.pick()!.id, "a");
  pool.update([]);
  assertEquals([pool.pick(), pool.acquire(), pool.endpoints], [undefined, undefined, []]);
});

test("EndpointPool hands out the endpoint objects of the last update", () => {
  const { pool } = pooling();
  pool.update([endpoint("a")]);
  const changed = endpoint("a", { tags: ["new"] });
  pool.update([changed]);
  assert(pool.pick() === changed);
  assert(pool.acquire()!.endpoint === changed);
  assert(pool.endpoints[0] === changed);
});

test("pickResolved() resolves to the endpoint of the last update, with one promise for each", async () => {
  const { pool } = pooling();
  assertEquals(pool.pickResolved(), undefined);
  pool.update([endpoint("a")]);
  assert(pool.pickResolved() === pool.pickResolved());
  const changed = endpoint("a", { tags: ["new"] });
  pool.update([changed]);
  assert(await pool.pickResolved() === changed);
});

test("EndpointPool keeps rotation, load and latency through a refresh that changes nothing", async () => {
  const { pool, clock } = pooling();
  pool.update(endpoints("a", "b", "c"));
  assertEquals(pool.pick()!.id, "a");
  const lease = pool.acquire()!;
  const finished = pool.acquire()!;
  await clock.advance(25);
  finished.release();
  const before = pool.status();
  pool.update(endpoints("a", "b", "c"));
  assertEquals(pool.status(), before);
  assertEquals(pool.pick()!.id, "b");
  lease.release();
  assertEquals(pool.pendingCount, 0);
});

test("acquire() counts an endpoint as busy until its lease is released, once", () => {
  const { pool } = pooling();
  pool.update(endpoints("a", "b"));
  const first = pool.acquire()!;
  const second = pool.acquire()!;
  assert(first.endpoint !== second.endpoint);
  assertEquals(pool.pendingCount, 2);
  first.release();
  first.release("failure");
  first[Symbol.dispose]();
  assertEquals(pool.pendingCount, 1);
  assertEquals(
    pool.status().endpoints.map(({ consecutiveFailureCount }) => consecutiveFailureCount),
    [0, 0],
  );
  second.release("unknown");
  assertEquals(pool.pendingCount, 0);
});

test("acquire() measures how long a lease was out, unless nothing is known of its end", async () => {
  const { pool, clock } = pooling();
  pool.update(endpoints("a"));
  const latency = () => pool.status().endpoints[0]!.latencyMs;
  const lease = pool.acquire()!;
  await clock.advance(40);
  lease[Symbol.dispose]();
  assertEquals(latency(), undefined);
  const measured = pool.acquire()!;
  await clock.advance(40);
  measured.release();
  assertAlmostEquals(latency()!, 40, 1e-6);
});

test("acquire() gives another endpoint when some are excluded, or none", () => {
  const { pool } = pooling();
  pool.update(endpoints("a", "b"));
  assertEquals(pool.acquire({ exclude: ({ id }) => id === "a" })!.endpoint.id, "b");
  assertEquals(pool.acquire({ exclude: () => true }), undefined);
  assertEquals(pool.pick({ exclude: ({ id }) => id === "a" })!.id, "b");
  assertEquals(pool.pendingCount, 1);
});

test("EndpointPool lets an endpoint that left finish, and gives it nothing new", () => {
  const { pool } = pooling();
  pool.update(endpoints("a", "b"));
  const lease = pool.acquire({ exclude: ({ id }) => id === "b" })!;
  pool.update(endpoints("b"));
  for (let i = 0; i < 10; i++) assertEquals(pool.pick()!.id, "b");
  const draining = () => pool.status().endpoints.map((one) => [one.endpoint.id, one.draining]);
  assertEquals(draining(), [["a", true], ["b", false]]);
  assertEquals(pool.pendingCount, 1);
  lease.release("failure");
  assertEquals(draining(), [["b", false]]);
  assertEquals(pool.pendingCount, 0);
});

test("EndpointPool knows an endpoint again that returns while it is still in use", () => {
  const { pool } = pooling();
  pool.update(endpoints("a", "b"));
  const lease = pool.acquire({ exclude: ({ id }) => id === "b" })!;
  pool.update(endpoints("b"));
  pool.update(endpoints("b", "a"));
  const a = () => pool.status().endpoints.find((one) => one.endpoint.id === "a")!;
  assertEquals([a().pendingCount, a().draining], [1, false]);
  lease.release();
  assertEquals(a().pendingCount, 0);
});

test("EndpointPool starts without history where an instance comes back at another address", async () => {
  const { pool, clock } = pooling();
  pool.update([endpoint("a", { port: 1 })]);
  const lease = pool.acquire()!;
  await clock.advance(500);
  lease.release();
  pool.update([endpoint("a", { port: 2 })]);
  assertEquals(pool.status().endpoints.map((one) => one.latencyMs), [undefined]);
});

test("EndpointPool never hands out an endpoint in maintenance", () => {
  const { pool } = pooling();
  const out = endpoint("out", { address: "10.0.0.9", status: "maintenance" });
  pool.update([out, endpoint("in")]);
  for (let i = 0; i < 10; i++) {
    assertEquals([pool.pick()!.id, pool.acquire()!.endpoint.id], ["in", "in"]);
  }
  pool.update([out]);
  assertEquals([pool.pick(), pool.acquire()], [undefined, undefined]);
});

test("EndpointPool survives a listener that throws", () => {
  const { pool } = pooling({
    onEvent: () => {
      throw new Error("listener");
    },
  });
  pool.update(endpoints("a", "b"));
  const onlyA = ({ id }: { id: string }) => id !== "a";
  for (let i = 0; i < 5; i++) pool.acquire({ exclude: onlyA })!.release("failure");
  assertEquals(pool.status().ejectedCount, 1);
});

test("acquire() spreads leases over the idle endpoints", () => {
  const { pool } = pooling();
  pool.update(endpoints("a", "b", "c"));
  const given = new Set(
    [pool.acquire(), pool.acquire(), pool.acquire()].map((one) => one!.endpoint),
  );
  assertEquals(given.size, 3);
});
