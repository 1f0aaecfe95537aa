import { assertAlmostEquals, assertEquals } from "@std/assert";
import { seededRandom } from "../../bench/balance/seeded_random.ts";
import { createBalancer } from "../../src/balance/create_balancer.ts";
import { EndpointPool } from "../../src/balance/endpoint_pool.ts";
import { Member } from "../../src/balance/member.ts";
import { ZonePreference } from "../../src/balance/zone_preference.ts";
import { ManualClock } from "../../src/testing/manual_clock.ts";
import { addressFor, endpoint } from "../support/endpoints.ts";
import { test } from "../support/test.ts";
import { seed } from "./support.ts";

const PICKS = 20_000;

function zone(name: string, count: number): Member[] {
  return Array.from(
    { length: count },
    (_, i) =>
      new Member(endpoint(`${name}${i}`, { address: addressFor(`${name}${i}`), zone: name })),
  );
}

/** Part of the picks that stay in zone `here`, with so many of the known ones usable. */
function localPart(
  here: { known: number; usable: number },
  there: { known: number; usable: number },
): number {
  const balancer = new ZonePreference(
    "here",
    () => createBalancer("round-robin", Math.random),
    seededRandom(seed),
  );
  const local = zone("here", here.known);
  const remote = zone("there", there.known);
  balancer.know([...local, ...remote].map((member) => member.endpoint));
  balancer.update([...local.slice(0, here.usable), ...remote.slice(0, there.usable)]);
  let picked = 0;
  for (let i = 0; i < PICKS; i++) if (balancer.pick()!.endpoint.zone === "here") picked++;
  assertAlmostEquals(picked / PICKS, balancer.localShare, 0.02);
  return balancer.localShare;
}

test("ZonePreference sends Envoy's part of the traffic elsewhere as the own zone fails", () => {
  const there = { known: 100, usable: 100 };
  const table = [[100, 1], [72, 1], [71, 0.994], [50, 0.7], [25, 0.35], [0, 0]] as const;
  for (const [usable, part] of table) {
    assertAlmostEquals(localPart({ known: 100, usable }, there), part, 1e-9);
  }
});

test("ZonePreference divides by what is left where both zones together can't carry everything", () => {
  const part = localPart({ known: 100, usable: 30 }, { known: 100, usable: 10 });
  assertAlmostEquals(part, 0.42 / 0.56, 1e-9);
});

test("ZonePreference takes what there is where the own zone has nothing, and the other way round", () => {
  assertEquals(localPart({ known: 0, usable: 0 }, { known: 3, usable: 3 }), 0);
  assertEquals(localPart({ known: 3, usable: 3 }, { known: 0, usable: 0 }), 1);
  assertEquals(localPart({ known: 9, usable: 1 }, { known: 0, usable: 0 }), 1);
});

test("ZonePreference goes to the other zone when all of its turn's are excluded", () => {
  const balancer = new ZonePreference("here", () => createBalancer("hash", Math.random), () => 0);
  balancer.update([...zone("here", 2), ...zone("there", 1)]);
  assertEquals(balancer.pick({ exclude: (one) => one.zone === "here" })?.endpoint.id, "there0");
  assertEquals(balancer.pick({ exclude: () => true }), undefined);
});

test("ZonePreference keeps equal keys in one place while it spills over", () => {
  const balancer = new ZonePreference(
    "here",
    () => createBalancer("hash", Math.random),
    Math.random,
  );
  const local = zone("here", 4);
  const remote = zone("there", 4);
  balancer.know([...local, ...remote].map((member) => member.endpoint));
  balancer.update([...local.slice(0, 2), ...remote]);
  let stayed = 0;
  for (let i = 0; i < 1_000; i++) {
    const key = `customer-${i}`;
    const first = balancer.pick({ key });
    assertEquals(balancer.pick({ key }), first);
    if (first!.endpoint.zone === "here") stayed++;
  }
  assertAlmostEquals(stayed / 1_000, 0.7, 0.07);
});

test("EndpointPool with a zone counts critical and ejected endpoints as lost", () => {
  const clock = new ManualClock();
  const pool = new EndpointPool({ zone: "here", clock, random: seededRandom(seed) });
  const local = zone("here", 4).map((member) => member.endpoint);
  const remote = zone("there", 4).map((member) => member.endpoint);
  pool.update([...local, ...remote]);
  assertEquals(pool.status().localShare, 1);
  for (let i = 0; i < 40; i++) assertEquals(pool.pick()!.zone, "here");
  pool.update([...local.slice(1), ...remote], [...local, ...remote]);
  assertEquals(pool.status().localShare, 1);
  const notFirst = (one: unknown) => one !== local[1];
  for (let i = 0; i < 5; i++) pool.acquire({ exclude: notFirst })!.release("failure");
  assertAlmostEquals(pool.status().localShare!, 0.7, 1e-9);
});

test("EndpointPool with a zone spills over the same part of picks and leases", () => {
  const pool = new EndpointPool({ zone: "here", random: seededRandom(seed) });
  const local = zone("here", 4).map((member) => member.endpoint);
  const remote = zone("there", 4).map((member) => member.endpoint);
  pool.update([...local.slice(0, 2), ...remote], [...local, ...remote]);
  let picked = 0;
  let leased = 0;
  for (let i = 0; i < PICKS; i++) {
    if (pool.pick()!.zone === "here") picked++;
    using lease = pool.acquire()!;
    if (lease.endpoint.zone === "here") leased++;
  }
  assertAlmostEquals(picked / PICKS, 0.7, 0.02);
  assertAlmostEquals(leased / PICKS, 0.7, 0.02);
});

test("EndpointPool without a zone has no preference", () => {
  const pool = new EndpointPool();
  pool.update([endpoint("a", { zone: "x" }), endpoint("b", { address: "10.0.0.2", zone: "y" })]);
  assertEquals([pool.pick()!.id, pool.pick()!.id], ["a", "b"]);
  assertEquals(pool.status().localShare, undefined);
});

test("ZonePreference tells the balancer of either zone of a changed load", () => {
  for (const own of ["here", "elsewhere"]) {
    const create = () => createBalancer("least-pending", Math.random);
    const balancer = new ZonePreference(own, create, Math.random);
    const [first, second] = zone("here", 2);
    balancer.update([first!, second!]);
    first!.pendingCount = 1;
    balancer.touch(first!);
    for (let i = 0; i < 20; i++) assertEquals(balancer.pick(), second);
  }
});
