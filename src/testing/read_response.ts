/**
 * Responds to a read of the catalog: parameters, wait, access control and headers.
 *
 * @module
 */
import { parseReadQuery, type ReadQuery, waitForIndex } from "./blocking_query.ts";
import {
  type Caller,
  callerOf,
  type ConsulContext,
  type ConsulState,
  type DatacenterState,
  filteredHeaders,
  json,
  paramsOf,
} from "./consul_context.ts";
import type { JsonForm } from "./consul_json.ts";
import { NO_INDEX, Refusal } from "./refusal.ts";

/** What a route reads. */
export interface Reader {
  /** Returns the index that the response depends on. */
  index(datacenter: DatacenterState): bigint;
  /** Returns the body of the response, and whether the caller may not see all of it. */
  value(
    datacenter: DatacenterState,
    caller: Caller,
    form: JsonForm,
  ): { readonly body: unknown; readonly hidden: boolean };
  /** Whether it is one of the routes that the agent's cache never answers. */
  readonly internal?: boolean;
  /** Whether the streaming backend can answer it. */
  readonly streamable?: boolean;
}

/**
 * Responds to a read.
 *
 * @param context The request.
 * @param state State to read.
 * @param cache Keys of what the agent's cache contains.
 * @param reader What to read.
 * @returns The response, once the index is high enough or the wait is over.
 * @throws {Refusal} when Consul would reject the request.
 */
export async function respond(
  context: ConsulContext,
  state: ConsulState,
  cache: Set<string>,
  reader: Reader,
): Promise<Response> {
  const params = paramsOf(context);
  const query = parseReadQuery(params);
  const datacenter = datacenterOf(context, state);
  const before = callerOf(context, state, NO_INDEX);
  if (params.has("connect")) {
    throw new Refusal(400, "The embedded Consul does not support ?connect");
  }
  const { clock, random, profile, enterprise } = state;
  const { signal } = context.env;
  const current = () => reader.index(datacenter);
  const waited = await waitForIndex(datacenter.catalog, current, query, { clock, random, signal });
  // A token that was revoked meanwhile is noticed when something changed, and not when the wait is over.
  const unchanged = waited && current() <= query.index;
  const caller = unchanged ? before : callerOf(context, state, NO_INDEX);
  const form = { datacenter: datacenter.name, profile, enterprise };
  const { body, hidden } = reader.value(datacenter, caller, form);
  const index = current();
  return json(context, state, body, {
    "X-Consul-Index": String(index > 0n ? index : 1n),
    ...backendHeaders(state, query, params, reader),
    ...reader.internal !== true && cacheHeaders(context, query, cache, waited),
    ...filteredHeaders(state, caller, hidden),
  });
}

/**
 * Returns the datacenter that a request names.
 *
 * @param context The request.
 * @param state State with the datacenters.
 * @returns The datacenter; the agent's own if it names none.
 * @throws {Refusal} 500 when there is none of this name.
 */
export function datacenterOf(context: ConsulContext, state: ConsulState): DatacenterState {
  const name = paramsOf(context).get("dc") || state.local.name;
  const datacenter = state.datacenters.get(name);
  if (datacenter === undefined) throw new Refusal(500, "No path to datacenter", NO_INDEX);
  return datacenter;
}

// `useStreaming` of `agent/rpcclient/health/health.go`: with an index or ?cached, and without ?near.
// The view knows no leader, no contact and no consistency; `setMeta` of `agent/http.go` sends the zero
// values of the first two.
function backendHeaders(
  { streaming, profile }: ConsulState,
  query: ReadQuery,
  params: URLSearchParams,
  { internal, streamable }: Reader,
): Record<string, string> {
  const streamed = streaming && streamable === true && (query.index > 0n || query.cached) &&
    !params.get("near") && !params.has("merge-central-config");
  if (streamed) return { ...STREAMED };
  return {
    "X-Consul-Knownleader": "true",
    "X-Consul-Lastcontact": "0",
    ...internal !== true && { "X-Consul-Effective-Consistency": query.consistency },
    ...profile.queryBackend && { "X-Consul-Query-Backend": "blocking-query" },
  };
}

const STREAMED = Object.freeze({
  "X-Consul-Knownleader": "false",
  "X-Consul-Lastcontact": "0",
  "X-Consul-Query-Backend": "streaming",
});

// The agent's cache runs its own blocking query, so a hit is never old.
function cacheHeaders(
  context: ConsulContext,
  query: ReadQuery,
  cache: Set<string>,
  waited: boolean,
): Record<string, string> {
  if (!query.cached) return {};
  const url = new URL(context.req.url);
  for (const name of ["index", "wait", "stale", "pretty"]) url.searchParams.delete(name);
  const key = `${url.pathname}?${url.searchParams}`;
  if (cache.has(key) && !waited) return { "X-Cache": "HIT", Age: "0" };
  cache.add(key);
  return { "X-Cache": "MISS" };
}
