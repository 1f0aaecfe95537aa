/**
 * Where the routes are mounted in another application.
 *
 * @module
 */
import type { Context, Hono, MiddlewareHandler } from "hono";

/**
 * The path that the routes are mounted below.
 *
 * @param c The request.
 * @param own Path of the handler that runs, as it was registered: `/docs`, or `*`.
 * @returns Such as `/discovery`; `""` for an app that is served as it is.
 */
export function mountPath(c: Context, own: string): string {
  const path = c.req.routePath;
  // Hono writes a mounted "/" as the path itself, and "*" as "/*".
  return own === "/" || own === "*"
    ? path.replace(/\/?\*?$/, "")
    : path.slice(0, path.length - own.length);
}

/**
 * The relative path from a request to the root of the routes.
 *
 * @param c The request.
 * @param own Path of the handler that runs, as it was registered.
 * @returns Such as `../`, with a slash at its end.
 */
export function rootOf(c: Context, own: string): string {
  const mount = mountPath(c, own);
  const rest = c.req.path.slice(mount.length);
  // A browser takes `/discovery` for a file, and links begin beside it.
  if (rest === "") return `./${mount.split("/").at(-1)}/`;
  return "../".repeat(rest.split("/").length - 2) || "./";
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
    const mount = mountPath(c, "*");
    const { search } = new URL(raw.url);
    if (path === `${mount}/`) {
      if (mount === "") return await next();
      return await app.fetch(new Request(new URL(`/${search}`, raw.url), raw), c.env);
    }
    // Relative, so that no path can lead to another host.
    const name = path.replace(/\/+$/, "").split("/").at(-1);
    const up = "../".repeat(path.length - path.replace(/\/+$/, "").length);
    return c.redirect(`${up}${name}${search}`, 308);
  };
  app.use("*", handler);
}
