/**
 * Endpoints that are simply given: for tests, for local development, and as a way to run without
 * a registry.
 *
 * @module
 */
import { type Endpoint, formatHost } from "../endpoint.ts";
import type { Query, Reading, ReadOptions, Source } from "./source.ts";

/** One given endpoint; what is left out gets the registry's usual default. */
export type StaticEndpoint =
  & Pick<Endpoint, "address" | "port">
  & Partial<Omit<Endpoint, "service" | "host" | "address" | "port">>;

/** Services by name, each with its endpoints. */
export type StaticServices = Readonly<Record<string, readonly StaticEndpoint[]>>;

/**
 * A {@linkcode Source} over a fixed list. It has no index, so a watcher reads it at its interval.
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
   * @param services Services by name. Changing the object later changes the next answer.
   */
  constructor(services: StaticServices) {
    this.#services = services;
  }

  /** Answers at once. See {@linkcode Source.read}. */
  read(query: Query, options: ReadOptions = {}): Promise<Reading> {
    if (options.signal?.aborted) return Promise.reject(options.signal.reason);
    const given = Object.hasOwn(this.#services, query.service)
      ? this.#services[query.service]!
      : [];
    const endpoints = given
      .map((endpoint, position) => complete(endpoint, position, query))
      .filter((endpoint) => query.tag === undefined || endpoint.tags.includes(query.tag));
    return Promise.resolve({ endpoints, index: "0", freshness: {}, skipped: [] });
  }
}

function complete(given: StaticEndpoint, position: number, query: Query): Endpoint {
  return Object.freeze({
    id: `${query.service}-${position}`,
    node: "static",
    datacenter: query.datacenter ?? "",
    tags: Object.freeze([]),
    meta: Object.freeze({}),
    weight: 1,
    status: "passing" as const,
    zone: "",
    ...given,
    service: query.service,
    host: formatHost(given.address, given.port),
  });
}
