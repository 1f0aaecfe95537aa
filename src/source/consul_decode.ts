/**
 * Consul's answers to `/v1/health/service/:service`, decoded.
 *
 * @module
 */
import { type Endpoint, endpointIdentity, type EndpointStatus, formatHost } from "../endpoint.ts";
import { PilotedError } from "../errors.ts";
import type { Query } from "./source.ts";

interface Decoded {
  endpoints: readonly Endpoint[];
  skipped: readonly PilotedError[];
}

/** What is read of one entry; everything may be missing or of another type. */
type Json = Readonly<Record<string, unknown>>;

const NO_TAGS: readonly string[] = Object.freeze([]);
const NO_META: Readonly<Record<string, string>> = Object.freeze({});
// Whatever could end or change the authority of a URL must not come out of a registry.
const UNSAFE_ADDRESS = /[\s/?#@\\<>^|`{}"]|\p{Cc}/u;
const IPV6 = /^[0-9a-f]*:[0-9a-f:.]*:[0-9a-f.]*(%[\w.-]+)?$/i;

/**
 * Decodes the entries of a health answer. An entry that can't be used is left out and reported;
 * the others stay.
 *
 * @param entries The parsed list.
 * @param query What was asked; an entry of another service is left out.
 * @returns Endpoints of every status in Consul's order, and one `ENDPOINT_INVALID` for each entry left out.
 */
export function decodeHealth(entries: readonly unknown[], query: Query): Decoded {
  const endpoints: Endpoint[] = [];
  const skipped: PilotedError[] = [];
  const seen = new Set<string>();
  const asked = query.service.toLowerCase();
  for (let i = 0; i < entries.length; i++) {
    const endpoint = decodeEntry(entries[i], query, asked);
    if (typeof endpoint === "string") {
      skipped.push(invalid(query, i, endpoint));
      continue;
    }
    const identity = endpointIdentity(endpoint);
    if (seen.has(identity)) {
      skipped.push(
        invalid(query, i, `id ${JSON.stringify(endpoint.id)} is listed twice on its node`),
      );
      continue;
    }
    seen.add(identity);
    endpoints.push(endpoint);
  }
  return { endpoints: Object.freeze(endpoints), skipped };
}

function invalid(query: Query, position: number, why: string): PilotedError {
  return new PilotedError(
    "ENDPOINT_INVALID",
    `Cannot use entry ${position} of service ${JSON.stringify(query.service)}: ${why}`,
    { service: query.service },
  );
}

/** An endpoint, or why there is none. */
function decodeEntry(entry: unknown, query: Query, asked: string): Endpoint | string {
  if (!isRecord(entry)) return "it is not an object";
  const { Node: node, Service: service, Checks: checks } = entry;
  if (!isRecord(node)) return "Node is missing";
  if (!isRecord(service)) return "Service is missing";
  const name = service.Service;
  if (typeof name !== "string" || (name !== query.service && name.toLowerCase() !== asked)) {
    return `it is of another service, ${describe(name)}`;
  }
  const port = service.Port;
  if (typeof port !== "number" || !Number.isInteger(port) || port < 1 || port > 65535) {
    return `Service.Port must be 1 to 65535, received ${describe(port)}`;
  }
  const address = decodeAddress(service.Address || node.Address);
  if (address === undefined) {
    return `the address must be an IP address or a host name, received ${
      describe(service.Address || node.Address)
    }`;
  }
  const tags = decodeTags(service.Tags);
  if (tags === undefined) return "Service.Tags must be a list of strings";
  const meta = decodeMeta(service.Meta);
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

function decodeAddress(value: unknown): string | undefined {
  if (typeof value !== "string" || value === "" || UNSAFE_ADDRESS.test(value)) return undefined;
  if (!value.includes(":")) return value;
  const bare = value.startsWith("[") && value.endsWith("]") ? value.slice(1, -1) : value;
  return IPV6.test(bare) ? bare : undefined;
}

function decodeTags(value: unknown): readonly string[] | undefined {
  if (value === null || value === undefined) return NO_TAGS;
  if (!Array.isArray(value)) return undefined;
  if (value.length === 0) return NO_TAGS;
  for (const tag of value) if (typeof tag !== "string") return undefined;
  return Object.freeze(value as string[]);
}

function decodeMeta(value: unknown): Readonly<Record<string, string>> | undefined {
  if (value === null || value === undefined) return NO_META;
  if (!isRecord(value)) return undefined;
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
  let worst = "passing" as EndpointStatus;
  for (const check of checks) {
    if (!isRecord(check) || typeof check.Status !== "string") return undefined;
    const { Status: status, CheckID: id } = check;
    if (status === "passing") continue;
    if (
      status === "maintenance" ||
      (status === "critical" && typeof id === "string" &&
        (id === "_node_maintenance" || id.startsWith("_service_maintenance:")))
    ) {
      return "maintenance";
    }
    if (status !== "warning") worst = "critical";
    else if (worst === "passing") worst = "warning";
  }
  return worst;
}

/** Consul's default is 1 for passing and for warning ("Services: weights"). */
function decodeWeight(value: unknown, status: EndpointStatus): number {
  const weight = isRecord(value) ? (status === "warning" ? value.Warning : value.Passing) : 1;
  return typeof weight === "number" && Number.isFinite(weight) && weight >= 0 ? weight : 1;
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
