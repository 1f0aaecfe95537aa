/**
 * What a registry, a file or a user says about an endpoint, checked in one place.
 *
 * @module
 */
import { checkAddress, describeValue, isPort } from "./address.ts";
import { type Endpoint, type EndpointStatus, formatHost, sameMeta, sameTags } from "./endpoint.ts";

/** The facts of an endpoint, none of them checked. */
export type EndpointFacts =
  & { readonly [Fact in Exclude<keyof Endpoint, "host" | "ports" | "peer" | "ids">]: unknown }
  & { readonly ports?: unknown; readonly peer?: unknown };

const NO_TAGS: readonly string[] = Object.freeze([]);
const NO_META: Readonly<Record<string, string>> = Object.freeze({});
const NO_PORTS: Readonly<Record<string, number>> = Object.freeze({});
const STATUSES: readonly unknown[] = ["passing", "warning", "critical", "maintenance"];

// Consul's own limit for a weight.
const MAX_WEIGHT = 65_535;

/**
 * Checks what an outside source says about an endpoint.
 *
 * @param facts The facts. Ports, tags and metadata may be missing; they are taken over and frozen.
 * @param last The endpoint before it: equal ports, tags and metadata are shared with it.
 * @returns The endpoint, or the reason why there is none, for a message.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { checkEndpoint } from "./check_endpoint.ts";
 *
 * const facts = {
 *   service: "web",
 *   id: "web-1",
 *   address: "10.0.0.1",
 *   port: 0,
 *   node: "n1",
 *   datacenter: "dc1",
 *   tags: [],
 *   meta: {},
 *   weight: 1,
 *   status: "passing",
 *   zone: "",
 * };
 * assertEquals(checkEndpoint(facts), "the port must be 1 to 65535, received 0");
 * ```
 */
export function checkEndpoint(facts: EndpointFacts, last?: Endpoint): Endpoint | string {
  const { service, id, port, node, datacenter, weight, status, zone, peer } = facts;
  if (!isName(service)) return wrong("service", "a name", service);
  if (!isName(id)) return wrong("id", "a name", id);
  if (!isPort(port)) return wrong("port", "1 to 65535", port);
  const { address, why } = checkAddress(facts.address);
  if (address === undefined) return why!;
  const ports = checkPorts(facts.ports, last?.ports);
  if (ports === undefined) return wrong("ports", "an object of ports by name", facts.ports);
  const tags = checkTags(facts.tags, last?.tags);
  if (tags === undefined) return wrong("tags", "a list of strings", facts.tags);
  const meta = checkMeta(facts.meta, last?.meta);
  if (meta === undefined) return wrong("meta", "an object of strings", facts.meta);
  if (typeof node !== "string") return wrong("node", "a string", node);
  if (typeof datacenter !== "string") return wrong("datacenter", "a string", datacenter);
  if (typeof zone !== "string") return wrong("zone", "a string", zone);
  if (!isWeight(weight)) return wrong("weight", `0 to ${MAX_WEIGHT}`, weight);
  if (!isStatus(status)) return wrong("status", `one of ${STATUSES.join(", ")}`, status);
  if (peer !== undefined && !isName(peer)) return wrong("peer", "a name", peer);
  return Object.freeze({
    service,
    id,
    address,
    port,
    host: formatHost(address, port),
    ports,
    node,
    datacenter,
    tags,
    meta,
    weight,
    status,
    zone,
    ...peer !== undefined && { peer },
  });
}

/**
 * Checks a weight.
 *
 * @param value Anything.
 * @returns Whether it is a number from 0 to 65,535.
 */
export function isWeight(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= MAX_WEIGHT;
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function isStatus(value: unknown): value is EndpointStatus {
  return STATUSES.includes(value);
}

function wrong(fact: string, rule: string, value: unknown): string {
  return `the ${fact} must be ${rule}, received ${describeValue(value)}`;
}

function checkTags(
  value: unknown,
  last: readonly string[] | undefined,
): readonly string[] | undefined {
  if (value === null || value === undefined) return NO_TAGS;
  if (!Array.isArray(value)) return undefined;
  if (value.length === 0) return NO_TAGS;
  if (last !== undefined && sameTags(last, value)) return last;
  for (const tag of value) if (typeof tag !== "string") return undefined;
  return Object.freeze(value as string[]);
}

function checkPorts(
  value: unknown,
  last: Endpoint["ports"] | undefined,
): Endpoint["ports"] | undefined {
  if (value === null || value === undefined) return NO_PORTS;
  if (typeof value !== "object" || Array.isArray(value)) return undefined;
  const ports = value as Record<string, unknown>;
  if (last !== undefined && sameMeta(last, ports)) return last;
  let empty = true;
  for (const name in ports) {
    if (!isPort(ports[name])) return undefined;
    empty = false;
  }
  return empty ? NO_PORTS : Object.freeze(ports as Record<string, number>);
}

function checkMeta(
  value: unknown,
  last: Endpoint["meta"] | undefined,
): Endpoint["meta"] | undefined {
  if (value === null || value === undefined) return NO_META;
  if (typeof value !== "object" || Array.isArray(value)) return undefined;
  const meta = value as Record<string, unknown>;
  if (last !== undefined && sameMeta(last, meta)) return last;
  let empty = true;
  for (const key in meta) {
    if (typeof meta[key] !== "string") return undefined;
    empty = false;
  }
  return empty ? NO_META : Object.freeze(meta as Record<string, string>);
}
