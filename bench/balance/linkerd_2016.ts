/**
 * The experiment of "Beyond Round Robin: Load Balancing for Latency" (Linkerd, 2016).
 *
 * @module
 */
import { EndpointPool } from "../../src/balance/endpoint_pool.ts";
import type { BalancerName } from "../../src/balance/create_balancer.ts";
import { normal, seededRandom } from "./seeded_random.ts";
import { VirtualTime } from "./virtual_time.ts";
import { makeEndpoints } from "./world.ts";

const SECONDS = 60;
const PER_SECOND = 1_000;
const PATIENCE_MS = 1_000;

/** What a run gave. */
export interface LinkerdResult {
  /** The part of the requests for which a caller who waits 1 s gets an answer. */
  readonly success: number;
  /** The part of the requests of each second for which he gets none. */
  readonly lateBySecond: readonly number[];
}

/**
 * 1,000 requests a second for a minute to 11 backends that take 167 ms with a standard deviation of
 * 5. One of them takes 2 s between the 15th and the 45th second. Every request runs to its end, as in
 * the original; nothing is ejected or retried.
 *
 * @param balancer Name of the algorithm.
 * @param seed Equal seeds give equal results.
 */
export function linkerd2016(balancer: BalancerName, seed: number): LinkerdResult {
  const time = new VirtualTime();
  const random = seededRandom(seed);
  const pool = new EndpointPool({ balancer, clock: time, random, outliers: false });
  const endpoints = makeEndpoints(11);
  pool.update(endpoints);
  const total = SECONDS * PER_SECOND;
  const lateBySecond = new Array<number>(SECONDS).fill(0);
  let sent = 0;
  const send = () => {
    const lease = pool.acquire()!;
    const isSlow = lease.endpoint === endpoints[0] && time.now() >= 15_000 && time.now() < 45_000;
    const durationMs = isSlow ? 2_000 : normal(random, 167, 5);
    if (durationMs > PATIENCE_MS) lateBySecond[Math.floor(time.now() / 1_000)]! += 1 / PER_SECOND;
    time.start(() => lease.release(), durationMs);
    if (++sent < total) time.start(send, 1_000 / PER_SECOND);
  };
  time.start(send, 0);
  time.run();
  const late = lateBySecond.reduce((sum, part) => sum + part, 0);
  return { success: 1 - late / SECONDS, lateBySecond };
}
