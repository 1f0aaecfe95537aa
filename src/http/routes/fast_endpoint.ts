/**
 * The one question that is asked all the time, answered before Hono looks for a route.
 *
 * @module
 */
import type { Hono } from "hono";
import { OPERATIONS } from "./operations.ts";

/**
 * Answers `GET /v1/services/:name/endpoint` without parameters by itself, for names that need no
 * decoding; everything else, errors as well, is left to the app. That saves a tenth of a lookup's
 * time, most of which is the runtime's own HTTP.
 *
 * Only for an app that is served as it is and has no middleware on that route.
 *
 * @param app The app.
 * @param services Names to look for.
 * @param answer Answers for a name; `undefined` or an error leaves it to the app.
 */
export function addFastEndpoint(
  app: Hono,
  services: readonly string[],
  answer: (service: string) => Response | undefined,
): void {
  const plain = services.filter((name) => encodeURIComponent(name) === name);
  const names = new Map(
    plain.map((name) => [OPERATIONS.endpoint.path.replace(":name", name), name]),
  );
  const dispatch = app.fetch;
  app.fetch = (request, env, context) => {
    if (request.method === "GET") {
      const { url } = request;
      // The first slash after "http://" or "https://" and a host of at least one character.
      const name = names.get(url.slice(url.indexOf("/", 8)));
      if (name !== undefined) {
        try {
          const response = answer(name);
          if (response !== undefined) return response;
        } catch {
          // The app comes to the same error, and says it properly.
        }
      }
    }
    return dispatch(request, env, context);
  };
}
