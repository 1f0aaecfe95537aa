/**
 * Redirects to an endpoint.
 *
 * @module
 */
import type { Endpoint } from "../../endpoint.ts";
import { schemeOf } from "../../endpoint_scheme.ts";
import { problem } from "./problem.ts";

/**
 * Redirects a request to an endpoint. The method, the path after `/redirect` and the query stay.
 *
 * @param endpoint The endpoint; its URL is `https` where its metadata has `scheme: "https"`.
 * @param requestUrl URL of the request.
 * @returns 307 to a URL of that endpoint, or 502 when its address and port are no valid URL host.
 */
export function redirectResponse(endpoint: Endpoint, requestUrl: string): Response {
  const origin = safeOrigin(endpoint);
  if (origin === undefined) {
    return problem(502, "Cannot redirect: the endpoint's address in the registry is not a host");
  }
  return new Response(null, {
    status: 307,
    headers: { location: `${origin}${restOf(requestUrl)}`, "cache-control": "no-store" },
  });
}

const ROUTE = /^[^:]+:\/\/[^/]*(?:\/.*?)??\/v1\/services\/[^/?]+\/redirect([/?][^#]*)?(?:#.*)?$/s;

// From the text of the URL, because parsing it would change the rest: `?` without a query, `..`.
function restOf(requestUrl: string): string {
  const [, rest = ""] = ROUTE.exec(requestUrl) ?? [];
  const path = rest.startsWith("/") ? rest : `/${rest}`;
  return path.replaceAll("\\", "%5C").replaceAll(/[^\x21-\x7e]/gu, encodeURIComponent);
}

// An address such as "host/path" or "user@host" must not redirect to a place of its choice.
function safeOrigin({ meta, host }: Endpoint): string | undefined {
  try {
    const url = new URL(`${schemeOf({ meta }, "http")}://${host}`);
    const bare = url.username === "" && url.password === "" && url.pathname === "/" &&
      url.search === "" && url.hash === "" && !/[\\/?#@]/.test(host);
    return bare ? url.origin : undefined;
  } catch {
    return undefined;
  }
}
