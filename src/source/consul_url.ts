/**
 * Addresses of Consul's HTTP API.
 *
 * @module
 */
import { PilotedError } from "../errors.ts";
import type { Query, ReadOptions } from "./source.ts";

/**
 * The address of one health query. The name is one encoded path segment whatever is in it, so it
 * can't reach another path of Consul's API. (Consul decodes the path before it looks for `/../` in
 * it, and then answers with a redirect, which nobody follows.)
 *
 * @param base `http://host:port`, without a trailing slash.
 * @param query What is asked.
 * @param options How it is asked.
 * @returns An absolute URL without credentials.
 * @throws {PilotedError} `CONFIG_INVALID` when no URL can carry the name, tag or datacenter.
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
  const { service, tag, datacenter } = query;
  const { consistency = "stale" } = options;
  // A URL resolves "." and ".." even when they are percent-encoded ("URL Standard", path states).
  if (service === "" || service === "." || service === "..") {
    throw unaskable(query, `no URL can carry the name, received ${JSON.stringify(service)}`);
  }
  const parameters: string[] = [];
  if (consistency !== "default") parameters.push(consistency);
  if (datacenter) parameters.push(`dc=${encode(datacenter, query)}`);
  if (tag) parameters.push(`tag=${encode(tag, query)}`);
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
