import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { seededRandom } from "../../bench/balance/seeded_random.ts";
import type { Member } from "../../src/balance/member.ts";
import { Rendezvous } from "../../src/balance/rendezvous.ts";
import { test } from "../support/test.ts";
import { CountedMember, endpoints, members, seed, tally } from "./support.ts";

const KEYS = 50_000;

function hashing(all: readonly Member[]): Rendezvous {
  const balancer = new Rendezvous(seededRandom(seed));
  balancer.update(all);
  return balancer;
}

function idOf(balancer: Rendezvous, key: string): string {
  return balancer.pick({ key })!.endpoint.id;
}

function places(balancer: Rendezvous, count = KEYS): string[] {
  return Array.from({ length: count }, (_, i) => idOf(balancer, `customer-${i}`));
}

const TEN = Array.from({ length: 10 }, (_, i) => `m${i}`);

test("Rendezvous spreads 50,000 keys over ten so that the fullest has at most 1.07 times the mean", () => {
  const counts: Record<string, number> = {};
  for (const id of places(hashing(members(...TEN)))) counts[id] = (counts[id] ?? 0) + 1;
  assertEquals(Object.keys(counts).length, 10);
  assert(Math.max(...Object.values(counts)) / (KEYS / 10) <= 1.07);
});

test("Rendezvous moves only the keys of the one that is removed, and brings them back", () => {
  const all = members(...TEN);
  const balancer = hashing(all);
  const before = places(balancer);
  balancer.update(all.filter((_, i) => i !== 3));
  const without = places(balancer);
  before.forEach((id, i) => assert(id === "m3" ? without[i] !== "m3" : without[i] === id));
  balancer.update(all);
  assertEquals(places(balancer), before);
});

test("Rendezvous picks the same whatever the order of the list, in every process", () => {
  const before = places(hashing(members(...TEN)), 1_000);
  assertEquals(places(hashing(members(...TEN.toReversed())), 1_000), before);
  // Written down, so that a change of the hash does not go unnoticed: it would move every key.
  assertEquals(before.slice(0, 8).join(" "), "m5 m0 m9 m4 m1 m8 m8 m3");
});

test("Rendezvous spreads keys by weight, and moves only what a changed weight takes", () => {
  const light = places(hashing(members("a:1", "b:1", "c:2")));
  const heavy = places(hashing(members("a:1", "b:3", "c:2")));
  const share = (ids: string[], id: string) => ids.filter((one) => one === id).length / KEYS;
  assertAlmostEquals(share(light, "c"), 1 / 2, 0.01);
  assertAlmostEquals(share(heavy, "b"), 1 / 2, 0.01);
  light.forEach((id, i) => assert(heavy[i] === id || heavy[i] === "b"));
});

test("Rendezvous gives a key whose endpoint is excluded to the one that would be next", () => {
  const all = members(...TEN);
  const balancer = hashing(all);
  for (let i = 0; i < 100; i++) {
    const key = `customer-${i}`;
    const first = idOf(balancer, key);
    const second = balancer.pick({ key, exclude: ({ id }) => id === first })!.endpoint.id;
    assertEquals(idOf(hashing(all.filter(({ endpoint }) => endpoint.id !== first)), key), second);
    assertEquals(idOf(balancer, key), first);
  }
});

test("Rendezvous without a key picks by chance, by weight", () => {
  const balancer = hashing(members("a:3", "b:1"));
  const counts = tally(KEYS, () => balancer.pick()!.endpoint.id);
  assertAlmostEquals(counts.a! / KEYS, 3 / 4, 0.02);
});

test("Rendezvous forgets what it remembered when an endpoint goes", () => {
  const [a, b] = members("a", "b");
  const balancer = hashing([a!, b!]);
  const key = Array.from({ length: 50 }, (_, i) => `k${i}`).find((k) => idOf(balancer, k) === "a")!;
  balancer.update([b!]);
  assertEquals(idOf(balancer, key), "b");
});

test("Rendezvous caches 8,192 keys and forgets the oldest first", () => {
  const all = endpoints("a", "b").map((endpoint) => new CountedMember(endpoint));
  const balancer = hashing(all);
  const reads = (i: number) => {
    CountedMember.readCount = 0;
    balancer.pick({ key: `k${i}` });
    return CountedMember.readCount;
  };
  for (let i = 0; i < 8_192; i++) assert(reads(i) > 0);
  for (let i = 0; i < 8_192; i++) assertEquals(reads(i), 0);
  assert(reads(8_192) > 0);
  assertEquals([reads(8_192), reads(1)], [0, 0]);
  assert(reads(0) > 0);
});
