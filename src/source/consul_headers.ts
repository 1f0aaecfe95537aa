/**
 * Headers of Consul's responses, decoded.
 *
 * @module
 */
import type { Freshness } from "./source.ts";

// "Blocking Queries" of Consul's HTTP API documentation: an index below 1 must be treated as 1.
const FIRST_INDEX = "1";
// Consul keeps its index in 64 bits and responds 400 to a larger one.
const LARGEST_INDEX = 2n ** 64n - 1n;

/**
 * The index to wait from.
 *
 * @param headers Headers of a response.
 * @returns A decimal string without leading zeros, at least `"1"`; `undefined` when there is none
 * that Consul would accept.
 */
export function decodeIndex(headers: Headers): string | undefined {
  const value = headers.get("X-Consul-Index");
  if (value === null || !/^\d{1,20}$/.test(value)) return undefined;
  const index = BigInt(value);
  if (index > LARGEST_INDEX) return undefined;
  return index === 0n ? FIRST_INDEX : String(index);
}

/**
 * What Consul says about the age of a response.
 *
 * @param headers Headers of a response.
 * @returns The values that are present and valid.
 */
export function decodeFreshness(headers: Headers): Freshness {
  const lastContactMs = decodeCount(headers.get("X-Consul-LastContact"));
  const ageS = decodeCount(headers.get("Age"));
  const knownLeader = headers.get("X-Consul-KnownLeader");
  const cache = headers.get("X-Cache")?.toLowerCase();
  const backend = headers.get("X-Consul-Query-Backend")?.toLowerCase();
  // The streaming backend sends the zero values of both: no contact, no leader.
  const isStreaming = backend === "streaming";
  return {
    ...((isStreaming || backend === "blocking-query") && { backend }),
    ...(!isStreaming && lastContactMs !== undefined && { lastContactMs }),
    ...(!isStreaming && (knownLeader === "true" || knownLeader === "false") && {
      knownLeader: knownLeader === "true",
    }),
    ...((cache === "hit" || cache === "miss") && { cache }),
    ...(ageS !== undefined && { ageMs: ageS * 1000 }),
  };
}

/**
 * What Consul says about entries that it does not show.
 *
 * @param headers Headers of a response.
 * @param hasToken Whether a token was sent.
 * @returns Whether the token hides entries, and whether there is nothing to see without one.
 */
export function decodeVisibility(
  headers: Headers,
  hasToken: boolean,
): { readonly hidden?: true; readonly deniedByDefault?: true } {
  const hidden = headers.get("X-Consul-Results-Filtered-By-ACLs") === "true";
  const denies = headers.get("X-Consul-Default-ACL-Policy")?.toLowerCase() === "deny";
  return { ...(hidden && { hidden }), ...(denies && !hasToken && { deniedByDefault: true }) };
}

/**
 * Which limit refused a request: too many connections at once, or too many requests.
 *
 * @param status Status of the response.
 * @param body Its body; an agent's own rate limit has none.
 * @returns `undefined` when it is no such refusal.
 */
export function decodeLimit(
  status: number,
  body: string | undefined,
): "rate" | "connections" | undefined {
  if (status === 429) return /concurrent connections/i.test(body ?? "") ? "connections" : "rate";
  return status === 503 && /rate limit exceeded/i.test(body ?? "") ? "rate" : undefined;
}

/**
 * Why Consul refused a request with 401 or 403.
 *
 * @param body Body of the response.
 * @returns Whether it is the token that is missing or not allowed, and a reason for a message.
 */
export function decodeDenial(body: string | undefined): { isToken: boolean; why: string } {
  // http_config.block_endpoints: no token would help.
  return /blocked by agent configuration/i.test(body ?? "")
    ? { isToken: false, why: "the agent's configuration blocks this endpoint (block_endpoints)" }
    : { isToken: true, why: "the token is missing or may not read it" };
}

function decodeCount(value: string | null): number | undefined {
  return value !== null && /^\d{1,12}$/.test(value) ? Number(value) : undefined;
}
