/** Endpoints for tests. */
import { type Endpoint, formatHost } from "../../src/endpoint.ts";

/** Creates an endpoint of service `app`. */
export function endpoint(id: string, facts: Partial<Endpoint> = {}): Endpoint {
  const { address = "10.0.0.1", port = 8080 } = facts;
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
