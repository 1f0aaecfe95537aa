import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { RoundRobin } from "../../src/balance/round_robin.ts";
import { test } from "../support/test.ts";
import { members, seed } from "./support.ts";

function picks(balancer: RoundRobin, count: number): string {
  let ids = "";
  for (let i = 0; i < count; i++) ids += balancer.pick()?.endpoint.id ?? "-";
  return ids;
}

test("RoundRobin begins with the first and takes every endpoint in turn", () => {
  const balancer = new RoundRobin();
  balancer.update(members("a", "b", "c"));
  assertEquals(picks(balancer, 7), "abcabca");
});

test("RoundRobin starts where it is told, once", () => {
  const balancer = new RoundRobin(() => 0.5);
  balancer.update([]);
  const list = members("a", "b", "c", "d", "e");
  balancer.update(list.slice(0, 4));
  assertEquals(picks(balancer, 6), "cdabcd");
  balancer.update(list);
  assertEquals(picks(balancer, 1), "e");
});

test("RoundRobin goes on after the endpoint that was picked last", () => {
  const balancer = new RoundRobin();
  const [a, b, c, x, y] = members("a", "b", "c", "x", "y");
  balancer.update([a!, b!, c!]);
  assertEquals(picks(balancer, 2), "ab");
  balancer.update([x!, a!, b!, y!, c!]);
  assertEquals(picks(balancer, 5), "ycxab");
  balancer.update([c!, b!]);
  assertEquals(picks(balancer, 3), "cbc");
});

test("RoundRobin goes on after the nearest one left when the last one has gone", () => {
  const balancer = new RoundRobin();
  const [a, b, c, d] = members("a", "b", "c", "d");
  balancer.update([a!, b!, c!, d!]);
  assertEquals(picks(balancer, 3), "abc");
  balancer.update([a!, b!, d!]);
  assertEquals(picks(balancer, 3), "dab");
  balancer.update(members("x", "y"));
  assertEquals(picks(balancer, 3), "xyx");
});

test("RoundRobin passes over what is excluded", () => {
  const balancer = new RoundRobin();
  balancer.update(members("a", "b", "c"));
  assertEquals(balancer.pick({ exclude: ({ id }) => id === "a" })?.endpoint.id, "b");
  assertEquals(picks(balancer, 3), "cab");
});

test("RoundRobin hits each of n endpoints once in every window of n picks, for n from 1 to 50, through refreshes that change nothing", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50 }),
      fc.array(fc.boolean(), { minLength: 200, maxLength: 200 }),
      (count, refreshes) => {
        const balancer = new RoundRobin();
        const all = members(...Array.from({ length: count }, (_, i) => `m${i}`));
        balancer.update(all);
        const order = refreshes.map((refresh) => {
          if (refresh) balancer.update([...all]);
          return balancer.pick()!;
        });
        for (let i = 0; i + count <= order.length; i++) {
          assertEquals(new Set(order.slice(i, i + count)).size, count);
        }
      },
    ),
    { seed },
  );
});

test("RoundRobin never picks twice what it could not pick since, however the list changes", () => {
  const all = members("a", "b", "c", "d", "e", "f");
  fc.assert(
    fc.property(
      fc.array(fc.subarray(all, { minLength: 2 }), { minLength: 1, maxLength: 20, size: "max" }),
      (lists) => {
        const balancer = new RoundRobin();
        let last;
        for (const list of lists) {
          balancer.update(list);
          for (let i = 0; i < 3; i++) {
            const picked = balancer.pick();
            assertEquals(picked === last, false);
            last = picked;
          }
        }
      },
    ),
    { seed },
  );
});
