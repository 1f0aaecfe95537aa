import type { Endpoint } from "../../src/endpoint.ts";
import { formatHost } from "../../src/endpoint.ts";

/** An endpoint for tests, named by its id. */
export function endpoint(id: string, facts: Partial<Endpoint> = {}): Endpoint {
  const { address = "10.0.0.1", port = 80 } = facts;
  return Object.freeze({
    service: "app",
    id,
    address,
    port,
    host: formatHost(address, port),
    node: "node",
    datacenter: "dc1",
    tags: [],
    meta: {},
    weight: 1,
    status: "passing",
    zone: "",
    ...facts,
  });
}

/** Endpoints by their ids, or by `id:weight`. */
export function endpoints(...names: string[]): Endpoint[] {
  return names.map((name) => {
    const [id, weight = "1"] = name.split(":");
    return endpoint(id!, { weight: Number(weight) });
  });
}
