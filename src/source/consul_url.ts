/**
 * Addresses of Consul's HTTP API.
 *
 * @module
 */
import { PilotedError } from "../errors.ts";
import type { ListQuery, Query, ReadOptions } from "./source.ts";

// What is sent of a query, by Consul's names. Port and address are chosen here, from the response.
const PARAMETERS = [
  ["datacenter", "dc"],
  ["peer", "peer"],
  ["namespace", "ns"],
  ["partition", "partition"],
  ["samenessGroup", "sg"],
  ["tag", "tag"],
  ["filter", "filter"],
] as const satisfies readonly (readonly [keyof Query, string])[];

/**
 * The address of one health query. The name is one encoded path segment whatever is in it, so it
 * can't reach another path of Consul's API. (Consul decodes the path before it looks for `/../` in
 * it, and then answers with a redirect, which nobody follows.)
 *
 * @param base `http://host:port`, without a trailing slash.
 * @param query What is asked.
 * @param options How it is asked.
 * @returns An absolute URL without credentials.
 * @throws {PilotedError} `CONFIG_INVALID` when no URL can carry the name or another part of the query.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { healthUrl } from "./consul_url.ts";
 *
 * assertEquals(
 *   healthUrl("http://127.0.0.1:8500", { service: "a/b", tag: "x y" }, { consistency: "default" }),
 *   "http://127.0.0.1:8500/v1/health/service/a%2Fb?tag=x%20y",
 * );
 * ```
 */
export function healthUrl(base: string, query: Query, options: ReadOptions = {}): string {
  const { service } = query;
  const { consistency = "stale" } = options;
  // A URL resolves "." and ".." even when they are percent-encoded ("URL Standard", path states).
  if (service === "" || service === "." || service === "..") {
    throw unaskable(query, `no URL can carry the name, received ${JSON.stringify(service)}`);
  }
  const parameters: string[] = [];
  if (consistency !== "default") parameters.push(consistency);
  for (const [key, name] of PARAMETERS) {
    const value = query[key];
    if (value) parameters.push(`${name}=${encode(value, query)}`);
  }
  parameters.push(...blocking(options));
  const path = `${base}/v1/health/service/${encode(service, query)}`;
  return parameters.length === 0 ? path : `${path}?${parameters.join("&")}`;
}

/**
 * The address of the summary of all services.
 *
 * @param base `http://host:port`, without a trailing slash.
 * @param options How it is asked; any server may answer.
 * @returns An absolute URL without credentials.
 */
export function summaryUrl(base: string, options: ReadOptions = {}): string {
  return `${base}/v1/internal/ui/services?${["stale", ...blocking(options)].join("&")}`;
}

/**
 * The address of the list of all services.
 *
 * @param base `http://host:port`, without a trailing slash.
 * @param query Where to list.
 * @param options How it is asked; any server may answer.
 * @returns An absolute URL without credentials.
 */
export function catalogUrl(base: string, query: ListQuery, options: ReadOptions = {}): string {
  const parameters = ["stale"];
  const { datacenter, peer, namespace, partition } = query;
  for (const [name, value] of Object.entries({ dc: datacenter, peer, ns: namespace, partition })) {
    if (value) parameters.push(`${name}=${encodeURIComponent(value.toWellFormed())}`);
  }
  return `${base}/v1/catalog/services?${[...parameters, ...blocking(options)].join("&")}`;
}

function blocking({ position, waitMs }: ReadOptions): string[] {
  if (position === undefined || waitMs === undefined) return [];
  // Consul takes 0 for its default of five minutes.
  return [`index=${position}`, `wait=${Math.max(1, Math.round(waitMs))}ms`];
}

function encode(text: string, query: Query): string {
  try {
    return encodeURIComponent(text);
  } catch (cause) {
    const why = `half of a surrogate pair can't be encoded, received ${JSON.stringify(text)}`;
    throw unaskable(query, why, cause);
  }
}

function unaskable(query: Query, why: string, cause?: unknown): PilotedError {
  return new PilotedError(
    "CONFIG_INVALID",
    `Cannot ask Consul for service ${JSON.stringify(query.service)}: ${why}`,
    { service: query.service, cause },
  );
}
