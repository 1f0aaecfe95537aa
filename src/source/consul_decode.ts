/**
 * Consul's responses to `/v1/health/service/:service`, decoded.
 *
 * @module
 */
import { describeValue } from "../address.ts";
import { checkEndpoint, isWeight } from "../check_endpoint.ts";
import { type Endpoint, endpointIdentity, type EndpointStatus } from "../endpoint.ts";
import { PilotedError } from "../errors.ts";
import { decodePlace, decodePorts, isRecord } from "./consul_place.ts";
import { inSlices } from "./in_slices.ts";
import type { CheckResult, Query } from "./source.ts";

/** What a list of entries decodes to. */
export interface DecodedHealth {
  /** Endpoints of every status in Consul's order, each identity once. */
  readonly endpoints: readonly Endpoint[];
  /** One `ENDPOINT_INVALID` for each of the first ten entries that were left out. */
  readonly skipped: readonly PilotedError[];
  /** How many entries were left out. */
  readonly skippedCount: number;
  /** How many endpoints are critical only because the check of their node is. */
  readonly nodeFailedCount: number;
  /** The checks of each endpoint, where they are wanted. */
  readonly checks: readonly (readonly CheckResult[])[] | undefined;
}

// An error takes about 3 kB with its stack: a response of a few megabytes could fill the heap.
const MAX_ERRORS = 10;

/**
 * Decodes the entries of a health response. An entry that cannot be used is left out and reported;
 * the others stay. Endpoints that follow each other share tags and metadata that are the same.
 *
 * @param entries The parsed list; tags and metadata of its entries are taken over and frozen.
 * @param query The query; an entry of another service is left out.
 * @param withChecks Whether the checks of each endpoint are wanted. @default {false}
 * @returns The endpoints, and what was left out.
 */
export function decodeHealth(
  entries: readonly unknown[],
  query: Query,
  withChecks = false,
): DecodedHealth {
  const decoder = new HealthDecoder(query, withChecks);
  for (let i = 0; i < entries.length; i++) decoder.add(entries[i], i);
  return decoder;
}

/**
 * As {@linkcode decodeHealth}, without blocking the event loop when the list is long.
 *
 * @param entries The parsed list.
 * @param query The query.
 * @param signal Ends the decoding.
 * @param withChecks Whether the checks of each endpoint are wanted. @default {false}
 * @returns The endpoints, and what was left out.
 * @throws The signal's own reason when it aborts.
 */
export async function decodeHealthInSlices(
  entries: readonly unknown[],
  query: Query,
  signal?: AbortSignal,
  withChecks = false,
): Promise<DecodedHealth> {
  const decoder = new HealthDecoder(query, withChecks);
  await inSlices(entries, (entry, position) => decoder.add(entry, position), signal);
  return decoder;
}

class HealthDecoder implements DecodedHealth {
  readonly endpoints: Endpoint[] = [];
  readonly skipped: PilotedError[] = [];
  skippedCount = 0;
  nodeFailedCount = 0;
  readonly checks: (readonly CheckResult[])[] | undefined;
  readonly #query: Query;
  readonly #asked: string;
  readonly #tag: string | undefined;
  readonly #seen = new Set<string>();
  #last: Endpoint | undefined;

  constructor(query: Query, withChecks: boolean) {
    this.#query = query;
    this.checks = withChecks ? [] : undefined;
    this.#asked = query.service.toLowerCase();
    this.#tag = query.tag?.toLowerCase();
  }

  add(entry: unknown, position: number): void {
    if (!this.#hasTag(entry)) return;
    const endpoint = decodeEntry(entry, this.#query, this.#asked, this.#last);
    if (typeof endpoint === "string") return this.#skip(entry, position, endpoint);
    const { size } = this.#seen;
    if (this.#seen.add(endpointIdentity(endpoint)).size === size) {
      return this.#skip(entry, position, "it is listed twice");
    }
    this.endpoints.push(endpoint);
    this.checks?.push(decodeChecks(entry));
    if (endpoint.status === "critical" && onlyNodeFails(entry)) this.nodeFailedCount++;
    this.#last = endpoint;
  }

  /**
   * Whether an entry is one that was asked for. `?tag` is deprecated: a Consul that ignores it must
   * not widen the list. It compares without regard to case.
   */
  #hasTag(entry: unknown): boolean {
    if (!this.#tag || !isRecord(entry) || !isRecord(entry.Service)) return true;
    const { Tags: tags } = entry.Service;
    if (tags === null || tags === undefined) return false;
    return !Array.isArray(tags) ||
      tags.some((tag) => typeof tag !== "string" || tag.toLowerCase() === this.#tag);
  }

  #skip(entry: unknown, position: number, why: string): void {
    this.skippedCount++;
    if (this.skipped.length < MAX_ERRORS) {
      this.skipped.push(invalid(this.#query, entry, position, why));
    }
  }
}

/** Names the entry by its id and node, which stay the same when the list is in another order. */
function invalid(query: Query, entry: unknown, position: number, why: string): PilotedError {
  const { Node: node, Service: service } = isRecord(entry) ? entry : {};
  const id = isRecord(service) ? service.ID : undefined;
  const name = isRecord(node) ? node.Node : undefined;
  const which = typeof id === "string" && typeof name === "string"
    ? `instance ${describeValue(id)} on node ${describeValue(name)}`
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
  const { Node: node, Service: service } = entry;
  if (!isRecord(node)) return "Node is missing";
  if (!isRecord(service)) return "Service is missing";
  const name = service.Service;
  // Consul looks names up without regard to case.
  if (typeof name !== "string" || (name !== query.service && name.toLowerCase() !== asked)) {
    return `it belongs to another service, ${describeValue(name)}`;
  }
  const status = decodeStatus(entry.Checks);
  if (status === undefined) return "Checks must be a list of checks with a Status";
  const ports = decodePorts(service.Ports);
  if (ports === undefined) return "Ports must be a list of ports with a Name";
  const place = decodePlace(node, service, ports, query);
  if (typeof place === "string") return place;
  return checkEndpoint({
    service: query.service,
    id: typeof service.ID === "string" && service.ID !== "" ? service.ID : name,
    address: place.address,
    port: place.port,
    ports: ports.byName,
    node: typeof node.Node === "string" ? node.Node : "",
    datacenter: typeof node.Datacenter === "string" && node.Datacenter !== ""
      ? node.Datacenter
      : query.datacenter ?? "",
    tags: service.Tags,
    meta: service.Meta,
    weight: decodeWeight(service.Weights, status),
    status,
    zone: localityZone(service.Locality) || localityZone(node.Locality) ||
      zoneOf(service.Meta) || zoneOf(node.Meta),
    peer: query.peer || service.PeerName || node.PeerName || undefined,
  }, last);
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

// Consul keeps 4 kB of each output unless its agents say otherwise.
const MAX_OUTPUT = 4_096;

/** The checks of an entry whose status could be decoded. */
function decodeChecks(entry: unknown): readonly CheckResult[] {
  const checks = isRecord(entry) && Array.isArray(entry.Checks) ? entry.Checks : [];
  return checks.filter(isRecord).map((check) => ({
    name: textOf(check.Name) || textOf(check.CheckID),
    status: statusOf(check) ?? "critical",
    // A maintenance check has its reason in the notes.
    output: (textOf(check.Output) || textOf(check.Notes)).slice(0, MAX_OUTPUT),
  }));
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** Whether no check is critical but that of the node, which gossip between agents decides. */
function onlyNodeFails(entry: unknown): boolean {
  const checks = isRecord(entry) && Array.isArray(entry.Checks) ? entry.Checks : [];
  const failed = checks.filter((check) => statusOf(check) === "critical");
  return failed.length > 0 &&
    failed.every((check) => isRecord(check) && check.CheckID === NODE_CHECK);
}

// Consul keeps this name for itself ("serfHealth", structs.SerfCheckID).
const NODE_CHECK = "serfHealth";

/** Consul's default is 1 for passing and for warning ("Services: weights"). */
function decodeWeight(value: unknown, status: EndpointStatus): number {
  const weight = isRecord(value) ? (status === "warning" ? value.Warning : value.Passing) : 1;
  return isWeight(weight) ? weight : 1;
}

// `{Region, Zone}`, since Consul 1.16.
function localityZone(locality: unknown): string {
  return isRecord(locality) && typeof locality.Zone === "string" ? locality.Zone : "";
}

function zoneOf(meta: unknown): string {
  if (!isRecord(meta)) return "";
  const zone = meta.zone ?? meta.availability_zone;
  return typeof zone === "string" ? zone : "";
}
