/** Endpoints for tests. */
import { type Endpoint, formatHost } from "../../src/endpoint.ts";

/** Creates an endpoint of service `app`. */
export function endpoint(id: string, facts: Partial<Endpoint> = {}): Endpoint {
  const { address = addressFor(id), port = 8080 } = facts;
  return Object.freeze({
    service: "app",
    id,
    node: "node-1",
    datacenter: "dc1",
    ports: Object.freeze({}),
    tags: Object.freeze([]),
    meta: Object.freeze({}),
    weight: 1,
    status: "passing" as const,
    zone: "",
    ...facts,
    address,
    port,
    host: formatHost(address, port),
  });
}

/** An address of its own for each id: 10.0.0.1 for "a". */
export function addressFor(id: string): string {
  if (/^[a-z]$/.test(id)) return `10.0.0.${id.charCodeAt(0) - 96}`;
  let hash = 0;
  for (const char of id) hash = (hash * 31 + char.charCodeAt(0)) % 65_536;
  return `10.1.${hash >> 8}.${hash & 255}`;
}
