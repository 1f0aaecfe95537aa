/**
 * One process, one share: registrations of the same address are one endpoint.
 *
 * @module
 */
import type { Endpoint } from "../endpoint.ts";

interface Merged {
  readonly parts: readonly Endpoint[];
  readonly endpoint: Endpoint;
}

// By the first part, so that an unchanged list gives the same objects again.
const KNOWN = new WeakMap<Endpoint, Merged>();

/**
 * Merges endpoints with the same address and port. The first one that is not in maintenance speaks for
 * all; it gets the tags of all, the greatest of their weights, and their ids in `ids`.
 *
 * @param endpoints Endpoints in a stable order.
 * @returns The same list if all addresses differ; else one with each address once, at its first place.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { mergeAddresses } from "./merge_addresses.ts";
 *
 * assertEquals(mergeAddresses([]), []);
 * ```
 */
export function mergeAddresses(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  const byHost = new Map<string, Endpoint | Endpoint[]>();
  for (const endpoint of endpoints) {
    const host = canonicalHost(endpoint);
    const others = byHost.get(host);
    if (others === undefined) byHost.set(host, endpoint);
    else if (Array.isArray(others)) others.push(endpoint);
    else byHost.set(host, [others, endpoint]);
  }
  if (byHost.size === endpoints.length) return endpoints;
  return Object.freeze(
    [...byHost.values()].map((parts) => Array.isArray(parts) ? merge(parts) : parts),
  );
}

/** One spelling of an address and port: `[0:0:0:0:0:0:0:1]:80` is `[::1]:80`, and names have no case. */
function canonicalHost({ host }: Endpoint): string {
  if (!/[A-Z[]/.test(host)) return host;
  try {
    return new URL(`http://${host}`).host;
  } catch {
    return host;
  }
}

function merge(parts: readonly Endpoint[]): Endpoint {
  const known = KNOWN.get(parts[0]!);
  if (known?.parts.length === parts.length && known.parts.every((part, i) => part === parts[i])) {
    return known.endpoint;
  }
  const usable = parts.filter(({ status }) => status !== "maintenance");
  const [first] = usable.length > 0 ? usable : parts;
  const endpoint = Object.freeze({
    ...first!,
    tags: Object.freeze([...new Set(parts.flatMap(({ tags }) => tags))]),
    weight: Math.max(...(usable.length > 0 ? usable : parts).map(({ weight }) => weight)),
    ids: Object.freeze(parts.flatMap(({ id, ids }) => ids ?? [id])),
  });
  KNOWN.set(parts[0]!, { parts, endpoint });
  return endpoint;
}
