/**
 * The supermarket model: queues in front of many servers, and a choice of two.
 *
 * @module
 */
import { EndpointPool } from "../../src/balance/endpoint_pool.ts";
import { exponential, seededRandom } from "./seeded_random.ts";
import { VirtualTime } from "./virtual_time.ts";
import { makeEndpoints } from "./world.ts";

/** A run of the model. */
export interface SupermarketOptions {
  /** Part of the time that a server is busy. */
  readonly load: number;
  /** How many servers; the closed form is for infinitely many. */
  readonly servers: number;
  /** How many customers. */
  readonly customers: number;
  /** How many of the first customers are not counted, because the queues are still filling. */
  readonly warmup: number;
  /** Equal seeds give equal results. */
  readonly seed: number;
}

/**
 * Customers arrive at random, each is sent by `least-pending` and served in turn; service takes 1 on
 * average, exponentially distributed.
 *
 * Near saturation the result hangs on how much work chance brought: 0.1 % more of it makes waiting
 * at load 0.99 2.5 % longer. That part is known, and is taken out (a control variate).
 *
 * @returns The mean time from arrival to the end of service.
 */
export function supermarket(options: SupermarketOptions): number {
  const { load, servers, customers, warmup, seed } = options;
  const time = new VirtualTime();
  const random = seededRandom(seed);
  const pool = new EndpointPool({ balancer: "least-pending", clock: time, random });
  const endpoints = makeEndpoints(servers);
  pool.update(endpoints);
  const freeAt = new Map(endpoints.map((endpoint) => [endpoint, { at: 0 }]));
  const counted = customers - warmup;
  let sum = 0;
  let work = 0;
  let countedFrom = 0;
  for (let arrived = 0; arrived < customers; arrived++) {
    time.advance(exponential(random, 1 / (load * servers)));
    const lease = pool.acquire()!;
    const server = freeAt.get(lease.endpoint)!;
    const service = exponential(random, 1);
    server.at = Math.max(server.at, time.now()) + service;
    time.start(() => lease.release(), server.at - time.now());
    if (arrived < warmup) {
      countedFrom = time.now();
    } else {
      work += service;
      sum += server.at - time.now();
    }
  }
  const realLoad = work / (servers * (time.now() - countedFrom));
  return sum / counted - supermarketClosedForm(realLoad) + supermarketClosedForm(load);
}

/** The mean time for infinitely many servers (Mitzenmacher, 1996): the sum of `load^(2^i - 2)`. */
export function supermarketClosedForm(load: number): number {
  let sum = 0;
  for (let i = 1; i < 40; i++) sum += load ** (2 ** i - 2);
  return sum;
}
