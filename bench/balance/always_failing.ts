/**
 * What a service gets that fails always: not three times as many requests.
 *
 * @module
 */
import type { PickOptions } from "../../src/balance/balancer.ts";
import { EndpointPool } from "../../src/balance/endpoint_pool.ts";
import { PilotedError } from "../../src/errors.ts";
import { balancedFetch } from "../../src/fetch/balanced_fetch.ts";
import { resolveFetchOptions } from "../../src/fetch/fetch_options.ts";
import { seededRandom } from "./seeded_random.ts";
import { VirtualTime } from "./virtual_time.ts";
import { makeEndpoints } from "./world.ts";

const SECONDS = 60;
const PER_SECOND = 1_000;

/**
 * 1,000 requests a second for a minute to ten endpoints that answer 503.
 *
 * @param seed Equal seeds give equal results.
 * @returns Attempts per request.
 */
export async function alwaysFailing(seed: number): Promise<number> {
  const clock = new VirtualTime();
  const random = seededRandom(seed);
  const pool = new EndpointPool({ clock, random });
  pool.update(makeEndpoints(10));
  const refusal = new Response(null, { status: 503 });
  let attempts = 0;
  const source = {
    has: () => true,
    acquire: (service: string, options?: PickOptions) => {
      const lease = pool.acquire(options);
      if (lease !== undefined) return lease;
      throw new PilotedError("NO_ENDPOINTS", "Cannot pick an endpoint: there is none", { service });
    },
    waitForEndpoints: () => Promise.resolve(true),
  };
  const send = () => {
    attempts++;
    return Promise.resolve(refusal);
  };
  const fetch = balancedFetch(source, resolveFetchOptions({ clock, random, fetch: send }));
  const requests = SECONDS * PER_SECOND;
  for (let i = 0; i < requests; i++) {
    void fetch("http://app/");
    await settle();
    clock.advance(1_000 / PER_SECOND);
    await settle();
  }
  return attempts / requests;
}

/** Lets everything happen that needs no time. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 12; turn++) await undefined;
}
