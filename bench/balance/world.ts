/**
 * What every scenario is made of: endpoints, and what is counted.
 *
 * @module
 */
import type { Endpoint } from "../../src/endpoint.ts";

/** Makes `count` endpoints of one service. */
export function makeEndpoints(
  count: number,
  weight: (index: number) => number = () => 1,
): Endpoint[] {
  return Array.from({ length: count }, (_, index) => ({
    service: "app",
    id: `app-${index}`,
    address: `10.0.${index >> 8}.${index & 255}`,
    port: 80,
    host: `10.0.${index >> 8}.${index & 255}:80`,
    ports: {},
    node: `node-${index}`,
    datacenter: "dc1",
    tags: [],
    meta: {},
    weight: weight(index),
    status: "passing",
    zone: "",
  }));
}

/**
 * The value below which that part of the sample lies.
 *
 * @param sorted Numbers in ascending order.
 * @param part Between 0 and 1.
 */
export function quantile(sorted: Float64Array, part: number): number {
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)]!;
}
