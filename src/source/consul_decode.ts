/**
 * Consul's answers to `/v1/health/service/:service`, decoded.
 *
 * @module
 */
import {
  type Endpoint,
  endpointIdentity,
  type EndpointStatus,
  formatHost,
  sameMeta,
  sameTags,
} from "../endpoint.ts";
import { PilotedError } from "../errors.ts";
import { decodeAddress, isPort } from "./decode_address.ts";
import type { Query } from "./source.ts";

interface Decoded {
  endpoints: readonly Endpoint[];
  skipped: readonly PilotedError[];
}

/** What is read of one entry; everything may be missing or of another type. */
type Json = Readonly<Record<string, unknown>>;

const NO_TAGS: readonly string[] = Object.freeze([]);
const NO_META: Readonly<Record<string, string>> = Object.freeze({});
// Consul's own limit for a weight.
const MAX_WEIGHT = 65_535;

/**
 * Decodes the entries of a health answer. An entry that can't be used is left out and reported;
 * the others stay. Endpoints that follow each other share tags and metadata that are the same.
 *
 * @param entries The parsed list; tags and metadata of its entries are taken over and frozen.
 * @param query What was asked; an entry of another service is left out.
 * @returns Endpoints of every status in Consul's order, and one `ENDPOINT_INVALID` for each entry left out.
 */
export function decodeHealth(entries: readonly unknown[], query: Query): Decoded {
  const endpoints: Endpoint[] = [];
  const skipped: PilotedError[] = [];
  const seen = new Set<string>();
  const asked = query.service.toLowerCase();
  let last: Endpoint | undefined;
  for (let i = 0; i < entries.length; i++) {
    const endpoint = decodeEntry(entries[i], query, asked, last);
    if (typeof endpoint === "string") {
      skipped.push(invalid(query, entries[i], i, endpoint));
      continue;
    }
    const identity = endpointIdentity(endpoint);
    if (seen.has(identity)) {
      skipped.push(invalid(query, entries[i], i, "it is listed twice"));
      continue;
    }
    seen.add(identity);
    endpoints.push(endpoint);
    last = endpoint;
  }
  return { endpoints, skipped };
}

/** Names the entry by its id and node, which stay the same when the list is in another order. */
function invalid(query: Query, entry: unknown, position: number, why: string): PilotedError {
  const { Node: node, Service: service } = isRecord(entry) ? entry : {};
  const id = isRecord(service) ? service.ID : undefined;
  const name = isRecord(node) ? node.Node : undefined;
  const which = typeof id === "string" && typeof name === "string"
    ? `instance ${describe(id)} on node ${describe(name)}`
    : `entry ${position}`;
  return new PilotedError(
    "ENDPOINT_INVALID",
    `Cannot use ${which} of service ${JSON.stringify(query.service)}: ${why}`,
    { service: query.service },
  );
}

/** An endpoint, or why there is none. */
function decodeEntry(
  entry: unknown,
  query: Query,
  asked: string,
  last: Endpoint | undefined,
): Endpoint | string {
  if (!isRecord(entry)) return "it is not an object";
  const { Node: node, Service: service, Checks: checks } = entry;
  if (!isRecord(node)) return "Node is missing";
  if (!isRecord(service)) return "Service is missing";
  const name = service.Service;
  // Consul looks names up without regard to case.
  if (typeof name !== "string" || (name !== query.service && name.toLowerCase() !== asked)) {
    return `it is of another service, ${describe(name)}`;
  }
  const port = service.Port;
  if (!isPort(port)) {
    return `Service.Port must be 1 to 65535, received ${describe(port)}`;
  }
  const given = service.Address || node.Address;
  const address = decodeAddress(given);
  if (address === undefined) {
    return `the address must be an IP address or a host name, received ${describe(given)}`;
  }
  const tags = decodeTags(service.Tags, last?.tags);
  if (tags === undefined) return "Service.Tags must be a list of strings";
  const meta = decodeMeta(service.Meta, last?.meta);
  if (meta === undefined) return "Service.Meta must be an object of strings";
  const status = decodeStatus(checks);
  if (status === undefined) return "Checks must be a list of checks with a Status";
  return Object.freeze({
    service: query.service,
    id: typeof service.ID === "string" && service.ID !== "" ? service.ID : name,
    address,
    port,
    host: formatHost(address, port),
    node: typeof node.Node === "string" ? node.Node : "",
    datacenter: typeof node.Datacenter === "string" && node.Datacenter !== ""
      ? node.Datacenter
      : query.datacenter ?? "",
    tags,
    meta,
    weight: decodeWeight(service.Weights, status),
    status,
    zone: zoneOf(meta) || zoneOf(node.Meta),
  });
}

function decodeTags(
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

function decodeMeta(
  value: unknown,
  last: Endpoint["meta"] | undefined,
): Endpoint["meta"] | undefined {
  if (value === null || value === undefined) return NO_META;
  if (!isRecord(value)) return undefined;
  if (last !== undefined && sameMeta(last, value)) return last;
  let empty = true;
  for (const key in value) {
    if (typeof value[key] !== "string") return undefined;
    empty = false;
  }
  return empty ? NO_META : Object.freeze(value as Record<string, string>);
}

/**
 * The worst check decides, as in Consul's own `passing` filter; no checks means passing. A status
 * that Consul does not document counts as critical: better one endpoint too few.
 */
function decodeStatus(checks: unknown): EndpointStatus | undefined {
  if (checks === null || checks === undefined) return "passing";
  if (!Array.isArray(checks)) return undefined;
  let worst: EndpointStatus = "passing";
  for (const check of checks) {
    const status = statusOf(check);
    if (status === undefined) return undefined;
    if (RANK[status] > RANK[worst]) worst = status;
  }
  return worst;
}

const RANK: Readonly<Record<EndpointStatus, number>> = {
  passing: 0,
  warning: 1,
  critical: 2,
  maintenance: 3,
};

function statusOf(check: unknown): EndpointStatus | undefined {
  if (!isRecord(check)) return undefined;
  const { Status: status, CheckID: id } = check;
  if (typeof status !== "string") return undefined;
  if (status === "passing" || status === "warning" || status === "maintenance") return status;
  // Consul's maintenance mode is a critical check of one of these names.
  const maintenance = status === "critical" && typeof id === "string" &&
    (id === "_node_maintenance" || id.startsWith("_service_maintenance:"));
  return maintenance ? "maintenance" : "critical";
}

/** Consul's default is 1 for passing and for warning ("Services: weights"). */
function decodeWeight(value: unknown, status: EndpointStatus): number {
  const weight = isRecord(value) ? (status === "warning" ? value.Warning : value.Passing) : 1;
  return typeof weight === "number" && weight >= 0 && weight <= MAX_WEIGHT ? weight : 1;
}

function zoneOf(meta: unknown): string {
  if (!isRecord(meta)) return "";
  const zone = meta.zone ?? meta.availability_zone;
  return typeof zone === "string" ? zone : "";
}

function isRecord(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function describe(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value).slice(0, 60);
}
