/**
 * Options of one call of the balanced fetch.
 *
 * @module
 */
import type { PickOptions } from "../balance/balancer.ts";
import { checkSplit, type TrafficSplit } from "../balance/split.ts";
import { checkOptions } from "../check_options.ts";
import { checkFilter, type EndpointFilter } from "../endpoint_filter.ts";
import type { ResolvedFetchOptions } from "./fetch_options.ts";
import type { ResolvedHedge } from "./hedge_options.ts";
import type { ResolvedRoute } from "./routes.ts";

/**
 * Options of one call, in the field `piloted` of its init: they win over those of `createFetch()`. With
 * `tags`, `zone`, `version` and `meta`, only endpoints that match.
 */
export interface FetchCallOptions extends EndpointFilter {
  /** Time for all attempts together until the head of a response, in milliseconds. */
  timeoutMs?: number | undefined;
  /** Key of this request, for the balancers `hash` and `bounded-hash`, and for a `split`. */
  key?: string | undefined;
  /** What is retried. */
  retry?: "idempotent" | "always" | "never" | undefined;
  /** Shares of the requests by value of one key of the metadata. */
  split?: TrafficSplit | undefined;
}

/** The init of a balanced fetch. */
export interface PilotedRequestInit extends RequestInit {
  /** Options of this call. */
  piloted?: FetchCallOptions | undefined;
}

/** A `fetch` that takes {@linkcode FetchCallOptions} in its init. */
export type PilotedFetch = (
  input: string | URL | Request,
  init?: PilotedRequestInit,
) => Promise<Response>;

/** What one call may do. */
export interface CallPolicy {
  /** Time for all attempts together, in milliseconds. */
  readonly timeoutMs: number;
  /** What is retried. */
  readonly retry: "idempotent" | "always" | "never";
  /** Key for the balancer. */
  readonly key: string | undefined;
  /** Which endpoints it may use, and their shares; `undefined` for any. */
  readonly pick: PickOptions | undefined;
  /** When it is hedged; `undefined` for never. */
  readonly hedge: ResolvedHedge | undefined;
}

/**
 * Takes the options of a call out of its init.
 *
 * @param init The init, with `piloted`.
 * @returns The options, and the init for the platform.
 * @throws {TypeError} when an option is unknown or of the wrong type.
 * @throws {RangeError} when a number is out of its range.
 */
export function takeCallOptions(
  init: PilotedRequestInit,
): { readonly call: FetchCallOptions; readonly init: RequestInit } {
  const { piloted: call = {}, ...rest } = init;
  checkOptions("piloted in fetch()", call, {
    timeoutMs: { type: "number", min: 0 },
    key: { type: "string" },
    retry: { type: "one-of", values: ["idempotent", "always", "never"] },
    tags: { type: "any" },
    zone: { type: "any" },
    version: { type: "any" },
    meta: { type: "any" },
    split: { type: "object" },
  });
  checkFilter(call, "piloted in fetch()");
  if (call.split !== undefined) checkSplit(call.split, "piloted in fetch()");
  return { call, init: rest };
}

/**
 * What a call may do.
 *
 * @param options Options of the fetch.
 * @param call Options of the call.
 * @param tag A tag that was part of the host.
 * @param route The route that the request matches.
 * @returns All together.
 */
export function policyOf(
  options: ResolvedFetchOptions,
  call: FetchCallOptions = {},
  tag?: string | undefined,
  route?: ResolvedRoute | undefined,
): CallPolicy {
  return {
    timeoutMs: call.timeoutMs ?? route?.timeoutMs ?? options.timeoutMs,
    retry: call.retry ?? route?.retry ?? options.retry,
    key: call.key,
    pick: pickOf(call, tag, call.split ?? options.split),
    hedge: route?.hedge === undefined ? options.hedge : route.hedge[0],
  };
}

// Only what is given becomes a field: a source of the user's own may not know them.
function pickOf(
  { tags = [], zone, version, meta }: FetchCallOptions,
  tag: string | undefined,
  split: TrafficSplit | undefined,
): PickOptions | undefined {
  const pick: PickOptions = {};
  if (tags.length > 0 || tag !== undefined) pick.tags = tag === undefined ? tags : [...tags, tag];
  if (zone !== undefined) pick.zone = zone;
  if (version !== undefined) pick.version = version;
  if (meta !== undefined) pick.meta = meta;
  if (split !== undefined) pick.split = split;
  for (const _ in pick) return pick;
  return undefined;
}
