/**
 * Bodies of the answers. What never changes is turned into text once.
 *
 * @module
 */
import type { ServiceStatus, WatchStatus } from "../watch/status.ts";
import type { Endpoint } from "../endpoint.ts";

// Endpoints are frozen and shared, and so are their lists: their text can be kept with them.
const texts = new WeakMap<object, string>();

/**
 * An endpoint, or a list of endpoints, as JSON.
 *
 * @param value A frozen one.
 * @returns The text, made once for each object.
 */
export function frozenJson(value: Endpoint | readonly unknown[]): string {
  let text = texts.get(value);
  if (text === undefined) texts.set(value, text = JSON.stringify(value));
  return text;
}

const JSON_INIT: ResponseInit = { headers: { "content-type": "application/json" } };

/**
 * A successful answer.
 *
 * @param text JSON.
 * @param cacheControl Who may keep it. @default {"no-store": nobody}
 * @returns The response.
 */
export function jsonResponse(text: string, cacheControl = "no-store"): Response {
  // Deno makes a response with one literal header, and a second one added later, ten times as fast
  // as one with two literal headers.
  const response = new Response(text, JSON_INIT);
  response.headers.append("cache-control", cacheControl);
  return response;
}

/**
 * One line of the list of services.
 *
 * @param status What is known of it.
 * @returns Plain data.
 */
export function serviceSummary(status: ServiceStatus): Record<string, unknown> {
  const { service, state, endpointCount, ageMs, reason, failover } = status;
  return { service, state, endpointCount, ageMs, reason, failover };
}

/**
 * All that is known of a service, without its endpoints.
 *
 * @param status What is known of it.
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
 * All that is known of a service, and its endpoints.
 *
 * @param status What is known of it.
 * @param index Version of the list.
 * @param endpoints Its list.
 * @returns JSON.
 */
export function serviceJson(
  status: ServiceStatus,
  index: number,
  endpoints: readonly Endpoint[],
): string {
  const { endpoints: _count, ...facts } = serviceFacts(status);
  const head = JSON.stringify({ ...facts, index });
  return `${head.slice(0, -1)},"endpoints":${frozenJson(endpoints)}}`;
}

// An error is told by its code and message only.
function watchFacts(status: WatchStatus): Record<string, unknown> {
  const { service: _service, error, ...facts } = status;
  return { ...facts, error: error && { code: error.code, message: error.message } };
}
