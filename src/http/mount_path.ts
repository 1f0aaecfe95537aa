/**
 * Where the routes are mounted in another application.
 *
 * @module
 */
import type { Context, Hono, MiddlewareHandler } from "hono";

/** Where a request goes. */
interface Place {
  /** Path of the root of the routes, such as `/discovery`; `""` for an app that is served as it is. */
  readonly mount: string;
  /** The rest of the path, such as `/v1/services`; `""` for the root without a slash. */
  readonly own: string;
}

// Patterns of which the number of segments is not known: `:path{.+}`, `:page?`, `*`.
const OPEN_ENDED = /[{?*]/;

/**
 * Splits the path of a request where the routes are mounted.
 *
 * @param c The request.
 * @param handler Path of the handler that runs, as it was registered: `/docs`, or `*`.
 * @returns Where the request goes; `undefined` below a pattern that matches any number of segments.
 */
export function placeOf(c: Context, handler: string): Place | undefined {
  const { path, routePath } = c.req;
  // Hono writes a mounted "/" as the path itself, and "*" as "/*".
  const pattern = handler === "/" || handler === "*"
    ? routePath.replace(/\/?\*?$/, "")
    : routePath.slice(0, routePath.length - handler.length);
  if (OPEN_ENDED.test(pattern)) return undefined;
  // A parameter of the pattern is as long as what it stands for, so segments are counted.
  const count = pattern.split("/").length;
  const segments = path.split("/");
  const mount = segments.slice(0, count).join("/");
  return { mount, own: path.slice(mount.length) };
}

/**
 * The relative path from a request to the root of the routes.
 *
 * @param c The request.
 * @param handler Path of the handler that runs, as it was registered.
 * @returns Such as `../`, with a slash at its end.
 */
export function rootOf(c: Context, handler: string): string {
  const place = placeOf(c, handler);
  const own = place?.own ?? handler.replace("*", "");
  // A browser takes `/discovery` for a file, and links begin beside it.
  if (own === "") return `./${place?.mount.split("/").at(-1) ?? ""}/`;
  return "../".repeat(own.split("/").length - 2) || "./";
}

/**
 * Serves what has a slash too many at its end: the root of mounted routes as it is, anything else by a
 * redirect to the path without it. Registered last.
 *
 * @param app The app.
 */
export function addTrailingSlash(app: Hono): void {
  const handler: MiddlewareHandler = async (c, next) => {
    const { path, method, raw } = c.req;
    if (!path.endsWith("/") || (method !== "GET" && method !== "HEAD")) return await next();
    const place = placeOf(c, "*");
    const { search } = new URL(raw.url);
    if (place?.own === "/") {
      if (place.mount === "") return await next();
      return await app.fetch(new Request(new URL(`/${search}`, raw.url), raw), c.env);
    }
    // Relative, so that no path can lead to another host.
    const name = path.replace(/\/+$/, "").split("/").at(-1);
    const up = "../".repeat(path.length - path.replace(/\/+$/, "").length);
    return c.redirect(`${up}${name}${search}`, 308);
  };
  app.use("*", handler);
}
