/**
 * Which endpoints of a service are meant.
 *
 * @module
 */
import type { Endpoint } from "./endpoint.ts";

/** Which endpoints of a service are meant: those that match everything that is given. */
export interface EndpointFilter {
  /** Tags that an endpoint must all have, compared without case, as Consul does. @default {[]} */
  tags?: readonly string[] | undefined;
  /** Zone of the endpoint; `""` for those without one. @default {any} */
  zone?: string | undefined;
  /** `version` in the metadata of the endpoint. @default {any} */
  version?: string | undefined;
  /** Metadata that the endpoint must have, by key. @default {{}} */
  meta?: Readonly<Record<string, string>> | undefined;
}

/** How many values a message lists. */
const MOST_VALUES = 10;

/** How much of a text a message shows. */
const LONGEST_TEXT = 100;

/**
 * Checks a filter.
 *
 * @param filter What the caller gave; other fields than those of a filter are not looked at.
 * @param caller What takes it, for messages, such as `"pick()"`.
 * @throws {TypeError} when a field is of the wrong type.
 */
export function checkFilter(filter: EndpointFilter, caller: string): void {
  const { tags, zone, version, meta } = filter;
  const fail = (name: string, expected: string, value: unknown) =>
    new TypeError(
      `Cannot use option ${name} of ${caller}: it must be ${expected}, received ${show(value)}`,
    );
  if (tags !== undefined && !(Array.isArray(tags) && tags.every(isText))) {
    const wrong = Array.isArray(tags) ? tags.find((tag) => !isText(tag)) : undefined;
    const place = wrong === undefined ? tags : wrong;
    throw fail("tags", "a list of texts", place);
  }
  if (zone !== undefined && !isText(zone)) throw fail("zone", "a text", zone);
  if (version !== undefined && !isText(version)) throw fail("version", "a text", version);
  if (meta === undefined) return;
  if (typeof meta !== "object" || meta === null || Array.isArray(meta)) {
    throw fail("meta", "an object of texts", meta);
  }
  for (const [key, value] of Object.entries(meta)) {
    if (!isText(value)) throw fail(`meta.${key}`, "a text", value);
  }
}

/**
 * The same text for filters that mean the same: order and case of tags do not matter, and `version`
 * is a key of the metadata.
 *
 * @param filter A checked filter.
 * @returns A text for use as a key; that of no filter is the same as that of an empty one.
 */
export function filterKey(filter: EndpointFilter): string {
  const { tags, zone, meta } = normalize(filter);
  return JSON.stringify([tags, zone, meta]);
}

/**
 * A function that tells which endpoints match.
 *
 * @param filter A checked filter; later changes to it have no effect.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { matcherOf } from "./endpoint_filter.ts";
 * import type { Endpoint } from "./endpoint.ts";
 *
 * const endpoint = { tags: ["Primary"], zone: "", meta: { version: "2" } } as unknown as Endpoint;
 * assertEquals(matcherOf({ tags: ["primary"], version: "2" })(endpoint), true);
 * assertEquals(matcherOf({ version: "1" })(endpoint), false);
 * ```
 */
export function matcherOf(filter: EndpointFilter): (endpoint: Endpoint) => boolean {
  const { tags, zone, meta } = normalize(filter);
  return (endpoint) => {
    if (zone !== undefined && endpoint.zone !== zone) return false;
    for (const [key, value] of meta) if (metaOf(endpoint, key) !== value) return false;
    for (const tag of tags) {
      if (!endpoint.tags.some((each) => each.toLowerCase() === tag)) return false;
    }
    return true;
  };
}

/**
 * A filter for messages.
 *
 * @param filter A checked filter.
 * @returns Such as `tag "primary", version "2"`.
 */
export function describeFilter(filter: EndpointFilter): string {
  const { tags = [], zone, version, meta = {} } = filter;
  const parts = tags.map((tag) => `tag ${quote(tag)}`);
  if (zone !== undefined) parts.push(`zone ${quote(zone)}`);
  if (version !== undefined) parts.push(`version ${quote(version)}`);
  for (const [key, value] of Object.entries(meta)) parts.push(`meta.${key} ${quote(value)}`);
  return parts.join(", ");
}

/**
 * The values that there are of everything that a filter looks at, for messages.
 *
 * @param filter A checked filter.
 * @param endpoints Endpoints.
 * @returns Such as `versions are "1" and "2"`.
 */
export function describeValues(filter: EndpointFilter, endpoints: readonly Endpoint[]): string {
  const { tags = [], zone, version, meta = {} } = filter;
  const parts: string[] = [];
  const add = (name: string, values: readonly (string | undefined)[]) => {
    const known = [...new Set(values)].filter((value) => value !== undefined && value !== "");
    parts.push(`${name}: ${known.length === 0 ? "none" : list(known as string[])}`);
  };
  if (tags.length > 0) add("tags there are", endpoints.flatMap((endpoint) => endpoint.tags));
  if (zone !== undefined) add("zones there are", endpoints.map((endpoint) => endpoint.zone));
  const keys = Object.keys(meta).map((key) => [`values of meta.${key}`, key]);
  if (version !== undefined) keys.unshift(["versions there are", "version"]);
  for (const [name, key] of keys) add(name!, endpoints.map((one) => metaOf(one, key!)));
  return parts.join("; ");
}

interface Normalized {
  readonly tags: readonly string[];
  readonly zone: string | undefined;
  readonly meta: readonly (readonly [key: string, value: string])[];
}

function normalize({ tags = [], zone, version, meta = {} }: EndpointFilter): Normalized {
  const entries = Object.entries(meta);
  if (version !== undefined && !(Object.hasOwn(meta, "version") && meta.version === version)) {
    entries.push(["version", version]);
  }
  return {
    tags: [...new Set(tags.map((tag) => tag.toLowerCase()))].sort(),
    zone,
    meta: entries.sort(([a, x], [b, y]) => a === b ? (x < y ? -1 : 1) : a < b ? -1 : 1),
  };
}

function metaOf({ meta }: Endpoint, key: string): string | undefined {
  return Object.hasOwn(meta, key) ? meta[key] : undefined;
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function list(values: readonly string[]): string {
  const shown = values.slice(0, MOST_VALUES).map(quote).join(", ");
  const left = values.length - MOST_VALUES;
  return left > 0 ? `${shown} and ${left} more` : shown;
}

function quote(text: string): string {
  const isLong = text.length > LONGEST_TEXT;
  return JSON.stringify(isLong ? `${text.slice(0, LONGEST_TEXT)}...` : text);
}

function show(value: unknown): string {
  if (typeof value === "string") return quote(value);
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "an object";
  return typeof value === "function" ? "a function" : String(value);
}
