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
  return {
    ...(lastContactMs !== undefined && { lastContactMs }),
    ...((knownLeader === "true" || knownLeader === "false") && {
      knownLeader: knownLeader === "true",
    }),
    ...((cache === "hit" || cache === "miss") && { cache }),
    ...(ageS !== undefined && { ageMs: ageS * 1000 }),
  };
}

function decodeCount(value: string | null): number | undefined {
  return value !== null && /^\d{1,12}$/.test(value) ? Number(value) : undefined;
}
