/**
 * Sending a caller on to an endpoint.
 *
 * @module
 */
import type { Endpoint } from "../../endpoint.ts";
import { problem } from "./problem.ts";

/**
 * Sends a request on. Its method, the path after `/redirect` and its query are kept as they are.
 *
 * @param endpoint Where to: over TLS where its metadata has `scheme: "https"`.
 * @param requestUrl URL of the request.
 * @returns 307 with a URL of that endpoint, never of another host.
 */
export function redirectResponse(endpoint: Endpoint, requestUrl: string): Response {
  const origin = safeOrigin(endpoint);
  if (origin === undefined) {
    return problem(502, "Cannot redirect: what the registry says is no host and port");
  }
  const { pathname, search } = new URL(requestUrl);
  const [, rest = "/"] = /\/v1\/services\/[^/]+\/redirect(\/.*)$/s.exec(pathname) ?? [];
  return new Response(null, {
    status: 307,
    headers: { location: `${origin}${rest}${search}`, "cache-control": "no-store" },
  });
}

// An address like "host/path" or "user@host" must not become another place than the endpoint.
function safeOrigin({ meta, host }: Endpoint): string | undefined {
  try {
    const url = new URL(`${meta.scheme === "https" ? "https" : "http"}://${host}`);
    const bare = url.username === "" && url.password === "" && url.pathname === "/" &&
      url.search === "" && url.hash === "" && !/[\\/?#@]/.test(host);
    return bare ? url.origin : undefined;
  } catch {
    return undefined;
  }
}
