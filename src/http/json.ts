/**
 * Bodies of the answers. What never changes is turned into text once.
 *
 * @module
 */
import type { ServiceStatus, WatchStatus } from "../discovery/status.ts";
import type { Endpoint } from "../endpoint.ts";

// Endpoints are frozen and shared, and so are their lists: their text can be kept with them.
const texts = new WeakMap<object, string>();

/**
 * An endpoint, or a list of endpoints, as JSON.
 *
 * @param value A frozen one.
 * @returns The text, made once for each object.
 */
export function frozenJson(value: Endpoint | readonly Endpoint[]): string {
  let text = texts.get(value);
  if (text === undefined) texts.set(value, text = JSON.stringify(value));
  return text;
}

/**
 * A successful answer that must be asked for anew each time.
 *
 * @param text JSON.
 * @param cacheControl Who may keep it.
 * @returns The response.
 */
export function jsonResponse(text: string, cacheControl = "no-store"): Response {
  // Deno makes a response with one literal header, and a second one set later, ten times as fast
  // as one with two literal headers.
  const response = new Response(text, { headers: { "content-type": "application/json" } });
  response.headers.set("cache-control", cacheControl);
  return response;
}

/**
 * One line of the list of services.
 *
 * @param status What is known of it.
 * @returns Plain data.
 */
export function serviceSummary(status: ServiceStatus): Record<string, unknown> {
  const { watches: _watches, ...summary } = status;
  return summary;
}

/**
 * All that is known of a service, and its endpoints.
 *
 * @param status What is known of it.
 * @param endpoints Its current list.
 * @returns JSON.
 */
export function serviceJson(status: ServiceStatus, endpoints: readonly Endpoint[]): string {
  const { endpoints: _count, watches, ...facts } = status;
  const head = JSON.stringify({ ...facts, watches: watches.map(watchFacts) });
  return `${head.slice(0, -1)},"endpoints":${frozenJson(endpoints)}}`;
}

/**
 * One watch.
 *
 * @param status What is known of it.
 * @returns Plain data: an error is told by its code and message.
 */
export function watchFacts(status: WatchStatus): Record<string, unknown> {
  const { service: _service, error, ...facts } = status;
  return { ...facts, error: error && { code: error.code, message: error.message } };
}
