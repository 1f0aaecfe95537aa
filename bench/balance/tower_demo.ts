/**
 * The demo of tower's balancer (`examples/tower-balance.rs`): endpoints of very different speed.
 *
 * @module
 */
import { EndpointPool } from "../../src/balance/endpoint_pool.ts";
import type { BalancerName } from "../../src/balance/create_balancer.ts";
import { seededRandom } from "./seeded_random.ts";
import { VirtualTime } from "./virtual_time.ts";
import { makeEndpoints, quantile } from "./world.ts";

const REQUESTS = 50_000;
const CONCURRENCY = 50;
const LONGEST_MS = [1, 10, 10, 10, 10, 100, 100, 100, 100, 1_000];

/** What a run gave, in milliseconds. */
export interface TowerResult {
  /** Median. */
  readonly p50: number;
  /** Quantile 0.99. */
  readonly p99: number;
  /** Quantile 0.999. */
  readonly p999: number;
  /** Every latency, in ascending order. */
  readonly latencies: Float64Array;
}

/**
 * Sends 50,000 requests, 50 at a time, to ten endpoints, of which each takes a uniformly distributed
 * time: up to 1 ms, 4 up to 10 ms, 4 up to 100 ms, one up to 1,000 ms.
 *
 * @param balancer Name of the algorithm.
 * @param seed Equal seeds give equal results.
 */
export function towerDemo(balancer: BalancerName, seed: number): TowerResult {
  const time = new VirtualTime();
  const random = seededRandom(seed);
  const pool = new EndpointPool({ balancer, clock: time, random });
  const endpoints = makeEndpoints(LONGEST_MS.length);
  pool.update(endpoints);
  const longest = new Map(endpoints.map((endpoint, index) => [endpoint, LONGEST_MS[index]!]));
  const latencies = new Float64Array(REQUESTS);
  let sent = 0;
  const send = () => {
    if (sent === REQUESTS) return;
    const index = sent++;
    const lease = pool.acquire()!;
    latencies[index] = random() * longest.get(lease.endpoint)!;
    time.start(() => {
      lease.release();
      send();
    }, latencies[index]!);
  };
  for (let i = 0; i < CONCURRENCY; i++) send();
  time.run();
  latencies.sort();
  const at = (part: number) => quantile(latencies, part);
  return { p50: at(0.5), p99: at(0.99), p999: at(0.999), latencies };
}
