/**
 * One of three endpoints answers at once, and never anything of use.
 *
 * @module
 */
import type { PickOptions } from "../../src/balance/balancer.ts";
import type { BalancerName } from "../../src/balance/create_balancer.ts";
import { EndpointPool } from "../../src/balance/endpoint_pool.ts";
import { PilotedError } from "../../src/errors.ts";
import { balancedFetch } from "../../src/fetch/balanced_fetch.ts";
import { resolveFetchOptions } from "../../src/fetch/fetch_options.ts";
import { seededRandom } from "./seeded_random.ts";
import { VirtualTime } from "./virtual_time.ts";
import { makeEndpoints } from "./world.ts";

const SECONDS = 20;
const PER_SECOND = 200;
const FAST_MS = 1;
const GOOD_MS = 30;
const PATIENCE_MS = 500;

/** What the bad one does: a status, an error page with 200, or nothing until the caller gives up. */
export type FastFailure = "500" | "404" | "429" | "page" | "hang";

/** The part of the requests that the bad one gets. */
export interface FastFailureShare {
  /** In the first second. */
  readonly first: number;
  /** After ten seconds. */
  readonly later: number;
}

/**
 * 200 requests a second for 20 seconds to three endpoints, of which two respond after 30 ms. Nothing is
 * ejected or retried.
 *
 * @param balancer How one is picked.
 * @param how What the third one does, after 1 ms.
 * @param seed Equal seeds give equal results.
 */
export async function fastFailures(
  balancer: BalancerName,
  how: FastFailure,
  seed: number,
): Promise<FastFailureShare> {
  const clock = new VirtualTime();
  const random = seededRandom(seed);
  const pool = new EndpointPool({ balancer, clock, random, outliers: false });
  const endpoints = makeEndpoints(3);
  pool.update(endpoints);
  const [bad] = endpoints;
  const counts = { first: 0, later: 0 };
  const respond = (status: number, afterMs: number, headers?: HeadersInit) =>
    new Promise<Response>((resolve) =>
      clock.start(
        () => resolve(new Response(null, { status, ...(headers ? { headers } : {}) })),
        afterMs,
      )
    );
  const fetch = balancedFetch(
    {
      has: () => true,
      acquire: (service: string, options?: PickOptions) => {
        const lease = pool.acquire(options);
        if (lease !== undefined) return lease;
        throw new PilotedError("NO_ENDPOINTS", "Cannot pick an endpoint: there is none", {
          service,
        });
      },
      waitForEndpoints: () => Promise.resolve(true),
    },
    resolveFetchOptions({
      clock,
      random,
      retry: "never",
      ...(how === "page"
        ? {
          classify: ({ headers }) =>
            headers.has("x-error-page") ? "failure" as const : "success" as const,
        }
        : {}),
      fetch: (url, init) => {
        if (!String(url).includes(bad!.host)) return respond(200, GOOD_MS);
        if (clock.now() < 1_000) counts.first++;
        if (clock.now() >= 10_000) counts.later++;
        if (how === "page") return respond(200, FAST_MS, { "x-error-page": "1" });
        if (how !== "hang") return respond(Number(how), FAST_MS);
        return new Promise((_, reject) =>
          init!.signal!.addEventListener("abort", () => reject(init!.signal!.reason))
        );
      },
    }),
  );
  for (let i = 0; i < SECONDS * PER_SECOND; i++) {
    const caller = new AbortController();
    void fetch("http://app/", { signal: caller.signal })
      .then((response) => response.text()).catch(() => {});
    if (how === "hang") clock.start(() => caller.abort(), PATIENCE_MS);
    await settle();
    clock.advance(1_000 / PER_SECOND);
    await settle();
  }
  return { first: counts.first / PER_SECOND, later: counts.later / ((SECONDS - 10) * PER_SECOND) };
}

/** Lets everything happen that needs no time. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 16; turn++) await undefined;
}
