/**
 * All endpoints of one service at one moment, and the difference between two such lists.
 *
 * @module
 */
import { type Endpoint, endpointIdentity, sameEndpoint } from "./endpoint.ts";

/** One endpoint whose description changed. */
export interface ChangedEndpoint {
  /** The endpoint as it was. */
  readonly before: Endpoint;
  /** The endpoint as it is now. */
  readonly after: Endpoint;
}

/** What changed between two snapshots of one service. */
export interface Change {
  /** Name of the service. */
  readonly service: string;
  /** Endpoints that were not there before. */
  readonly added: readonly Endpoint[];
  /** Endpoints that are no longer there, as they were last seen. */
  readonly removed: readonly Endpoint[];
  /** Endpoints whose description changed: address, ports, tags, metadata, weight, status or zone. */
  readonly changed: readonly ChangedEndpoint[];
  /** All endpoints now. */
  readonly endpoints: readonly Endpoint[];
}

/**
 * A change from nothing to a list, for consumers that start with the current list.
 *
 * @param service Name of the service.
 * @param endpoints The list.
 */
export function initialChange(service: string, endpoints: readonly Endpoint[]): Change {
  const none = Object.freeze([]);
  return Object.freeze({ service, added: endpoints, removed: none, changed: none, endpoints });
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
  if (before === after) return undefined;
  const { counterparts, newcomers } = pair(before, after);
  const removed: Endpoint[] = [];
  const changed: ChangedEndpoint[] = [];
  const endpoints: Endpoint[] = [];
  for (let i = 0; i < before.length; i++) {
    const old = before[i]!;
    const now = counterparts[i];
    if (now === undefined) {
      removed.push(old);
    } else if (sameEndpoint(old, now)) {
      endpoints.push(old);
    } else {
      changed.push(Object.freeze({ before: old, after: now }));
      endpoints.push(now);
    }
  }
  if (newcomers.length + removed.length + changed.length === 0) return undefined;
  for (const endpoint of newcomers) endpoints.push(endpoint);
  return Object.freeze({
    service,
    added: Object.freeze(newcomers),
    removed: Object.freeze(removed),
    changed: Object.freeze(changed),
    endpoints: Object.freeze(endpoints),
  });
}

interface Pairs {
  /** For each of `before` the same instance in `after`. */
  counterparts: (Endpoint | undefined)[];
  /** What `after` has besides. */
  newcomers: Endpoint[];
}

/**
 * Finds the same instances in both lists. It walks along both for as long as they run alike, a
 * single one more or less included, so that the usual answer costs hardly any look-up by identity.
 */
function pair(before: readonly Endpoint[], after: readonly Endpoint[]): Pairs {
  const counterparts = new Array<Endpoint | undefined>(before.length);
  const passedOver = new Map<string, Endpoint>();
  const passOver = (endpoint: Endpoint | undefined) => {
    if (endpoint !== undefined) passedOver.set(endpointIdentity(endpoint), endpoint);
  };
  const unpaired: number[] = [];
  let next = 0;
  for (let i = 0; i < before.length; i++) {
    if (sameInstance(before[i], after[next])) {
      counterparts[i] = after[next++];
    } else if (sameInstance(before[i], after[next + 1])) {
      passOver(after[next++]);
      counterparts[i] = after[next++];
    } else {
      unpaired.push(i);
      if (!sameInstance(before[i + 1], after[next])) passOver(after[next++]);
    }
  }
  while (next < after.length) passOver(after[next++]);
  for (const i of unpaired) {
    const identity = endpointIdentity(before[i]!);
    counterparts[i] = passedOver.get(identity);
    passedOver.delete(identity);
  }
  return { counterparts, newcomers: [...passedOver.values()] };
}

function sameInstance(a: Endpoint | undefined, b: Endpoint | undefined): boolean {
  return a !== undefined && b !== undefined && a.id === b.id && a.node === b.node &&
    a.datacenter === b.datacenter && a.peer === b.peer;
}
