/**
 * Pools in every state that a pick can meet.
 *
 * @module
 */
import type { BalancerName } from "../../src/balance/create_balancer.ts";
import { EndpointPool } from "../../src/balance/endpoint_pool.ts";
import type { Endpoint } from "../../src/endpoint.ts";
import { makeEndpoints } from "./world.ts";

/** A state, by what is special about it. */
export interface PickState {
  readonly name: string;
  /** Creates a pool in that state. */
  create(balancer: BalancerName): EndpointPool;
}

const COUNT = 20;

function createPool(balancer: BalancerName, zone?: string): EndpointPool {
  let now = 0;
  const clock = { now: () => now += 0.01, start: () => ({ cancel() {} }) };
  return new EndpointPool({ balancer, clock, ...(zone !== undefined && { zone }) });
}

function untried(endpoints: readonly Endpoint[]): PickState["create"] {
  return (balancer) => {
    const pool = createPool(balancer);
    pool.update(endpoints);
    return pool;
  };
}

/** Sends requests until every endpoint was measured; one in seven stays in flight. */
function use(pool: EndpointPool): EndpointPool {
  const count = pool.endpoints.length;
  for (let i = 0; i < count * 20; i++) {
    const lease = pool.acquire({ key: String(i) })!;
    if (i % 7 !== 0) lease.release();
  }
  return pool;
}

function eject(pool: EndpointPool, endpoint: Endpoint): void {
  for (let i = 0; i < 5; i++) {
    pool.acquire({ exclude: (one) => one !== endpoint })?.release("failure");
  }
}

function ejected(count: number, listed: number): PickState["create"] {
  return (balancer) => {
    const pool = createPool(balancer);
    const endpoints = makeEndpoints(COUNT);
    pool.update(endpoints);
    use(pool);
    for (const endpoint of endpoints.slice(0, count)) eject(pool, endpoint);
    pool.update(endpoints.slice(0, listed));
    return pool;
  };
}

/** Every state. */
export const PICK_STATES: readonly PickState[] = [
  { name: "one, untried", create: untried(makeEndpoints(1)) },
  { name: "3, untried", create: untried(makeEndpoints(3)) },
  { name: "20, untried", create: untried(makeEndpoints(COUNT)) },
  { name: "one, used", create: (name) => use(untried(makeEndpoints(1))(name)) },
  { name: "3, used", create: (name) => use(untried(makeEndpoints(3))(name)) },
  { name: "20, used", create: (name) => use(untried(makeEndpoints(COUNT))(name)) },
  { name: "one of 20 ejected", create: ejected(1, COUNT) },
  { name: "panic, 10 of 15 ejected", create: ejected(10, 15) },
  {
    name: "half of the zone lost",
    create(balancer) {
      const pool = createPool(balancer, "here");
      const known = makeEndpoints(COUNT).map((endpoint, i) => ({
        ...endpoint,
        zone: i % 2 === 0 ? "here" : "there",
      }));
      pool.update(known.filter((_, i) => i % 4 !== 0), known);
      return use(pool);
    },
  },
  {
    name: "weights 10 and 1",
    create: (name) => use(untried(makeEndpoints(COUNT, (i) => i % 10 === 9 ? 1 : 10))(name)),
  },
  {
    name: "one weight of 99.9 %",
    create: untried(makeEndpoints(1_000, (i) => i === 500 ? 1_000_000 : 1)),
  },
];
