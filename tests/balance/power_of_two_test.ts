import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { seededRandom } from "../../bench/balance/seeded_random.ts";
import { leastPending } from "../../src/balance/least_pending.ts";
import type { Member } from "../../src/balance/member.ts";
import { p2cEwma } from "../../src/balance/p2c_ewma.ts";
import type { PowerOfTwo } from "../../src/balance/power_of_two.ts";
import { endpoint } from "../support/endpoints.ts";
import { test } from "../support/test.ts";
import { CountedMember, members, seed, tally } from "./support.ts";

const PICKS = 100_000;

function measured(member: Member, latencyMs: number): Member {
  for (let i = 0; i < 10; i++) member.latency.observe(latencyMs, false, 1_000);
  return member;
}

function setPending(balancer: PowerOfTwo, member: Member, pending: number): void {
  member.pendingCount = pending;
  balancer.touch(member);
}

test("leastPending() never picks the busy one of three and halves the rest", () => {
  const balancer = leastPending(seededRandom(seed));
  const all = members("a", "b", "busy");
  all[2]!.pendingCount = 1;
  balancer.update(all);
  const counts = tally(PICKS, () => balancer.pick()!.endpoint.id);
  assertEquals(counts.busy, undefined);
  assertAlmostEquals(counts.a! / PICKS, 0.5, 0.01);
});

test("leastPending() never picks the busy one of three and shares the rest by weights 2:1", () => {
  const balancer = leastPending(seededRandom(seed));
  const all = members("a:2", "b:1", "busy:1");
  all[2]!.pendingCount = 1;
  balancer.update(all);
  const counts = tally(PICKS, () => balancer.pick()!.endpoint.id);
  assertEquals(counts.busy, undefined);
  assertAlmostEquals(counts.a! / PICKS, 2 / 3, 0.01);
});

test("leastPending() looks at all of four, and at two of five", () => {
  for (const [count, least, most] of [[4, 1, 1], [5, 0.37, 0.43]] as const) {
    const balancer = leastPending(seededRandom(seed));
    const all = members(...Array.from({ length: count }, (_, i) => `m${i}`));
    for (const member of all.slice(1)) member.pendingCount = 1;
    balancer.update(all);
    const share = tally(PICKS, () => balancer.pick()!.endpoint.id).m0! / PICKS;
    assert(share >= least && share <= most, `${count}: ${share}`);
  }
});

test("leastPending() divides what is under way by the weight", () => {
  const balancer = leastPending(seededRandom(seed));
  const [heavy, light] = members("heavy:10", "light:1");
  heavy!.pendingCount = 9;
  light!.pendingCount = 1;
  balancer.update([heavy!, light!]);
  assertEquals(balancer.pick(), heavy);
  setPending(balancer, heavy!, 11);
  assertEquals(balancer.pick(), light);
});

test("p2cEwma() weighs latency against requests under way", () => {
  const balancer = p2cEwma(seededRandom(seed));
  const [slow, fast] = members("slow", "fast");
  measured(slow!, 100);
  measured(fast!, 10);
  balancer.update([slow!, fast!]);
  setPending(balancer, fast!, 8);
  assertEquals(balancer.pick(), fast);
  setPending(balancer, fast!, 10);
  assertEquals(balancer.pick(), slow);
});

test("p2cEwma() divides the expected wait by the weight", () => {
  const balancer = p2cEwma(seededRandom(seed));
  const [heavy, light] = members("heavy:4", "light:1");
  measured(heavy!, 30);
  measured(light!, 10);
  balancer.update([heavy!, light!]);
  assertEquals(balancer.pick(), heavy);
});

test("p2cEwma() tries a new endpoint first and sends it one more than it has answered", () => {
  const balancer = p2cEwma(seededRandom(seed));
  const [old, fresh] = members("old", "fresh");
  measured(old!, 100).pendingCount = 50;
  balancer.update([old!, fresh!]);
  assertEquals(balancer.pick(), fresh);
  setPending(balancer, fresh!, 1);
  assertEquals(balancer.pick(), old);
  for (let answers = 1; answers < 8; answers++) {
    fresh!.latency.observe(1, false, 1_000);
    setPending(balancer, fresh!, answers);
    assertEquals(balancer.pick(), fresh);
    setPending(balancer, fresh!, answers + 1);
    assertEquals(balancer.pick(), old);
  }
  fresh!.latency.observe(1, false, 1_000);
  setPending(balancer, fresh!, 20);
  assertEquals(balancer.pick(), fresh);
});

test("p2cEwma() without leases does not flood a new endpoint", () => {
  for (const known of [1, 3, 9]) {
    const balancer = p2cEwma(seededRandom(seed));
    const [fresh, ...old] = members(...Array.from({ length: known + 1 }, (_, i) => `m${i}`));
    for (const member of old) measured(member, 100);
    balancer.update([fresh!, ...old]);
    const counts = tally(PICKS, () => balancer.pick()!.endpoint.id);
    assertAlmostEquals(counts.m0! / PICKS, 1 / (known + 1), 0.01);
  }
});

test("PowerOfTwo looks at few members in every state", () => {
  for (const create of [leastPending, p2cEwma]) {
    for (const count of [1, 3, 5, 1_000]) {
      for (const heavy of [1, 1_000_000]) {
        const all = Array.from({ length: count }, (_, i) => {
          return new CountedMember(endpoint(`m${i}`, { weight: i === 0 ? heavy : 1 }));
        });
        const balancer = create(seededRandom(seed));
        balancer.update(all);
        CountedMember.readCount = 0;
        for (let i = 0; i < 100; i++) balancer.pick();
        const most = count <= 4 ? count : 0;
        assert(CountedMember.readCount <= 100 * most, `${count}: ${CountedMember.readCount}`);
      }
    }
  }
});

test("p2cEwma() leaves a failing endpoint however fast it fails", () => {
  const balancer = p2cEwma(seededRandom(seed));
  const [good, refusing] = members("good", "refusing");
  measured(good!, 100);
  measured(refusing!, 50);
  balancer.update([good!, refusing!]);
  assertEquals(balancer.pick(), refusing);
  refusing!.latency.observe(0.2, true, 1_000);
  balancer.touch(refusing!);
  assertEquals(balancer.pick(), good);
});

test("p2cEwma() gives the less busy of two beginners a request when both have enough to do", () => {
  const balancer = p2cEwma(seededRandom(seed));
  const [busy, busier] = members("busy", "busier");
  busy!.pendingCount = 2;
  busier!.pendingCount = 3;
  balancer.update([busier!, busy!]);
  for (let i = 0; i < 20; i++) assertEquals(balancer.pick(), busy);
});
