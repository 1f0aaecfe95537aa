/**
 * A fast path for the most frequent request, `GET /v1/services/:name/endpoint`.
 *
 * @module
 */
import type { Hono } from "hono";
import type { HostCheck } from "../host_check.ts";
import { OPERATIONS } from "./operations.ts";

/**
 * Handles `GET /v1/services/:name/endpoint` without parameters before Hono's router, for names that
 * need no URL encoding. Everything else, errors included, goes to the app. This saves a tenth of the
 * time of a lookup; most of the rest is the runtime's own HTTP.
 *
 * Only for an app that is served as it is and has no middleware on that route. Reading the header
 * `Host` takes Deno longer than the lookup, so here the host in the URL has to be one that was the
 * whole `Host` of an earlier request.
 *
 * @param app The app.
 * @param services Names of the watched services.
 * @param pickAtOnce Responds for a name; when it returns `undefined` or throws, the app handles the
 * request.
 * @param hosts Knows the hosts of earlier requests.
 */
export function addFastEndpoint(
  app: Hono,
  services: readonly string[],
  pickAtOnce: (service: string) => Response | undefined,
  hosts: HostCheck,
): void {
  const plain = services.filter((name) => encodeURIComponent(name) === name);
  const names = new Map(
    plain.map((name) => [OPERATIONS.endpoint.path.replace(":name", name), name]),
  );
  const dispatch = app.fetch;
  app.fetch = (request, env, context) => {
    if (request.method === "GET") {
      const { url } = request;
      // The path starts at the first slash after "http://" or "https://" and the host.
      const end = url.indexOf("/", 8);
      const name = names.get(url.slice(end));
      if (name !== undefined && hosts.knows(url.slice(url.indexOf("//") + 2, end))) {
        try {
          const response = pickAtOnce(name);
          if (response !== undefined) return response;
        } catch {
          // The app runs into the same error and turns it into a problem response.
        }
      }
    }
    return dispatch(request, env, context);
  };
}
