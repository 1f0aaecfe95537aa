/**
 * The contract of every balancer, independent of its algorithm.
 */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { seededRandom } from "../../bench/balance/seeded_random.ts";
import type { Balancer } from "../../src/balance/balancer.ts";
import type { Member } from "../../src/balance/member.ts";
import { members, seed } from "../balance/support.ts";
import { test } from "../support/test.ts";

/** Registers the contract as tests of one balancer. */
export function balancerContract(
  name: string,
  create: (random: () => number) => Balancer,
): void {
  const random = seededRandom(seed);
  const createSeeded = () => create(random);
  const key = () => String(random());

  test(`${name} picks nothing from an empty list`, () => {
    const balancer = createSeeded();
    assertEquals(balancer.pick(), undefined);
    balancer.update(members("a", "b"));
    balancer.update([]);
    assertEquals(balancer.pick(), undefined);
    assertEquals(balancer.pick({ key: "k" }), undefined);
    assertEquals(balancer.pick({ exclude: () => false }), undefined);
  });

  test(`${name} picks the only one again and again`, () => {
    const balancer = createSeeded();
    const [only] = members("only");
    balancer.update([only!]);
    for (let i = 0; i < 10; i++) assertEquals(balancer.pick(), only);
  });

  test(`${name} reaches every one of equal weight and load`, () => {
    for (const count of [2, 3, 4, 5, 50]) {
      const balancer = createSeeded();
      const all = members(...Array.from({ length: count }, (_, i) => `m${i}`));
      balancer.update(all);
      const seen = new Set<Member>();
      for (let i = 0; i < count * 100; i++) seen.add(balancer.pick({ key: key() })!);
      assertEquals(seen.size, count);
    }
  });

  test(`${name} picks the only one left when all others are excluded`, () => {
    const balancer = createSeeded();
    const all = members(...Array.from({ length: 40 }, (_, i) => `m${i}:${1 + i % 3}`));
    balancer.update(all);
    for (const member of all) {
      const exclude = (endpoint: unknown) => endpoint !== member.endpoint;
      assertEquals(balancer.pick({ exclude, key: key() }), member);
    }
    assertEquals(balancer.pick({ exclude: () => true }), undefined);
    assertEquals(balancer.pick({ exclude: () => true, key: "k" }), undefined);
  });

  test(`${name} picks among its current list and nothing excluded, however lists and loads change`, () => {
    const all = members(...Array.from({ length: 12 }, (_, i) => `m${i}:${i % 4}`));
    const step = fc.record({
      listed: fc.subarray(all),
      excluded: fc.option(fc.subarray(all), { nil: undefined }),
      keyed: fc.boolean(),
      pending: fc.nat(5),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30, size: "max" }), (steps) => {
        const balancer = createSeeded();
        for (const { listed, excluded, keyed, pending } of steps) {
          balancer.update(listed);
          const exclude = excluded &&
            ((endpoint: unknown) => excluded.some((member) => member.endpoint === endpoint));
          const possible = listed.filter((member) => !excluded?.includes(member));
          for (let i = 0; i < 5; i++) {
            const picked = balancer.pick({
              ...(keyed ? { key: key() } : {}),
              ...(exclude ? { exclude } : {}),
            });
            if (picked !== undefined) {
              assert(possible.includes(picked));
              picked.pendingCount = pending;
              balancer.touch?.(picked);
            } else if (possible.some((member) => member.endpoint.weight > 0)) {
              throw new Error("Picked nothing");
            }
          }
        }
      }),
      { seed },
    );
  });
}
