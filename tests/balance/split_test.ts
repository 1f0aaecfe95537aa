import fc from "fast-check";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { seededRandom } from "../../bench/balance/seeded_random.ts";
import { EndpointPool } from "../../src/balance/endpoint_pool.ts";
import type { TrafficSplit } from "../../src/balance/split.ts";
import type { Endpoint } from "../../src/endpoint.ts";
import { endpoint } from "../support/endpoints.ts";
import { test } from "../support/test.ts";
import { seed, tally } from "./support.ts";

function of(version: string, count: number): Endpoint[] {
  return Array.from(
    { length: count },
    (_, i) => endpoint(`${version}-${i}`, { meta: { version } }),
  );
}

function poolOf(split: TrafficSplit | undefined, endpoints: Endpoint[]): EndpointPool {
  const pool = new EndpointPool({ split, random: seededRandom(seed) });
  pool.update(endpoints);
  return pool;
}

const CANARY = { version: { stable: 95, canary: 5 } };

test("EndpointPool splits by weight, however many endpoints a value has", () => {
  const pool = poolOf(CANARY, [
    ...of("stable", 2),
    ...of("canary", 6),
    ...of("old", 3),
    endpoint("x"),
  ]);
  for (
    const next of [
      () => pool.pick()!,
      () => {
        const lease = pool.acquire()!;
        lease.release();
        return lease.endpoint;
      },
    ]
  ) {
    const counts = tally(20_000, () => next().meta.version ?? "none");
    assertEquals(Object.keys(counts).sort(), ["canary", "stable"]);
    // 5 %, give or take four standard deviations.
    assert(Math.abs(counts.canary! - 1_000) < 125, `${counts.canary}, PILOTED_SEED=${seed}`);
  }
});

test("EndpointPool: the share of a value without endpoints goes to the others, by their weights", async () => {
  const pool = poolOf({ version: { a: 50, b: 30, c: 20, d: 0 } }, [
    ...of("a", 1),
    ...of("b", 1),
    ...of("d", 1),
  ]);
  const counts = tally(20_000, () => pool.pick()!.meta.version!);
  assertEquals(Object.keys(counts).sort(), ["a", "b"]);
  assert(Math.abs(counts.a! / 20_000 - 50 / 80) < 0.015, `${counts.a}, PILOTED_SEED=${seed}`);
  pool.update([...of("c", 1), ...of("d", 1)]);
  assertEquals(tally(50, () => pool.pick()!.id), { "c-0": 50 });
  assertEquals((await pool.pickResolved())!.id, "c-0");
  pool.update(of("d", 1));
  assertEquals([pool.pick(), pool.acquire(), pool.pickResolved()], [
    undefined,
    undefined,
    undefined,
  ]);
});

test("EndpointPool: a value whose endpoints are all ejected gets nothing while another has one", () => {
  const pool = new EndpointPool({
    split: { version: { a: 1, b: 1 } },
    outliers: { consecutiveFailures: 1 },
    random: seededRandom(seed),
  });
  pool.update([...of("a", 3), ...of("b", 1)]);
  pool.acquire({ version: "b" })!.release("failure");
  assertEquals(Object.keys(tally(200, () => pool.pick()!.meta.version!)), ["a"]);
  pool.update(of("b", 1));
  assertEquals(pool.pick()!.id, "b-0");
});

test("EndpointPool: a key keeps its value, filters narrow a split, and one of a pick replaces it", () => {
  const pool = poolOf(CANARY, [...of("stable", 3), ...of("canary", 2), ...of("old", 1)]);
  const versions = Array.from({ length: 2_000 }, (_, i) => {
    const version = pool.pick({ key: `user-${i}` })!.meta.version!;
    for (let again = 0; again < 3; again++) {
      assertEquals(pool.pick({ key: `user-${i}` })!.meta.version, version);
    }
    return version;
  });
  const canaries = versions.filter((version) => version === "canary").length;
  assert(canaries > 50 && canaries < 150, `${canaries}`);
  assertEquals(tally(100, () => pool.pick({ version: "canary" })!.meta.version!), { canary: 100 });
  assertEquals(pool.pick({ version: "old" }), undefined);
  assertEquals(pool.pick({ split: { version: { old: 1 } } })!.id, "old-0");
  const isStable = ({ meta }: Endpoint) => meta.version === "stable";
  assertEquals(Object.keys(tally(50, () => pool.pick({ exclude: isStable })!.meta.version!)), [
    "canary",
  ]);
});

test("EndpointPool: proportions are those of the weights", () => {
  const weights = fc.dictionary(
    fc.constantFrom("a", "B", "ü", "1", "0", "x y", "toString"),
    fc.oneof(fc.integer({ min: 0, max: 1_000 }), fc.double({ min: 0, max: 1, noNaN: true })),
    { minKeys: 1 },
  );
  fc.assert(
    fc.property(weights, fc.func(fc.boolean()), (given, hasEndpoints) => {
      const sum = Object.values(given).reduce((total, weight) => total + weight, 0);
      fc.pre(sum > 1e-3);
      const values = Object.keys(given);
      const there = values.filter((value) => hasEndpoints(value));
      const pool = poolOf({ version: given }, [
        ...there.flatMap((value) => of(value, 2)),
        endpoint("x"),
      ]);
      const able = there.filter((value) => given[value]! > 0);
      if (able.length === 0) return assertEquals(pool.pick(), undefined);
      const total = able.reduce((part, value) => part + given[value]!, 0);
      const counts = new Map<string, number>();
      for (let i = 0; i < 2_000; i++) {
        const { version } = pool.pick()!.meta;
        counts.set(version!, (counts.get(version!) ?? 0) + 1);
      }
      for (const value of values) {
        const share = able.includes(value) ? given[value]! / total : 0;
        const deviation = Math.sqrt(2_000 * share * (1 - share));
        assert(Math.abs((counts.get(value) ?? 0) - 2_000 * share) <= 6 * deviation + 1e-6, value);
      }
    }),
    { seed, numRuns: 60 },
  );
});

test("A split is checked, also one of a single pick", () => {
  const pool = poolOf(undefined, of("a", 1));
  const wrong: [unknown, ErrorConstructor, string][] = [
    [{}, TypeError, "it must have one key of the metadata with weights by value"],
    [{ version: { a: 1 }, zone: { b: 1 } }, TypeError, "it must have one key"],
    [{ version: {} }, TypeError, "it must have one key"],
    [{ version: { a: NaN } }, TypeError, 'the weight of "a" must be a number, received NaN'],
    [{ version: { a: "1" } }, TypeError, 'the weight of "a" must be a number, received 1'],
    [{ version: { a: -1, b: 2 } }, RangeError, 'the weight of "a" must be 0 or more, received -1'],
    [{ version: { a: Infinity } }, RangeError, 'the weight of "a" must be 0 or more'],
    [{ version: { a: 0 } }, RangeError, "the sum of the weights must be more than 0, received 0"],
  ];
  for (const [split, kind, message] of wrong) {
    assertThrows(() => poolOf(split as TrafficSplit, []), kind, message);
    assertThrows(() => pool.pick({ split: split as TrafficSplit }), kind, message);
    assertThrows(() => pool.acquire({ split: split as TrafficSplit }), kind, message);
  }
});
