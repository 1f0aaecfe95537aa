/**
 * Entity tags of lists.
 *
 * @module
 */
import { hashText } from "../../balance/hash_text.ts";
import { frozenJson } from "./json_body.ts";

const tags = new WeakMap<readonly unknown[], string>();

/**
 * Hashes the content of a list; the same content has the same hash in every process.
 *
 * @param list A frozen list.
 * @returns 16 hexadecimal digits.
 */
export function contentTag(list: readonly unknown[]): string {
  let tag = tags.get(list);
  if (tag === undefined) {
    const json = frozenJson(list);
    const half = (value: number) => (value >>> 0).toString(16).padStart(8, "0");
    tags.set(list, tag = half(hashText(json)) + half(hashText(`again ${json}`)));
  }
  return tag;
}

/**
 * Whether `If-None-Match` contains the entity tag of a response, so that a 304 is enough. The
 * comparison is weak (RFC 9110, section 13.1.2).
 *
 * @param header `If-None-Match` of the request.
 * @param etag Entity tag of the response.
 */
export function matchesEtag(header: string | undefined | null, etag: string): boolean {
  if (!header) return false;
  const opaque = etag.replace(/^W\//, "");
  return header.split(",").some((each) => {
    const known = each.trim();
    return known === "*" || known.replace(/^W\//, "") === opaque;
  });
}
