import fc from "fast-check";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { seededRandom } from "../../bench/balance/seeded_random.ts";
import type { PickOptions } from "../../src/balance/balancer.ts";
import { EndpointPool } from "../../src/balance/endpoint_pool.ts";
import { FilteredLists } from "../../src/balance/filtered_lists.ts";
import type { EndpointPoolOptions } from "../../src/balance/pool_options.ts";
import { RoundRobin } from "../../src/balance/round_robin.ts";
import type { Endpoint } from "../../src/endpoint.ts";
import { matcherOf } from "../../src/endpoint_filter.ts";
import { ManualClock } from "../../src/testing/manual_clock.ts";
import { endpoint } from "../support/endpoints.ts";
import { test } from "../support/test.ts";
import { seed, tally } from "./support.ts";

const BLUE = endpoint("a", { tags: ["Blue", "eu"], zone: "z1", meta: { version: "1" } });
const BLUE_2 = endpoint("b", { tags: ["blue"], zone: "z2", meta: { version: "2", "größe": "XL" } });
const GREEN = endpoint("c", { tags: ["green"], zone: "z1", meta: { version: "2" } });

function pool(options: EndpointPoolOptions = {}, ...endpoints: Endpoint[]): EndpointPool {
  const made = new EndpointPool({ random: seededRandom(seed), ...options });
  made.update(endpoints.length === 0 ? [BLUE, BLUE_2, GREEN] : endpoints);
  return made;
}

function picks(from: EndpointPool, count: number, options?: PickOptions): string {
  return Array.from({ length: count }, () => from.pick(options)?.id ?? "-").join("");
}

test("EndpointPool picks in turn among the endpoints that match a filter", () => {
  const from = pool();
  assertEquals(picks(from, 4, { tags: ["BLUE"] }), "abab");
  assertEquals(picks(from, 3, { zone: "z1" }), "aca");
  assertEquals(picks(from, 3, { version: "2" }), "bcb");
  assertEquals(picks(from, 2, { version: "2", tags: ["blue"] }), "bb");
  assertEquals(picks(from, 2, { meta: { "größe": "XL" } }), "bb");
  assertEquals(picks(from, 2, { zone: "Z1" }), "--");
  assertEquals(picks(from, 3, { tags: [], meta: {} }), "abc");
  // The whole pool has a rotation of its own.
  assertEquals(picks(from, 3), "abc");
});

test("EndpointPool: two spellings of a filter share one rotation, and a changed filter is noticed", () => {
  const from = pool({}, BLUE, { ...BLUE_2, tags: ["blue", "eu"] });
  assertEquals(picks(from, 1, { tags: ["blue", "eu"] }), "a");
  assertEquals(picks(from, 1, { tags: ["EU", "Blue"] }), "b");
  const options = { version: "1" };
  assertEquals(picks(from, 1, options), "a");
  options.version = "2";
  assertEquals(picks(from, 1, options), "b");
});

test("EndpointPool: filters follow the list", () => {
  const from = pool();
  assertEquals(picks(from, 2, { version: "1" }), "aa");
  from.update([BLUE_2, GREEN]);
  assertEquals(picks(from, 2, { version: "1" }), "--");
  assertEquals(picks(from, 2, { version: "2" }), "bc");
  from.update([{ ...BLUE, status: "maintenance" }, BLUE_2]);
  assertEquals(picks(from, 2, { version: "1" }), "--");
  from.update([BLUE, BLUE_2]);
  assertEquals(picks(from, 2, { version: "1" }), "aa");
  assertEquals(picks(from, 2, { version: "1", exclude: ({ id }) => id === "a" }), "--");
});

test("EndpointPool: leases, loads and ejections of a filter are those of the whole pool", () => {
  const clock = new ManualClock();
  const from = pool({ clock, balancer: "least-pending", outliers: { consecutiveFailures: 1 } });
  const held = [from.acquire({ tags: ["blue"] })!, from.acquire({ tags: ["blue"] })!];
  assertEquals(held.map(({ endpoint: { id } }) => id).sort(), ["a", "b"]);
  assertEquals(from.acquire()!.endpoint.id, "c");
  // Without a filter a and c were equal; in zone z1 c is busier by now.
  held.find((lease) => lease.endpoint.id === "a")!.release();
  for (let i = 0; i < 20; i++) {
    const lease = from.acquire({ zone: "z1" })!;
    assertEquals(lease.endpoint.id, "a");
    lease.release();
  }
  from.acquire({ version: "1" })!.release("failure");
  assertEquals(from.status().ejectedCount, 1);
  assertEquals(tally(30, () => from.pick()!.id).a, undefined);
  assertEquals(tally(30, () => from.pick({ zone: "z1" })!.id), { c: 30 });
  // Nothing else has version 1: panic of this list alone.
  assertEquals(from.status().panic, false);
  assertEquals(from.pick({ version: "1" })!.id, "a");
});

test("EndpointPool probes an ejected endpoint only with leases that it matches", () => {
  const clock = new ManualClock();
  const from = pool({ clock, outliers: { consecutiveFailures: 1 } });
  from.acquire({ version: "1" })!.release("failure");
  clock.pause(60_000);
  for (let i = 0; i < 5; i++) from.acquire({ tags: ["green"] })!.release();
  assertEquals(from.status().ejectedCount, 1);
  const probe = from.acquire({ tags: ["blue"] })!;
  assertEquals(probe.endpoint.id, "a");
  probe.release();
  assertEquals(from.status().ejectedCount, 0);
});

test("EndpointPool rejects filters that it cannot use, again and again", () => {
  const from = pool();
  const wrong: [unknown, string][] = [
    [{ tags: "blue" }, "tags of pick() and acquire(): it must be a list of texts"],
    [{ version: 1 }, "version of pick() and acquire(): it must be a text, received 1"],
    [{ zone: null }, "zone of pick() and acquire(): it must be a text, received null"],
    [{ meta: "ab" }, "meta of pick() and acquire(): it must be an object of texts"],
    [{ meta: { version: 2 } }, "meta.version of pick() and acquire()"],
    [{ key: 5 }, "key of pick() and acquire(): it must be a string, received 5"],
    [{ exclude: "a" }, "exclude of pick() and acquire(): it must be a function"],
    [{ tag: "blue" }, "there is no such option. Did you mean tags?"],
  ];
  from.pick({ tags: ["b"] });
  for (const [options, message] of [...wrong, ...wrong]) {
    assertThrows(() => from.pick(options as PickOptions), TypeError, message);
    assertThrows(() => from.acquire(options as PickOptions), TypeError, message);
  }
  assertEquals(from.pendingCount, 0);
});

test("FilteredLists keep a limited number of filters and of their spellings", () => {
  const createPicker = () => new RoundRobin();
  const lists = new FilteredLists({ createPicker, createLeaser: undefined, panicPercent: 50 });
  const first = lists.find({ version: "0" });
  assertEquals(lists.find({ version: "0" }), first);
  for (let i = 0; i < 300; i++) lists.find({ zone: `${i}` });
  // Its path is still known, but other spellings of it would have another rotation.
  assert(first.dropped && lists.find({ version: "0" }) !== first);
  for (let i = 0; i < 10_000; i++) lists.find({ version: `${i}`, tags: [`t${i % 7}`] });
  assertEquals([...lists.all].length, 256);
  assert(first.dropped && lists.find({ version: "0" }) !== first);
});

test("EndpointPool picks rightly with more filters than it keeps", () => {
  const many = Array.from(
    { length: 400 },
    (_, i) => endpoint(`e${i}`, { meta: { version: `${i}` } }),
  );
  const from = pool({}, ...many);
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 400; i++) assertEquals(from.pick({ version: `${i}` })!.id, `e${i}`);
  }
});

test("EndpointPool: whatever happens, a pick matches its filter, and is there if one matches", () => {
  const value = fc.constantFrom("", "1", "2", "ü");
  const anyEndpoint = fc.record({
    id: fc.constantFrom("a", "b", "c", "d", "e", "f"),
    tags: fc.array(fc.constantFrom("x", "Y", "z"), { maxLength: 3 }),
    zone: value,
    version: fc.option(value, { nil: undefined }),
    weight: fc.constantFrom(0, 1, 1, 7),
    maintenance: fc.boolean(),
  });
  const anyFilter = fc.record({
    tags: fc.array(fc.constantFrom("X", "y"), { maxLength: 2 }),
    zone: value,
    version: value,
    meta: fc.constantFrom({}, { version: "1" }, { color: "red" }),
  }, { requiredKeys: [] });
  const step = fc.oneof(
    {
      weight: 1,
      arbitrary: fc.record({ list: fc.uniqueArray(anyEndpoint, { selector: ({ id }) => id }) }),
    },
    { weight: 6, arbitrary: fc.record({ filter: anyFilter, fails: fc.boolean() }) },
  );
  const balancers = [
    undefined,
    "random",
    "hash",
    "bounded-hash",
    "least-pending",
    "p2c-ewma",
  ] as const;
  fc.assert(
    fc.property(
      fc.constantFrom(...balancers),
      fc.array(step, { maxLength: 40 }),
      (balancer, steps) => {
        const clock = new ManualClock();
        const from = new EndpointPool({
          balancer,
          clock,
          random: seededRandom(seed),
          zone: "1",
          outliers: { consecutiveFailures: 1, baseEjectionMs: 50 },
        });
        for (const taken of steps) {
          clock.pause(20);
          if ("list" in taken) {
            from.update(taken.list.map(({ version, maintenance, ...facts }) =>
              endpoint(facts.id, {
                ...facts,
                meta: version === undefined ? {} : { version },
                status: maintenance ? "maintenance" : "passing",
              })
            ));
            continue;
          }
          const matches = matcherOf(taken.filter);
          const some = from.endpoints.some((each) =>
            each.status !== "maintenance" && matches(each)
          );
          const picked = from.pick(taken.filter);
          const lease = from.acquire({ ...taken.filter, key: "k" });
          assertEquals([picked !== undefined, lease !== undefined], [some, some]);
          assert(!some || (matches(picked!) && matches(lease!.endpoint)));
          lease?.release(taken.fails ? "failure" : "success");
        }
      },
    ),
    { seed, numRuns: 300 },
  );
});
