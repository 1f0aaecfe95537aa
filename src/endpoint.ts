/**
 * One address of a service.
 *
 * @module
 */

/**
 * Health of an endpoint: the worst of its checks. `maintenance` is Consul's maintenance mode of
 * the service or of its node, which Consul itself reports as critical.
 */
export type EndpointStatus = "passing" | "warning" | "critical" | "maintenance";

/** One address of a service and what the registry says of it. Frozen and shared: never copied per call. */
export interface Endpoint {
  /** Name of the service. */
  readonly service: string;
  /** Id of this instance, unique on its node. */
  readonly id: string;
  /** IP address or host name, without brackets. The node's address where the service gave none. */
  readonly address: string;
  /** TCP port, 1 to 65535: the one that the watch names, else the default one. */
  readonly port: number;
  /** Every port by its name, as in `{ http: 8080, metrics: 9090 }`; empty where ports have no names. */
  readonly ports: Readonly<Record<string, number>>;
  /** `address:port`, IPv6 in brackets: what goes into a URL. */
  readonly host: string;
  /** Name of the node that it runs on. */
  readonly node: string;
  /** Datacenter that it was found in. */
  readonly datacenter: string;
  /** Tags in the registry's order. */
  readonly tags: readonly string[];
  /** Service metadata. */
  readonly meta: Readonly<Record<string, string>>;
  /** Weight for its present status, as the registry gives it (Consul's default: 1). 0 takes no traffic by weight. */
  readonly weight: number;
  /** Worst of its checks. */
  readonly status: EndpointStatus;
  /**
   * Zone: Consul's `Locality` of the service, else of its node; else `zone` (or `availability_zone`)
   * of the service's metadata, else of its node's; else `""`.
   */
  readonly zone: string;
  /** Cluster peer that exports it; absent for the own cluster. */
  readonly peer?: string | undefined;
  /** Ids of all registrations of this address and port, where there are several: one process. */
  readonly ids?: readonly string[] | undefined;
}

/**
 * Tells two endpoints apart across snapshots: the same identity means the same instance.
 *
 * @param endpoint The endpoint.
 * @returns Datacenter, node and id, and the peer if there is one, joined by a character that no
 * name has.
 */
export function endpointIdentity(endpoint: Endpoint): string {
  const { datacenter, node, id, peer } = endpoint;
  const identity = `${datacenter}\u0000${node}\u0000${id}`;
  // Two clusters may use the same names for datacenters and nodes.
  return peer === undefined ? identity : `${identity}\u0000${peer}`;
}

/**
 * Joins an address and a port for use in a URL.
 *
 * @param address IPv4, IPv6 (with or without brackets) or a host name.
 * @param port TCP port.
 * @returns `address:port`, with IPv6 in brackets.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { formatHost } from "./endpoint.ts";
 *
 * assertEquals(formatHost("10.0.0.1", 80), "10.0.0.1:80");
 * assertEquals(formatHost("2001:db8::1", 80), "[2001:db8::1]:80");
 * ```
 */
export function formatHost(address: string, port: number): string {
  return address.includes(":") && !address.startsWith("[")
    ? `[${address}]:${port}`
    : `${address}:${port}`;
}

/**
 * The port of that name.
 *
 * @param ports Ports by name.
 * @param name A name; one that differs only in case is found as well, since URLs lower their hosts.
 * @returns The port, or `undefined` when there is none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { namedPort } from "./endpoint.ts";
 *
 * assertEquals(namedPort({ http: 8080, gRPC: 9090 }, "grpc"), 9090);
 * ```
 */
export function namedPort(
  ports: Readonly<Record<string, number>>,
  name: string,
): number | undefined {
  if (Object.hasOwn(ports, name)) return ports[name];
  const folded = name.toLowerCase();
  const key = Object.keys(ports).find((each) => each.toLowerCase() === folded);
  return key === undefined ? undefined : ports[key];
}

/**
 * The same endpoint at another of its ports.
 *
 * @param endpoint The endpoint.
 * @param port TCP port.
 */
export function atPort(endpoint: Endpoint, port: number): Endpoint {
  return Object.freeze({ ...endpoint, port, host: formatHost(endpoint.address, port) });
}

/**
 * Whether two endpoints of the same identity say the same: address, ports, tags, meta, weight,
 * status and zone. Check output and registry indexes are not part of an endpoint.
 *
 * @param a One.
 * @param b The other.
 * @returns `true` when nothing that a user can see differs.
 */
export function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return a === b ||
    (a.address === b.address && a.port === b.port && a.weight === b.weight &&
      a.status === b.status && a.zone === b.zone && a.id === b.id && a.node === b.node &&
      a.datacenter === b.datacenter && a.peer === b.peer && a.service === b.service &&
      sameTags(a.tags, b.tags) &&
      sameMeta(a.meta, b.meta) && sameMeta(a.ports, b.ports) &&
      sameTags(a.ids ?? [], b.ids ?? []));
}

/**
 * Whether two lists of tags are the same, in the same order.
 *
 * @param a One.
 * @param b The other, of whatever an answer has in it.
 * @returns `true` when nothing differs.
 */
export function sameTags(a: readonly string[], b: readonly unknown[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/**
 * Whether two sets of metadata, or of named ports, are the same.
 *
 * @param a One.
 * @param b The other, of whatever an answer has in it.
 * @returns `true` when nothing differs.
 */
export function sameMeta(
  a: Readonly<Record<string, unknown>>,
  b: Readonly<Record<string, unknown>>,
): boolean {
  if (a === b) return true;
  let count = 0;
  for (const key in a) {
    if (a[key] !== b[key]) return false;
    count++;
  }
  for (const _ in b) count--;
  return count === 0;
}
