import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { seededRandom } from "../../bench/balance/seeded_random.ts";
import type { BalancerName } from "../../src/balance/create_balancer.ts";
import { EndpointPool } from "../../src/balance/endpoint_pool.ts";
import type { Lease, Outcome } from "../../src/balance/lease.ts";
import { addressFor, endpoint } from "../support/endpoints.ts";
import { test } from "../support/test.ts";
import { seed } from "./support.ts";

const ENDPOINTS = Array.from({ length: 8 }, (_, i) =>
  endpoint(`e${i}`, {
    address: addressFor(`e${i}`),
    weight: i % 3,
    zone: i < 4 ? "here" : "there",
    status: i === 7 ? "maintenance" : "passing",
  }));

type Step =
  | { do: "acquire" | "pick"; excluded: typeof ENDPOINTS; key: string | undefined }
  | { do: "release"; which: number; outcome: Outcome }
  | { do: "update"; listed: typeof ENDPOINTS }
  | { do: "wait"; ms: number };

const key = fc.option(fc.constantFrom("x", "y", "z"), { nil: undefined });
const excluded = fc.subarray(ENDPOINTS, { maxLength: 4 });
const outcome = fc.constantFrom<Outcome>("success", "failure", "failure", "unknown");
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant("acquire" as const), excluded, key }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("pick" as const), excluded, key }) },
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant("release" as const), which: fc.nat(), outcome }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("update" as const), listed: fc.subarray(ENDPOINTS) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.nat(60_000) }),
  },
);

const NAMES: BalancerName[] = [
  "round-robin",
  "weighted-round-robin",
  "random",
  "least-pending",
  "p2c-ewma",
  "hash",
];

for (const balancer of NAMES) {
  test(`EndpointPool with ${balancer} counts what is under way and hands out nothing absent, ejected or in maintenance, in any order of events`, () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 120, size: "max" }),
        fc.boolean(),
        fc.constantFrom(50, 100),
        (steps, zoned, maxEjectedPercent) => {
          let now = 0;
          const start = () => {
            throw new Error("A pool has no timers");
          };
          const pool = new EndpointPool({
            balancer,
            clock: { now: () => now, start },
            random: seededRandom(seed),
            outliers: { consecutiveFailures: 2, maxEjectedPercent, failurePercentage: true },
            ...(zoned ? { zone: "here" } : {}),
          });
          const leases: Lease[] = [];
          let listed = ENDPOINTS;
          pool.update(listed);
          for (const step of steps) {
            const before = pool.status();
            if (step.do === "update") pool.update(listed = step.listed, ENDPOINTS);
            if (step.do === "wait") now += step.ms;
            if (step.do === "release" && leases.length > 0) {
              leases.splice(step.which % leases.length, 1)[0]!.release(step.outcome);
            }
            if (step.do === "acquire" || step.do === "pick") {
              const exclude = (one: typeof ENDPOINTS[0]) => step.excluded.includes(one);
              const options = { exclude, ...(step.key === undefined ? {} : { key: step.key }) };
              const lease = step.do === "acquire" ? pool.acquire(options) : undefined;
              const given = step.do === "acquire" ? lease?.endpoint : pool.pick(options);
              if (lease !== undefined) leases.push(lease);
              if (given !== undefined) {
                assert(listed.includes(given) && !step.excluded.includes(given));
                assert(given.status !== "maintenance");
                const load = before.endpoints.find((one) => one.endpoint === given)!;
                const due = (load.ejectedUntil ?? 0) <= now;
                assert(before.panic || due, `${given.id} is ejected`);
              }
            }
            const { pendingCount, endpoints } = pool.status();
            assertEquals(pendingCount, leases.length);
            assertEquals(endpoints.reduce((sum, one) => sum + one.pendingCount, 0), leases.length);
            for (const one of endpoints) {
              const out = leases.filter((lease) => lease.endpoint === one.endpoint).length;
              assertEquals(one.pendingCount, out);
            }
          }
          for (const lease of leases) lease[Symbol.dispose]();
          assertEquals(pool.pendingCount, 0);
          assertEquals(pool.status().endpoints.length, listed.length);
        },
      ),
      { seed, numRuns: 200 },
    );
  });
}
