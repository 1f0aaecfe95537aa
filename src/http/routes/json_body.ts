/**
 * JSON bodies. Endpoints and lists never change, so their JSON is cached.
 *
 * @module
 */
import type { RegistrationStatus } from "../../registration_status.ts";
import { LARGE_BYTES } from "../pending_bytes.ts";
import type { Endpoint } from "../../endpoint.ts";
import type { ServiceStatus, WatchStatus } from "../../watch/status.ts";

const cache = new WeakMap<object, string>();
const byteCache = new WeakMap<object, Uint8Array>();
const encoder = new TextEncoder();

/** JSON in parts, to be sent one after the other. Parts of bytes are shared. */
export type JsonParts = readonly (string | Uint8Array)[];

/**
 * Serializes an endpoint or a list of endpoints.
 *
 * @param value A frozen object.
 * @returns JSON, created once per object.
 */
export function frozenJson(value: Endpoint | readonly unknown[]): string {
  let json = cache.get(value);
  if (json === undefined) cache.set(value, json = JSON.stringify(value));
  return json;
}

/**
 * Serializes a list of endpoints: as bytes that all who send it share when it is long.
 *
 * @param list A frozen list.
 * @returns JSON, created once per list.
 */
function listJson(list: readonly unknown[]): string | Uint8Array {
  const known = byteCache.get(list);
  if (known !== undefined) return known;
  const json = cache.get(list) ?? JSON.stringify(list);
  if (json.length < LARGE_BYTES) {
    cache.set(list, json);
    return json;
  }
  const bytes = encoder.encode(json);
  byteCache.set(list, bytes);
  return bytes;
}

const JSON_INIT: ResponseInit = { headers: { "content-type": "application/json" } };

/**
 * Creates a response with status 200.
 *
 * @param json The body.
 * @param cacheControl Value of `Cache-Control`. @default {"no-store"}
 * @returns The response.
 */
export function jsonResponse(
  json: string | ReadableStream<Uint8Array>,
  cacheControl = "no-store",
): Response {
  // Deno creates a response with one literal header and a second one appended ten times as fast as
  // one with two literal headers.
  const response = new Response(json, JSON_INIT);
  response.headers.append("cache-control", cacheControl);
  return response;
}

/**
 * One entry of the list of services.
 *
 * @param status Status of the service.
 * @returns Plain data.
 */
export function serviceSummary(status: ServiceStatus): Record<string, unknown> {
  const { service, state, endpointCount, ageMs, reason, failover } = status;
  return { service, state, endpointCount, ageMs, reason, failover };
}

/**
 * Everything about a service except its endpoints.
 *
 * @param status Status of the service.
 * @returns Plain data.
 */
export function serviceFacts(status: ServiceStatus): Record<string, unknown> {
  const { picker, leaser, pendingCount, ejectedCount, panic, localShare } = status.balance;
  return {
    ...serviceSummary(status),
    balance: { picker, leaser, pendingCount, ejectedCount, panic, localShare },
    watches: status.watches.map(watchFacts),
  };
}

/**
 * Everything about a registration of this process but the output of its check.
 *
 * @param status Its status.
 */
export function registrationFacts(status: RegistrationStatus): Record<string, unknown> {
  const { output: _output, error: _error, latency: _latency, missedTtl, ...facts } = status;
  return { ...facts, missedTtl: missedTtl?.reason };
}

/**
 * Everything about a service and its endpoints.
 *
 * @param status Status of the service.
 * @param index Index of the list.
 * @param endpoints The list, or the part of it that was requested.
 * @returns JSON.
 */
export function serviceJson(
  status: ServiceStatus,
  index: number,
  endpoints: readonly Endpoint[],
): JsonParts {
  const head = JSON.stringify({ ...serviceFacts(status), index });
  return [`${head.slice(0, -1)},"endpoints":`, listJson(endpoints), "}"];
}

// Of an error only code and message are sent.
function watchFacts(status: WatchStatus): Record<string, unknown> {
  const { service: _service, error, ...facts } = status;
  return { ...facts, error: error && { code: error.code, message: error.message } };
}
