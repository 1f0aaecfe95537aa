/**
 * Picks among the endpoints of a service that match a filter.
 *
 * @module
 */
import { EndpointPool } from "../../balance/endpoint_pool.ts";
import { isPilotedError } from "../../any_piloted_error.ts";
import type { Endpoint } from "../../endpoint.ts";
import {
  describeFilter,
  describeValues,
  type EndpointFilter,
  matcherOf,
} from "../../endpoint_filter.ts";
import { describePorts, endpointsAtPort } from "../../fetch/named_port.ts";
import type { LookupClient } from "../lookup_client.ts";
import type { LookupBalancer } from "./query_parameters.ts";

/** Which endpoints match, as the query names it. */
export interface QueryFilter {
  /** Tags that an endpoint must all have, compared without case. */
  readonly tag?: readonly string[] | undefined;
  /** Zone of the endpoint. */
  readonly zone?: string | undefined;
  /** `version` in the metadata of the endpoint. */
  readonly version?: string | undefined;
  /** Metadata that the endpoint must have, each as `key:value`. */
  readonly meta?: readonly string[] | undefined;
  /** Name of the port of the endpoint; those without such a port do not match. */
  readonly port?: string | undefined;
}

/** Which endpoints match, and how one of them is picked. */
export interface FilteredPick extends QueryFilter {
  /** Equal keys get the same endpoint. */
  readonly key?: string | undefined;
  /** Balancing algorithm. @default {"hash" with a key, else "round-robin"} */
  readonly balancer?: LookupBalancer | undefined;
}

/**
 * Filters a list.
 *
 * @param endpoints The list.
 * @param filter Which endpoints match.
 * @returns The matching endpoints, at the port that is named; the same list when there is no filter.
 */
export function filterEndpoints(
  endpoints: readonly Endpoint[],
  query: QueryFilter,
): readonly Endpoint[] {
  const filter = filterOf(query);
  const matching = describeFilter(filter) === "" ? endpoints : endpoints.filter(matcherOf(filter));
  return query.port === undefined ? matching : endpointsAtPort(matching, query.port);
}

function filterOf({ tag = [], zone, version, meta = [] }: QueryFilter): EndpointFilter {
  // Of a key that is given twice, the last value counts.
  const pairs = meta.map((pair) => {
    const colon = pair.indexOf(":");
    return [pair.slice(0, colon), pair.slice(colon + 1)] as const;
  });
  return { tags: tag, zone, version, meta: Object.fromEntries(pairs) };
}

/** A service has endpoints, but none of them matches the filter. */
export class NoMatchError extends Error {
  override readonly name: "NoMatchError" = "NoMatchError";
  /** Name of the service. */
  readonly service: string;

  /**
   * Creates an error.
   *
   * @param service Name of the service.
   * @param all Its endpoints.
   * @param query What none of them matches.
   */
  constructor(service: string, all: readonly Endpoint[], query: QueryFilter) {
    const filter = filterOf(query);
    const endpoints = all.length === 1 ? "1 endpoint" : `${all.length} endpoints`;
    const port = query.port === undefined ? "" : `port ${JSON.stringify(query.port)}`;
    const ports = query.port === undefined ? "" : describePorts(all);
    const join = (separator: string, ...parts: string[]) =>
      parts.filter((part) => part !== "").join(separator);
    super(
      `Cannot pick an endpoint of ${JSON.stringify(service)}: ${endpoints}, none matches the ` +
        `filter (${join(", ", describeFilter(filter), port)}); ` +
        join("; ", describeValues(filter, all), ports),
    );
    this.service = service;
  }
}

interface Rotation {
  readonly pool: EndpointPool;
  source: readonly Endpoint[];
}

// Only filters that match an endpoint are kept, but a caller could still invent many.
const MAX_ROTATIONS = 1_000;

/** One rotation per service, filter and balancer. */
export class FilteredPicks {
  readonly #piloted: LookupClient;
  readonly #rotations = new Map<string, Rotation>();

  /**
   * Starts without rotations.
   *
   * @param piloted The client.
   */
  constructor(piloted: LookupClient) {
    this.#piloted = piloted;
  }

  /**
   * Picks the next matching endpoint.
   *
   * @param service Name of the service.
   * @param wanted Which endpoints match, and how one of them is picked.
   * @returns An endpoint of the current list.
   * @throws {NoMatchError} when the service has endpoints and none of them matches.
   * @throws {PilotedError} as `pick()`.
   */
  pick(service: string, wanted: FilteredPick): Endpoint {
    const source = this.#piloted.serviceHosts(service);
    const { key, balancer = key === undefined ? "round-robin" : "hash" } = wanted;
    if (key === undefined && wanted.balancer === undefined && wanted.port === undefined) {
      return this.#pickOfClient(service, source, wanted);
    }
    const { tag, zone, version, meta, port } = wanted;
    const id = JSON.stringify([service, balancer, tag, zone, version, meta, port]);
    let rotation = this.#rotations.get(id);
    if (rotation?.source !== source) {
      // pick() throws NO_ENDPOINTS with the reason.
      if (source.length === 0) return this.#piloted.pick(service);
      const endpoints = filterEndpoints(source, wanted);
      if (endpoints.length === 0) throw new NoMatchError(service, source, wanted);
      rotation ??= this.#add(id, new EndpointPool({ balancer, outliers: false }));
      rotation.pool.update(endpoints);
      rotation.source = source;
    }
    // A pool with endpoints always picks one.
    return rotation.pool.pick(key === undefined ? undefined : { key })!;
  }

  /** By the balancer of the client, and without the endpoints that it has ejected. */
  #pickOfClient(service: string, source: readonly Endpoint[], wanted: FilteredPick): Endpoint {
    try {
      return this.#piloted.pick(service, filterOf(wanted));
    } catch (error) {
      const isFilter = isPilotedError(error) && error.code === "NO_ENDPOINTS" && error.filter;
      throw isFilter && source.length > 0 ? new NoMatchError(service, source, wanted) : error;
    }
  }

  #add(id: string, pool: EndpointPool): Rotation {
    if (this.#rotations.size >= MAX_ROTATIONS) {
      this.#rotations.delete(this.#rotations.keys().next().value!);
    }
    const rotation: Rotation = { pool, source: [] };
    this.#rotations.set(id, rotation);
    return rotation;
  }
}
