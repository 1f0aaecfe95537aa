/**
 * Endpoints that are simply given: for tests, for local development, and as a way to run without
 * a registry.
 *
 * @module
 */
import { checkEndpoint } from "../check_endpoint.ts";
import { atPort, type Endpoint, endpointIdentity, namedPort } from "../endpoint.ts";
import { PilotedError } from "../errors.ts";
import type { Listing, ListQuery, Query, Reading, ReadOptions, Source } from "./source.ts";

// Enough to find the mistake; a long list of wrong entries has one cause.
const MAX_REPORTED = 10;

/** One given endpoint; what is left out gets the registry's usual default. */
export type StaticEndpoint =
  & Pick<Endpoint, "address" | "port">
  & Partial<Omit<Endpoint, "service" | "host" | "address" | "port">>;

/** Services by name, each with its endpoints. */
export type StaticServices = Readonly<Record<string, readonly StaticEndpoint[]>>;

/**
 * A {@linkcode Source} over a fixed list. It has no position to wait from, so it is read at the interval of a watch.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { StaticSource } from "./static.ts";
 *
 * const source = new StaticSource({ app: [{ address: "10.0.0.1", port: 80 }] });
 * const { endpoints } = await source.read({ service: "app" });
 * assertEquals(endpoints[0]?.host, "10.0.0.1:80");
 * ```
 */
export class StaticSource implements Source {
  /** Always `"static"`. */
  readonly name = "static";
  readonly #services: StaticServices;

  /**
   * Makes a source.
   *
   * @param services Services by name. Changing the object later changes the next answer. An entry
   * with a wrong port or address, or an id that another has, is left out and reported.
   * @throws {TypeError} when it is no object of lists.
   */
  constructor(services: StaticServices) {
    const isObject = typeof services === "object" && services !== null && !Array.isArray(services);
    if (!isObject || !Object.values(services).every(Array.isArray)) {
      throw new TypeError(
        "Cannot create a StaticSource: the services must be an object with a list of endpoints for " +
          "each name",
      );
    }
    this.#services = services;
  }

  /** Answers at once. See {@linkcode Source.read}. */
  read(query: Query, options: ReadOptions = {}): Promise<Reading> {
    if (options.signal?.aborted) return Promise.reject(options.signal.reason);
    const given = this.#given(query.service);
    const endpoints = new Map<string, Endpoint>();
    const skipped: PilotedError[] = [];
    given.forEach((facts, position) => {
      const endpoint = complete(facts, position, query);
      if (typeof endpoint === "string") return skipped.push(invalid(query, position, endpoint));
      if (!matches(endpoint, query)) return;
      const identity = endpointIdentity(endpoint);
      if (!endpoints.has(identity)) endpoints.set(identity, endpoint);
      else skipped.push(invalid(query, position, "its id is given twice"));
    });
    return Promise.resolve({
      endpoints: [...endpoints.values()],
      position: undefined,
      freshness: {},
      skipped: skipped.slice(0, MAX_REPORTED),
      skippedCount: skipped.length,
    });
  }

  /** Names the services that are given. See {@linkcode Source.list}. */
  list(_query?: ListQuery, options: ReadOptions = {}): Promise<Listing> {
    if (options.signal?.aborted) return Promise.reject(options.signal.reason);
    const services = new Map<string, readonly string[]>();
    for (const [name, endpoints] of Object.entries(this.#services)) {
      if (endpoints.length === 0) continue;
      services.set(name, [...new Set(endpoints.flatMap(({ tags }) => tags ?? []))]);
    }
    return Promise.resolve({ services, position: undefined });
  }

  #given(name: string): readonly StaticEndpoint[] {
    if (Object.hasOwn(this.#services, name)) return this.#services[name]!;
    const folded = name.toLowerCase();
    const key = Object.keys(this.#services).find((each) => each.toLowerCase() === folded);
    return key === undefined ? [] : this.#services[key]!;
  }
}

// In copies, since checkEndpoint() freezes what it is given. By the same rules as Consul's response.
function complete(given: StaticEndpoint, position: number, query: Query): Endpoint | string {
  const { tags, meta } = given;
  const endpoint = checkEndpoint({
    service: query.service,
    id: given.id ?? `${query.service}-${position}`,
    address: given.address,
    port: given.port,
    ports: isObject(given.ports) ? { ...given.ports } : given.ports,
    node: given.node ?? "static",
    datacenter: given.datacenter ?? query.datacenter ?? "",
    tags: Array.isArray(tags) ? [...tags] : tags,
    meta: isObject(meta) ? { ...meta } : meta,
    weight: given.weight ?? 1,
    status: given.status ?? "passing",
    zone: given.zone ?? "",
    peer: given.peer,
  });
  if (typeof endpoint === "string" || !query.port) return endpoint;
  const port = namedPort(endpoint.ports, query.port);
  return port === undefined
    ? `it has no port ${JSON.stringify(query.port)}`
    : atPort(endpoint, port);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function matches(endpoint: Endpoint, { tag, datacenter, peer }: Query): boolean {
  const asked = tag?.toLowerCase();
  return (!asked || endpoint.tags.some((each) => each.toLowerCase() === asked)) &&
    (!datacenter || endpoint.datacenter === datacenter) && (endpoint.peer ?? "") === (peer ?? "");
}

function invalid(query: Query, position: number, why: string): PilotedError {
  const { service } = query;
  return new PilotedError(
    "ENDPOINT_INVALID",
    `Cannot use entry ${position} of service ${JSON.stringify(service)}: ${why}`,
    { service },
  );
}
