/**
 * Addresses of Consul's HTTP API.
 *
 * @module
 */
import { PilotedError } from "../errors.ts";
import type { Query, ReadOptions } from "./source.ts";

/**
 * The address of one health query. The name is one encoded path segment whatever is in it, so it
 * can't reach another path of Consul's API.
 *
 * @param base `http://host:port`, without a trailing slash.
 * @param query What is asked.
 * @param options How it is asked.
 * @returns An absolute URL without credentials.
 * @throws {PilotedError} `CONFIG_INVALID` when no URL can carry the name.
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
  const { index, waitMs, consistency = "stale" } = options;
  let parameters = "";
  if (consistency !== "default") parameters += `&${consistency}`;
  if (query.datacenter) parameters += `&dc=${encode(query.datacenter, query)}`;
  if (query.tag) parameters += `&tag=${encode(query.tag, query)}`;
  if (index !== undefined && waitMs !== undefined) {
    parameters += `&index=${index}&wait=${Math.round(waitMs)}ms`;
  }
  const path = `${base}/v1/health/service/${encode(query.service, query)}`;
  return parameters === "" ? path : `${path}?${parameters.slice(1)}`;
}

/**
 * The address of the summary of all services.
 *
 * @param base `http://host:port`, without a trailing slash.
 * @param options How it is asked.
 * @returns An absolute URL without credentials.
 */
export function summaryUrl(base: string, options: ReadOptions = {}): string {
  const { index, waitMs } = options;
  const blocking = index === undefined || waitMs === undefined
    ? ""
    : `&index=${index}&wait=${Math.round(waitMs)}ms`;
  return `${base}/v1/internal/ui/services?stale${blocking}`;
}

function encode(text: string, query: Query): string {
  // A URL resolves "." and ".." even when they are percent-encoded ("URL Standard", path states).
  if (text === "" || text === "." || text === "..") {
    throw unaskable(query, `no URL can carry it, received ${JSON.stringify(text)}`);
  }
  try {
    return encodeURIComponent(text);
  } catch (cause) {
    throw unaskable(query, "it has half of a surrogate pair", cause);
  }
}

function unaskable(query: Query, why: string, cause?: unknown): PilotedError {
  return new PilotedError(
    "CONFIG_INVALID",
    `Cannot ask Consul for service ${JSON.stringify(query.service)}: ${why}`,
    { service: query.service, cause },
  );
}
