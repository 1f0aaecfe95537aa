/**
 * Where rendezvous hashing puts keys, and which of them move.
 *
 * @module
 */
import { EndpointPool } from "../../src/balance/endpoint_pool.ts";
import { makeEndpoints } from "./world.ts";

const KEYS = 50_000;

/** What was counted. */
export interface KeyDistribution {
  /** Keys on the fullest endpoint, divided by the mean. */
  readonly peak: number;
  /** Keys that moved though their endpoint stayed. */
  readonly unnecessaryMoves: number;
}

/** Places 50,000 keys on 10 endpoints, removes one and places them again. */
export function keyDistribution(): KeyDistribution {
  const pool = new EndpointPool({ balancer: "hash" });
  const endpoints = makeEndpoints(10);
  const places = () => Array.from({ length: KEYS }, (_, i) => pool.pick({ key: `customer-${i}` })!);
  pool.update(endpoints);
  const before = places();
  pool.update(endpoints.slice(1));
  const after = places();
  const counts = endpoints.map((endpoint) => before.filter((one) => one === endpoint).length);
  return {
    peak: Math.max(...counts) / (KEYS / endpoints.length),
    unnecessaryMoves: before.filter((one, i) => one !== endpoints[0] && one !== after[i]).length,
  };
}
