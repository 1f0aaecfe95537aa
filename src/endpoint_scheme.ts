/**
 * Whether an endpoint is reached over TLS.
 *
 * @module
 */
import type { Endpoint } from "./endpoint.ts";

/**
 * Scheme of the URL of an endpoint: `https` where its metadata has `scheme: "https"` or
 * `secure: "true"`, else what the caller asks for.
 *
 * @param endpoint The endpoint.
 * @param asked Scheme of the URL with the name of the service.
 * @returns The scheme.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { schemeOf } from "./endpoint_scheme.ts";
 *
 * assertEquals(schemeOf({ meta: { secure: "true" } }, "http"), "https");
 * ```
 */
export function schemeOf(
  endpoint: Pick<Endpoint, "meta">,
  asked: "http" | "https",
): "http" | "https" {
  const { scheme, secure } = endpoint.meta;
  return scheme === "https" || secure === "true" ? "https" : asked;
}
