/**
 * Where a call goes, and the endpoints that it may use.
 *
 * @module
 */
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
 * An endpoint for an attempt: one that matches the filter of the call, and if possible one that has not asked
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
  const { source, traffic, policy: { pick, key: own }, url } = target;
  const key = own ?? options.key?.(url, init);
  const given = key === undefined ? pick : { ...pick, key };
  const { service } = traffic;
  if (tried === undefined && !traffic.hasResting) return source.acquire(service, given);
  const isTried = ({ host }: Endpoint) =>
    tried?.some(({ endpoint }) => endpoint.host === host) ?? false;
  if (traffic.hasResting) {
    const now = options.clock.now();
    const exclude = (endpoint: Endpoint) =>
      isTried(endpoint) || traffic.isResting(endpoint.host, now);
    try {
      return source.acquire(service, { ...given, exclude });
    } catch (error) {
      if (!(error instanceof PilotedError) || error.code !== "NO_ENDPOINTS") throw error;
    }
  }
  return source.acquire(service, tried === undefined ? given : { ...given, exclude: isTried });
}
