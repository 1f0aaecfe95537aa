/**
 * Where an instance of Consul can be reached: its address and port among those that it has.
 *
 * @module
 */
import { describeValue, isPort } from "../address.ts";
import { namedPort } from "../endpoint.ts";
import type { Query } from "./source.ts";

/** The object that a part of an entry should be; every member may be missing or of another type. */
export type Json = Readonly<Record<string, unknown>>;

/** The ports of a service, which have names since Consul 1.22. */
export interface Ports {
  /** Ports by name. */
  readonly byName: Readonly<Record<string, number>> | undefined;
  /** The default one, else the first. */
  readonly usual: number | undefined;
}

/** An address and a port, neither of them checked. */
export interface Place {
  /** The address. */
  readonly address: unknown;
  /** The port. */
  readonly port: unknown;
}

const NO_PORTS: Ports = { byName: undefined, usual: undefined };

// For these two Consul itself falls back to the usual address ("translate_wan_addrs").
const WITH_FALLBACK = ["lan", "wan"];

/**
 * Whether a value is an object with members.
 *
 * @param value Any value.
 */
export function isRecord(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Decodes `Service.Ports`: `[{ Name, Port, Default }]`.
 *
 * @param value The list, or nothing.
 * @returns The ports; `undefined` when it is something else.
 */
export function decodePorts(value: unknown): Ports | undefined {
  if (value === null || value === undefined) return NO_PORTS;
  if (!Array.isArray(value)) return undefined;
  if (value.length === 0) return NO_PORTS;
  const byName = new Map<string, number>();
  let usual: number | undefined;
  for (const item of value) {
    if (!isRecord(item)) return undefined;
    const { Name: name, Port: port, Default: isDefault } = item;
    if (typeof name !== "string" || name === "" || !isPort(port)) return undefined;
    if (!byName.has(name)) byName.set(name, port);
    if (isDefault === true && usual === undefined) usual = port;
  }
  return { byName: Object.fromEntries(byName), usual: usual ?? byName.values().next().value };
}

/**
 * Chooses an address and a port.
 *
 * @param node `Node` of an entry.
 * @param service `Service` of an entry.
 * @param ports Its ports by name.
 * @param query What is asked for.
 * @returns The place, or the reason why there is none, for a message.
 */
export function decodePlace(
  node: Json,
  service: Json,
  ports: Ports,
  query: Query,
): Place | string {
  const tagged = query.address ? taggedAddress(node, service, query.address) : undefined;
  if (typeof tagged === "string") return tagged;
  const address = tagged?.address ?? (service.Address || node.Address);
  if (query.port) {
    const { byName = {} } = ports;
    const port = namedPort(byName, query.port);
    return port === undefined ? noSuchPort(query.port, Object.keys(byName)) : { address, port };
  }
  const given = tagged?.port || service.Port;
  if (given) return { address, port: given };
  if (ports.usual !== undefined) return { address, port: ports.usual };
  const { SocketPath: socket } = service;
  if (typeof socket === "string" && socket !== "") {
    return `it listens on a unix socket, ${describeValue(socket)}, which is not supported`;
  }
  if (given !== 0) return { address, port: given };
  return "the port must be 1 to 65535, received 0; register a port, or, if its ports have names, " +
    "upgrade Consul: an agent or server before 1.22, or 2.0 before its fix, hides them";
}

/** The address of that tag: the service's, else, for a service without an own address, the node's. */
function taggedAddress(node: Json, service: Json, tag: string): Partial<Place> | string {
  const own = isRecord(service.TaggedAddresses) ? service.TaggedAddresses : {};
  const ofNode = isRecord(node.TaggedAddresses) ? node.TaggedAddresses : {};
  const found = Object.hasOwn(own, tag) ? own[tag] : undefined;
  if (isRecord(found) && found.Address) return { address: found.Address, port: found.Port };
  const isOfNode = !service.Address && Object.hasOwn(ofNode, tag) && ofNode[tag];
  if (isOfNode) return { address: ofNode[tag] };
  if (WITH_FALLBACK.includes(tag)) return {};
  const names = [...new Set([...Object.keys(own), ...service.Address ? [] : Object.keys(ofNode)])];
  return `it has no tagged address ${describeValue(tag)}` +
    (names.length === 0 ? "" : `; it has ${names.map(describeValue).join(", ")}`);
}

function noSuchPort(port: string, names: readonly string[]): string {
  const known = names.length === 0
    ? "its ports have no names"
    : `its ports are ${names.map(describeValue).join(", ")}`;
  return `it has no port ${describeValue(port)}; ${known}`;
}
