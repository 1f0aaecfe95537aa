/**
 * All endpoints of one service at one moment, and the difference between two such lists.
 *
 * @module
 */
import { type Endpoint, endpointIdentity, sameEndpoint } from "./endpoint.ts";

/** All endpoints of one watched service at one registry index. Immutable. */
export interface Snapshot {
  /** Name of the service. */
  readonly service: string;
  /** Every endpoint that the health policy lets through, in a stable order. */
  readonly endpoints: readonly Endpoint[];
  /** The registry's index, a decimal string; `"0"` where the registry has none. */
  readonly index: string;
  /** When it was read, in milliseconds since the Unix epoch. */
  readonly at: number;
}

/** What changed between two snapshots of one service. */
export interface Change {
  /** Name of the service. */
  readonly service: string;
  /** Endpoints that were not there before. */
  readonly added: readonly Endpoint[];
  /** Endpoints that are no longer there, as they were last seen. */
  readonly removed: readonly Endpoint[];
  /** Endpoints of which something else than check output changed, as they are now. */
  readonly changed: readonly Endpoint[];
  /** All endpoints now. */
  readonly endpoints: readonly Endpoint[];
}

/**
 * Compares two lists of endpoints by identity and content.
 *
 * The returned `endpoints` reuse the objects of `before` that did not change and keep its order,
 * with new endpoints at the end, so that a rotation goes on where it was.
 *
 * @param service Name of the service.
 * @param before The list in use.
 * @param after The list that was just read, each identity at most once.
 * @returns The difference, or `undefined` when the content is the same in whatever order.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { diffEndpoints } from "./snapshot.ts";
 *
 * assertEquals(diffEndpoints("app", [], []), undefined);
 * ```
 */
export function diffEndpoints(
  service: string,
  before: readonly Endpoint[],
  after: readonly Endpoint[],
): Change | undefined {
  if (before === after || sameInOrder(before, after)) return undefined;
  const next = new Map<string, Endpoint>();
  for (const endpoint of after) next.set(endpointIdentity(endpoint), endpoint);
  const added: Endpoint[] = [];
  const removed: Endpoint[] = [];
  const changed: Endpoint[] = [];
  const endpoints: Endpoint[] = [];
  for (const old of before) {
    const identity = endpointIdentity(old);
    const now = next.get(identity);
    if (now === undefined) {
      removed.push(old);
      continue;
    }
    next.delete(identity);
    if (sameEndpoint(old, now)) {
      endpoints.push(old);
    } else {
      changed.push(now);
      endpoints.push(now);
    }
  }
  for (const endpoint of next.values()) {
    added.push(endpoint);
    endpoints.push(endpoint);
  }
  if (added.length + removed.length + changed.length === 0) return undefined;
  return Object.freeze({
    service,
    added: Object.freeze(added),
    removed: Object.freeze(removed),
    changed: Object.freeze(changed),
    endpoints: Object.freeze(endpoints),
  });
}

// The common case, an unchanged answer, costs no map.
function sameInOrder(a: readonly Endpoint[], b: readonly Endpoint[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!sameEndpoint(a[i]!, b[i]!)) return false;
  return true;
}
