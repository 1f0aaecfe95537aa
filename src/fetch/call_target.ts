/**
 * Where a call goes, and the endpoints that it may use.
 *
 * @module
 */
import type { PickOptions } from "../balance/balancer.ts";
import type { Lease } from "../balance/lease.ts";
import type { Endpoint } from "../endpoint.ts";
import { schemeOf } from "../endpoint_scheme.ts";
import { PilotedError } from "../errors.ts";
import type { CallPolicy } from "./call_options.ts";
import type { ResolvedFetchOptions } from "./fetch_options.ts";
import type { FetchSource } from "./fetch_source.ts";
import type { ServiceTraffic } from "./service_traffic.ts";

/** Where a call goes, and what it may do. */
export interface CallTarget {
  /** Gives its endpoints. */
  readonly source: FetchSource;
  /** The service. */
  readonly traffic: ServiceTraffic;
  /** URL whose host means the service. */
  readonly url: string;
  /** Index of the host in it. */
  readonly start: number;
  /** Index after the host. */
  readonly end: number;
  /** What it may do. */
  readonly policy: CallPolicy;
}

/** Something that an attempt was made at. */
export interface Tried {
  /** The endpoint. */
  readonly endpoint: Endpoint;
}

/**
 * Replaces the service in a URL by an endpoint.
 *
 * @param lease The endpoint.
 * @param target Where the call goes.
 * @returns The URL at the endpoint.
 */
export function addressOf({ endpoint }: Lease, { url, start, end }: CallTarget): string {
  // Called for every request: a constant is cheaper than a part of the URL.
  const scheme = schemeOf(endpoint, start === 7 ? "http" : "https") === "http"
    ? "http://"
    : "https://";
  return scheme + endpoint.host + url.slice(end);
}

/**
 * An endpoint for an attempt: one that has the tags of the call, and if possible one that has not asked
 * for a pause.
 *
 * @param target Where the call goes.
 * @param options Options.
 * @param init The request, for its key.
 * @param tried Endpoints that it must not be.
 * @returns The lease.
 * @throws {PilotedError} what the source throws, or `NO_ENDPOINTS`.
 */
export function acquireLease(
  target: CallTarget,
  options: ResolvedFetchOptions,
  init: RequestInit | undefined,
  tried: readonly Tried[] | undefined,
): Lease {
  const { source, traffic, policy: { tags, key: own }, url } = target;
  const key = own ?? options.key?.(url, init);
  if (tried === undefined && tags === undefined && !traffic.hasResting) {
    return source.acquire(traffic.service, key === undefined ? undefined : { key });
  }
  const isOut = (endpoint: Endpoint) =>
    (tried?.some((one) => one.endpoint.host === endpoint.host) ?? false) ||
    (tags !== undefined && !hasTags(endpoint, tags));
  const acquire = (exclude: NonNullable<PickOptions["exclude"]>) =>
    source.acquire(traffic.service, { ...(key === undefined ? {} : { key }), exclude });
  if (traffic.hasResting) {
    const now = options.clock.now();
    try {
      return acquire((endpoint) => isOut(endpoint) || traffic.isResting(endpoint.host, now));
    } catch (error) {
      if (!(error instanceof PilotedError) || error.code !== "NO_ENDPOINTS") throw error;
    }
  }
  if (tags === undefined || (tried?.length ?? 0) > 0) return acquire(isOut);
  try {
    return acquire(isOut);
  } catch (cause) {
    if (!(cause instanceof PilotedError) || cause.code !== "NO_ENDPOINTS") throw cause;
    const { service } = traffic;
    const message = `Cannot pick an endpoint of ${service} with the tags ${tags.join(", ")}`;
    throw new PilotedError("NO_ENDPOINTS", `${message}: ${cause.message}`, { cause, service });
  }
}

function hasTags({ tags }: Endpoint, wanted: readonly string[]): boolean {
  return wanted.every((tag) => tags.some((each) => each.toLowerCase() === tag));
}
