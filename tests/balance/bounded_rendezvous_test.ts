import fc from "fast-check";
import { assert, assertEquals } from "@std/assert";
import { seededRandom } from "../../bench/balance/seeded_random.ts";
import { EndpointPool } from "../../src/balance/endpoint_pool.ts";
import type { Lease } from "../../src/balance/lease.ts";
import { test } from "../support/test.ts";
import { endpoints, seed } from "./support.ts";

function poolOf(balancer: "hash" | "bounded-hash", ...names: string[]): EndpointPool {
  const pool = new EndpointPool({ balancer, outliers: false, random: seededRandom(seed) });
  pool.update(endpoints(...names));
  return pool;
}

test("bounded-hash gives a key the endpoint of hash while that is not full", () => {
  const names = ["a", "b", "c", "d", "e:3"];
  const [bounded, plain] = [poolOf("bounded-hash", ...names), poolOf("hash", ...names)];
  for (let i = 0; i < 500; i++) {
    const key = `user-${i}`;
    assertEquals(bounded.pick({ key })!.id, plain.pick({ key })!.id);
    const lease = bounded.acquire({ key })!;
    assertEquals(lease.endpoint.id, plain.pick({ key })!.id);
    lease.release();
  }
});

test("bounded-hash moves a hot key to other endpoints, and back", () => {
  const pool = poolOf("bounded-hash", "a", "b", "c", "d");
  const home = pool.pick({ key: "hot" })!.id;
  const leases = Array.from({ length: 40 }, () => pool.acquire({ key: "hot" })!);
  const counts = new Map<string, number>();
  for (const { endpoint: { id } } of leases) counts.set(id, (counts.get(id) ?? 0) + 1);
  // ceil(1.25 x 40 / 4)
  assertEquals(Math.max(...counts.values()), 13);
  assertEquals(counts.get(home), 13);
  for (const lease of leases) lease.release();
  for (let i = 0; i < 10; i++) {
    const lease = pool.acquire({ key: "hot" })!;
    assertEquals(lease.endpoint.id, home);
    lease.release();
  }
});

test("bounded-hash: no endpoint gets over ceil(1.25 x its share in flight), whatever the keys", () => {
  const step = fc.record({
    key: fc.option(fc.constantFrom("a", "b", "ü", "z"), { nil: undefined }),
    end: fc.nat(),
  });
  const weights = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(weights, fc.array(step, { maxLength: 150 }), (given, steps) => {
      const names = given.map((weight, i) => `e${i}:${weight}`);
      const pool = poolOf("bounded-hash", ...names);
      const isWeighted = given.some((weight) => weight > 0);
      const weightOf = (weight: number) => isWeighted ? weight : 1;
      const sum = given.reduce((total, weight) => total + weightOf(weight), 0);
      const held: Lease[] = [];
      const inFlight = new Map<string, number>();
      for (const { key, end } of steps) {
        const lease = pool.acquire(key === undefined ? undefined : { key })!;
        held.push(lease);
        const { id, weight } = lease.endpoint;
        const count = (inFlight.get(id) ?? 0) + 1;
        inFlight.set(id, count);
        assert(count <= Math.ceil(1.25 * held.length * weightOf(weight) / sum), `${id}: ${count}`);
        if (end % 3 > 0) continue;
        const [ended] = held.splice(end % held.length, 1) as [Lease];
        ended.release();
        inFlight.set(ended.endpoint.id, inFlight.get(ended.endpoint.id)! - 1);
      }
    }),
    { seed, numRuns: 200 },
  );
});

test("bounded-hash: excluded endpoints stay out, even if all others are full", () => {
  const pool = poolOf("bounded-hash", "a", "b");
  const exclude = ({ id }: { id: string }) => id === "a";
  for (let i = 0; i < 10; i++) {
    assertEquals(pool.acquire({ key: `${i}`, exclude })!.endpoint.id, "b");
  }
  assertEquals(pool.acquire({ key: "k", exclude: () => true }), undefined);
  for (let i = 0; i < 6; i++) assertEquals(pool.acquire()!.endpoint.id, "a");
});
