/** Hono in front of and behind a service: a gateway with `proxy`, and a typed client with `hc`. */
import { createFetch, type Piloted } from "@piloted/core";
import { Hono } from "hono";
import { hc } from "hono/client";
import { proxy } from "hono/proxy";

/**
 * Makes a gateway: `/customers/orders/7` is `/orders/7` of a healthy endpoint of `customers`.
 *
 * @param piloted Watches the services.
 * @returns The application.
 */
export function gateway(piloted: Piloted): Hono {
  const app = new Hono();
  // A gateway never sends a request to a host that nobody watches.
  const balanced = createFetch(piloted, { unknownHosts: "reject" });
  app.all("/:service/*", (context) => {
    const { service } = context.req.param();
    if (!piloted.has(service)) return context.notFound();
    const { pathname, search } = new URL(context.req.url);
    const path = pathname.slice(service.length + 1);
    return proxy(`http://${service}${path}${search}`, {
      raw: context.req.raw,
      customFetch: (request) => balanced(request),
    });
  });
  return app;
}

/**
 * Makes a typed client of a service that is a Hono application.
 *
 * @param piloted Watches the service.
 * @param service Name of the service.
 * @returns The client, as `hc()` makes it.
 */
// Hono's own constraint.
// deno-lint-ignore no-explicit-any
export function clientOf<App extends Hono<any, any, any>>(
  piloted: Piloted,
  service: string,
): ReturnType<typeof hc<App>> {
  const balanced = createFetch(piloted, { unknownHosts: "reject" });
  return hc<App>(`http://${service}/`, { fetch: balanced as typeof fetch });
}
