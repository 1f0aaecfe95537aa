import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Member } from "../../src/balance/member.ts";
import { WeightedRoundRobin } from "../../src/balance/weighted_round_robin.ts";
import { endpoint } from "../support/endpoints.ts";
import { test } from "../support/test.ts";
import { members, seed, tally } from "./support.ts";

function balancing(...names: string[]): WeightedRoundRobin {
  const balancer = new WeightedRoundRobin();
  balancer.update(members(...names));
  return balancer;
}

function picks(balancer: WeightedRoundRobin, count: number): string {
  let ids = "";
  for (let i = 0; i < count; i++) ids += balancer.pick()!.endpoint.id;
  return ids;
}

/** nginx's rule, word for word: look at all, take the first with the most, O(n). */
function nginx(weights: readonly number[], count: number): number[] {
  const current = weights.map(() => 0);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return Array.from({ length: count }, () => {
    let best = 0;
    weights.forEach((weight, i) => {
      current[i]! += weight;
      if (current[i]! > current[best]!) best = i;
    });
    current[best]! -= sum;
    return best;
  });
}

test("WeightedRoundRobin spreads 5:1:1 as a a b a c a a", () => {
  assertEquals(picks(balancing("a:5", "b:1", "c:1"), 14), "aabacaaaabacaa");
});

test("WeightedRoundRobin deviates by less than one pick from 5:1:1 over 1,000 cycles, and by none at their ends", () => {
  const balancer = balancing("a:5", "b:1", "c:1");
  const shares: Record<string, number> = { a: 5 / 7, b: 1 / 7, c: 1 / 7 };
  const counts: Record<string, number> = { a: 0, b: 0, c: 0 };
  for (let picked = 1; picked <= 7_000; picked++) {
    counts[balancer.pick()!.endpoint.id]!++;
    for (const id in shares) assert(Math.abs(counts[id]! - picked * shares[id]!) < 1);
    if (picked % 7 === 0) {
      assertEquals(counts, { a: 5 * picked / 7, b: picked / 7, c: picked / 7 });
    }
  }
});

test("WeightedRoundRobin gives nginx's order for any weights", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 20, size: "max" }),
      (weights) => {
        const balancer = balancing(...weights.map((weight, i) => `${i}:${weight}`));
        const order = Array.from({ length: 300 }, () => Number(balancer.pick()!.endpoint.id));
        assertEquals(order, nginx(weights, 300));
      },
    ),
    { seed },
  );
});

test("WeightedRoundRobin keeps its order when a refresh changes nothing", () => {
  const balancer = new WeightedRoundRobin();
  const all = members("a:5", "b:1", "c:1");
  let ids = "";
  for (let i = 0; i < 14; i++) {
    balancer.update([...all]);
    ids += picks(balancer, 1);
  }
  assertEquals(ids, "aabacaaaabacaa");
});

test("WeightedRoundRobin keeps what members are owed when another one comes", () => {
  const balancer = new WeightedRoundRobin();
  const [a, b, c] = members("a:3", "b:1", "c:1");
  balancer.update([a!, b!]);
  assertEquals(picks(balancer, 2), "aa");
  balancer.update([a!, b!, c!]);
  assertEquals(picks(balancer, 1), "b");
});

test("WeightedRoundRobin goes on with those whose turn it was when another one comes", () => {
  const balancer = new WeightedRoundRobin();
  const [a, b, c, d] = members("a", "b", "c", "d");
  balancer.update([a!, b!, c!]);
  assertEquals(picks(balancer, 1), "a");
  balancer.update([a!, b!, c!, d!]);
  assertEquals(picks(balancer, 8), "bcdabcda");
});

test("WeightedRoundRobin pays no burst to one that waited beside a heavy one", () => {
  const balancer = new WeightedRoundRobin();
  const [light, heavy, other] = members("a:1", "b:100", "c:2");
  balancer.update([light!, heavy!]);
  assertEquals(picks(balancer, 50), "b".repeat(50));
  balancer.update([light!, other!]);
  assertEquals(picks(balancer, 6), "accacc");
});

test("WeightedRoundRobin takes a changed weight over at once", () => {
  const balancer = new WeightedRoundRobin();
  const all = members("a:1", "b:1");
  balancer.update(all);
  assertEquals(picks(balancer, 4), "abab");
  all[0]!.endpoint = endpoint("a", { weight: 3 });
  balancer.update(all);
  assertEquals(tally(400, () => balancer.pick()!.endpoint.id), { a: 300, b: 100 });
});

test("WeightedRoundRobin stays within one pick per endpoint of the weights however lists change", () => {
  const all = members("a:1", "b:2", "c:3", "d:3", "e:7");
  fc.assert(
    fc.property(
      fc.array(fc.subarray(all, { minLength: 1 }), { maxLength: 20, size: "max" }),
      (lists) => {
        const balancer = new WeightedRoundRobin();
        for (const list of lists) {
          balancer.update(list);
          const sum = list.reduce((total, member) => total + member.endpoint.weight, 0);
          const counts = new Map<Member, number>();
          for (let i = 0; i < 10 * sum; i++) {
            const picked = balancer.pick()!;
            counts.set(picked, (counts.get(picked) ?? 0) + 1);
          }
          for (const member of list) {
            const fair = 10 * member.endpoint.weight;
            assert(Math.abs(counts.get(member)! - fair) <= 2);
          }
        }
      },
    ),
    { seed },
  );
});

test("WeightedRoundRobin leaves out weight 0, unless all have it", () => {
  const balancer = balancing("a:0", "b:2");
  assertEquals(picks(balancer, 3), "bbb");
  balancer.update(members("a:0", "b:0"));
  assertEquals(picks(balancer, 4), "abab");
});

test("WeightedRoundRobin owes an excluded endpoint its turn", () => {
  const balancer = balancing("a:2", "b:1", "c:1");
  const exclude = ({ id }: { id: string }) => id === "a";
  assertEquals(balancer.pick({ exclude })?.endpoint.id, "b");
  assertEquals(balancer.pick({ exclude })?.endpoint.id, "c");
  assertEquals(picks(balancer, 2), "aa");
});

test("WeightedRoundRobin loses nobody of a weight when the first of it is excluded", () => {
  const balancer = balancing("a", "b", "c", "d");
  const exclude = ({ id }: { id: string }) => id < "c";
  assertEquals(balancer.pick({ exclude })?.endpoint.id, "c");
  assertEquals(picks(balancer, 7), "abdcabd");
});
