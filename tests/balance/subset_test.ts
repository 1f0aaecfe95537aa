import { assert, assertEquals, assertThrows } from "@std/assert";
import { simulateSubsets } from "../../bench/balance/subset_skew.ts";
import { seededRandom } from "../../bench/balance/seeded_random.ts";
import { EndpointPool } from "../../src/balance/endpoint_pool.ts";
import type { SubsetOptions } from "../../src/balance/subset.ts";
import type { Endpoint } from "../../src/endpoint.ts";
import { ManualClock } from "../../src/testing/manual_clock.ts";
import { endpoint } from "../support/endpoints.ts";
import { test } from "../support/test.ts";
import { seed, tally } from "./support.ts";

function many(count: number, facts: (i: number) => Partial<Endpoint> = () => ({})): Endpoint[] {
  return Array.from(
    { length: count },
    (_, i) => endpoint(`e${i}`, { address: `10.2.${i >> 8}.${i & 255}`, ...facts(i) }),
  );
}

function used(pool: EndpointPool, options?: { version?: string; tags?: string[] }): string[] {
  return Object.keys(tally(400, () => pool.pick(options)!.id)).sort();
}

test("In simulation, 200 clients over 1,000 endpoints: 20 connections each, churn of one, skew of dice", () => {
  const figures = simulateSubsets({ clients: 200, endpoints: 1_000, size: 20, changes: 10 });
  assertEquals(figures.perClient, [20, 20]);
  assertEquals(figures.churn, [1, 1]);
  assert(Math.abs(figures.skew / figures.binomialSkew - 1) < 0.1, `${figures.skew}`);
  // Of 200 clients, four use any one endpoint.
  assert(figures.touchedClients < 8, `${figures.touchedClients}`);
});

test("EndpointPool uses a part of many endpoints, the same for the same key, and all of few", () => {
  const make = (key: string) => {
    const pool = new EndpointPool({ subset: { size: 5, key }, random: seededRandom(seed) });
    pool.update(many(100));
    return pool;
  };
  const [one, same, other] = ["client-1", "client-1", "Клиент"].map(make) as [
    EndpointPool,
    EndpointPool,
    EndpointPool,
  ];
  assertEquals(used(one).length, 5);
  assertEquals(used(one), used(same));
  assert(used(one).join() !== used(other).join());
  assertEquals(one.endpoints.length, 100);
  assertEquals(one.status().endpoints.map(({ endpoint: { id } }) => id).sort(), used(one));
  const gone = used(one)[0]!;
  one.update(many(100).filter(({ id }) => id !== gone));
  const left = used(one).filter((id) => used(same).includes(id));
  assertEquals([used(one).length, left.length], [5, 4]);
  one.update(many(3));
  assertEquals(used(one), ["e0", "e1", "e2"]);
});

test("EndpointPool leaves endpoints in maintenance and of weight 0 out of its part", () => {
  const pool = new EndpointPool({ subset: { size: 4, key: "k" } });
  pool.update(many(40, (i) => ({
    weight: i % 2,
    status: i < 20 ? "maintenance" : "passing",
  })));
  assertEquals(used(pool).length, 4);
  for (const id of used(pool)) {
    assert(Number(id.slice(1)) > 20 && Number(id.slice(1)) % 2 === 1, id);
  }
  pool.update(many(40, () => ({ weight: 0 })));
  assertEquals(used(pool).length, 4);
});

test("EndpointPool takes a filter's part from what matches", () => {
  const pool = new EndpointPool({ subset: { size: 4, key: "k" } });
  pool.update(many(90, (i) => ({ meta: { version: `${i % 30}` } })));
  assertEquals(used(pool, { version: "7" }).length, 3);
  assertEquals(used(pool, { tags: [] }), used(pool));
});

test("EndpointPool ejects, probes and panics within its part", () => {
  const clock = new ManualClock();
  const pool = new EndpointPool({
    subset: { size: 4, key: "k" },
    outliers: { consecutiveFailures: 1 },
    balancer: "round-robin",
    clock,
    random: seededRandom(seed),
  });
  const all = many(200, (i) => ({ meta: { version: i < 6 ? "canary" : "stable" } }));
  pool.update(all);
  const own = used(pool);
  const exclude = ({ id }: Endpoint) => own.includes(id);
  const canary = pool.acquire({ version: "canary", exclude })!;
  canary.release("failure");
  assertEquals(pool.status().ejectedCount, 1);
  // New lists do not forget it, whether or not its filter is used in between.
  pool.update(all.slice(0, 199));
  pool.update(all.slice(0, 198));
  assertEquals(pool.status().ejectedCount, 1);
  assertEquals(used(pool, { version: "canary" }).length, 3);
  pool.update(all.slice(0, 199));
  assertEquals(pool.status().ejectedCount, 1);
  clock.pause(30_000);
  // The probe of an endpoint beyond the own part takes a lease of its filter.
  assertEquals(used(pool), own);
  for (let i = 0; i < 8; i++) assert(pool.acquire()!.endpoint.id !== canary.endpoint.id);
  assertEquals(pool.acquire({ version: "canary" })!.endpoint.id, canary.endpoint.id);
  const before = used(pool);
  for (let i = 0; i < 40; i++) pool.acquire()!.release("failure");
  assertEquals(pool.status().ejectedCount, 3);
  // Two of the four, the other one being the canary: half is still no panic.
  assertEquals(used(pool).length, 2);
  assert(used(pool).every((id) => before.includes(id)));
});

test("EndpointPool with a zone has a part of each side, and spills by what the whole zone has lost", () => {
  const pool = new EndpointPool({ subset: { size: 5, key: "k" }, zone: "z1" });
  const zoned = many(300, (i) => ({ zone: i % 3 === 0 ? "z1" : "z2" }));
  pool.update(zoned);
  assertEquals(pool.status().localShare, 1);
  assert(used(pool).every((id) => Number(id.slice(1)) % 3 === 0));
  // Half of the own zone is critical: 70 % stay.
  pool.update(zoned.filter(({ zone }, i) => zone === "z2" || i % 2 === 0), zoned);
  assert(Math.abs(pool.status().localShare! - 0.7) < 0.05, `${pool.status().localShare}`);
  assertEquals(used(pool).length, 10);
});

test("A subset is checked", () => {
  const wrong: [unknown, ErrorConstructor, string][] = [
    [{}, TypeError, "size of subset of a pool: it must be a whole number, received undefined"],
    [{ size: 0 }, RangeError, "at least 1, received 0"],
    [{ size: 2.5 }, RangeError, "it must be a whole number, received 2.5"],
    [{ size: NaN }, TypeError, "received NaN"],
    [{ size: Infinity }, RangeError, "it must be a whole number, received Infinity"],
    [{ size: 5, key: 7 }, TypeError, "key of subset of a pool"],
    [{ size: 5, key: "" }, TypeError, "it must not be empty"],
    [{ size: 5, seed: 7 }, TypeError, "no such option"],
  ];
  for (const [subset, kind, message] of wrong) {
    assertThrows(() => new EndpointPool({ subset: subset as SubsetOptions }), kind, message);
  }
});
