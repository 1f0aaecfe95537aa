import { assert, assertEquals } from "@std/assert";
import { seededRandom } from "../../bench/balance/seeded_random.ts";
import { EndpointPool } from "../../src/balance/endpoint_pool.ts";
import type { Lease, Outcome } from "../../src/balance/lease.ts";
import { ManualClock } from "../../src/testing/manual_clock.ts";
import { endpoint } from "../support/endpoints.ts";
import { test } from "../support/test.ts";
import { seed } from "./support.ts";

/** A pool of which `a` answers everything at once and with `bad`. */
function failing(bad: Outcome, count: number) {
  const clock = new ManualClock();
  const random = seededRandom(seed);
  const pool = new EndpointPool({ balancer: "least-pending", outliers: false, clock, random });
  const ids = Array.from({ length: count }, (_, i) => String.fromCharCode(97 + i));
  pool.update(ids.map((id) => endpoint(id)));
  const part = (requests: number, outcome: Outcome) => {
    let picked = 0;
    for (let i = 0; i < requests; i++) {
      const lease = pool.acquire()!;
      if (lease.endpoint.id === "a") picked++;
      lease.release(lease.endpoint.id === "a" ? outcome : "success");
    }
    return picked / requests;
  };
  return { clock, part: (requests: number, outcome = bad) => part(requests, outcome) };
}

for (const bad of ["failure", "unknown"] as const) {
  for (const count of [2, 3, 8]) {
    test(`EndpointPool with least-pending avoids the one of ${count} whose requests end with ${bad}, and tries it again`, async () => {
      const { clock, part } = failing(bad, count);
      part(200);
      // Of more than four, two are compared; where both are idle, the one that works is taken.
      assert(part(1_000) <= 0.01);
      let tried = 0;
      for (let second = 0; second < 60; second++) {
        await clock.advance(1_000);
        tried += 50 * part(50);
      }
      assert(tried > 0 && tried < 0.03 * 60 * 50, `${tried}`);
      for (let second = 0; second < 20; second++) {
        await clock.advance(1_000);
        part(50, "success");
      }
      const share = part(2_000, "success") * count;
      assert(share > 0.8 && share < 1.2, `${share} of its share`);
    });
  }
}

test("EndpointPool with least-pending keeps equal shares where all endpoints fail alike", async () => {
  const clock = new ManualClock();
  const random = seededRandom(seed);
  const pool = new EndpointPool({ balancer: "least-pending", outliers: false, clock, random });
  pool.update(["a", "b", "c"].map((id) => endpoint(id)));
  const counts = new Map<string, number>();
  const held: Lease[] = [];
  for (let i = 0; i < 6_000; i++) {
    const lease = pool.acquire()!;
    counts.set(lease.endpoint.id, (counts.get(lease.endpoint.id) ?? 0) + 1);
    held.push(lease);
    if (held.length > 20) held.shift()!.release(random() < 0.5 ? "unknown" : "success");
    if (i % 10 === 0) await clock.advance(50);
  }
  for (const count of counts.values()) assert(count > 1_600 && count < 2_400, `${count}`);
  for (const lease of held) lease.release();
  assertEquals(pool.pendingCount, 0);
});
