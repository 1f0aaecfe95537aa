/**
 * Picking among the endpoints that a caller's filters leave over.
 *
 * @module
 */
import { EndpointPool } from "../balance/endpoint_pool.ts";
import type { Endpoint } from "../endpoint.ts";
import type { Lookups } from "./lookups.ts";
import type { LookupBalancer } from "./parameters.ts";

/** Which endpoints count. */
export interface Filters {
  /** Tags that must all be there. */
  readonly tag?: readonly string[];
  /** Zone that it must be in. */
  readonly zone?: string;
}

/** Which endpoints count, and who picks. */
export interface Selection extends Filters {
  /** Equal keys get the same endpoint. */
  readonly key?: string;
  /** Who picks. @default {"hash" with a key, else "round-robin"} */
  readonly balancer?: LookupBalancer;
}

/**
 * Leaves out what the filters refuse.
 *
 * @param endpoints All.
 * @param filters Which count.
 * @returns The same list where nothing is filtered.
 */
export function filterEndpoints(
  endpoints: readonly Endpoint[],
  { tag = [], zone }: Filters,
): readonly Endpoint[] {
  if (tag.length === 0 && zone === undefined) return endpoints;
  return endpoints.filter((endpoint) =>
    (zone === undefined || endpoint.zone === zone) &&
    tag.every((wanted) => endpoint.tags.includes(wanted))
  );
}

/** A service has endpoints, and the caller's filters leave none of them over. */
export class NoMatchError extends Error {
  override readonly name: "NoMatchError" = "NoMatchError";
  /** Name of the service. */
  readonly service: string;

  /** Makes one for a service with so many endpoints. */
  constructor(service: string, total: number) {
    super(`Cannot pick an endpoint of ${JSON.stringify(service)}: none of its ${total} matches`);
    this.service = service;
  }
}

interface Rotation {
  readonly pool: EndpointPool;
  source: readonly Endpoint[];
}

// Only selections that match an endpoint are remembered, and still callers could make up many.
const MOST_ROTATIONS = 1_000;

/** A rotation for each selection that callers ask for. */
export class Selections {
  readonly #piloted: Lookups;
  readonly #rotations = new Map<string, Rotation>();

  /** Makes one without rotations. */
  constructor(piloted: Lookups) {
    this.#piloted = piloted;
  }

  /**
   * Picks the next endpoint of a selection.
   *
   * @param service Name of the service.
   * @param selection Which endpoints count, and who picks.
   * @returns An endpoint of the current list.
   * @throws {NoMatchError} when the service has endpoints and none of them is left over.
   * @throws {PilotedError} as `pick()`.
   */
  pick(service: string, selection: Selection): Endpoint {
    const source = this.#piloted.serviceHosts(service);
    const { key, balancer = key === undefined ? "round-robin" : "hash" } = selection;
    const id = JSON.stringify([service, balancer, selection.tag, selection.zone]);
    let rotation = this.#rotations.get(id);
    if (rotation?.source !== source) {
      // Throws what is to be said of a service without endpoints.
      if (source.length === 0) return this.#piloted.pick(service);
      const endpoints = filterEndpoints(source, selection);
      if (endpoints.length === 0) throw new NoMatchError(service, source.length);
      rotation ??= this.#add(id, new EndpointPool({ balancer, outliers: false }));
      rotation.pool.update(endpoints);
      rotation.source = source;
    }
    // A pool that was given endpoints always picks one.
    return rotation.pool.pick(key === undefined ? undefined : { key })!;
  }

  #add(id: string, pool: EndpointPool): Rotation {
    if (this.#rotations.size >= MOST_ROTATIONS) {
      this.#rotations.delete(this.#rotations.keys().next().value!);
    }
    const rotation: Rotation = { pool, source: [] };
    this.#rotations.set(id, rotation);
    return rotation;
  }
}
