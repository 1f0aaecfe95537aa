/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * The pages as routes.
 *
 * @module
 */
import type { Context, Hono } from "hono";
import { endpointIdentity } from "../../endpoint.ts";
import type { EventLog } from "../events/event_log.ts";
import type { LookupClient } from "../lookup_client.ts";
import { problem } from "../routes/problem.ts";
import type { PickCounter } from "../metrics/pick_counter.ts";
import { type Asset, ASSETS } from "./assets.ts";
import { DocsPage } from "./docs_page.tsx";
import { History } from "./endpoint_history.ts";
import { LoginPage } from "./login_page.tsx";
import type { ServiceView } from "./service_card.tsx";
import { type PageView, ServicesPage } from "./services_page.tsx";
import type { Html } from "./html.ts";

/** Where the pages take what they show. */
export interface PageSources {
  /** The client. */
  readonly piloted: LookupClient;
  /** What happens. */
  readonly log: EventLog;
  /** Endpoints that were handed out. */
  readonly served: PickCounter;
  /** Time. */
  readonly now: () => number;
}

/** Paths of the pages and of what they load. */
export const PAGE_PATHS: readonly string[] = ["/", "/services/:name", "/docs", "/assets/:name"];

/**
 * Adds the pages: all services, one service, and the API.
 *
 * @param app The app.
 * @param sources Where the pages take what they show.
 */
export function addPages(app: Hono, sources: PageSources): void {
  const { piloted, log, now } = sources;
  const history = new History(piloted, log, now);
  const show = (
    c: Context,
    view: Pick<PageView, "services" | "events" | "only" | "query" | "root">,
  ) =>
    page(
      c,
      <ServicesPage
        view={{
          ...view,
          registry: piloted.status().registry,
          now: now(),
          live: piloted.on !== undefined,
        }}
      />,
    );

  app.get("/", async (c) => {
    await Promise.all(piloted.services.map((name) => piloted.load?.(name)));
    const query = (c.req.query("q") ?? "").trim();
    const services = piloted.services.map((name) => serviceView(name, sources, history));
    return show(c, {
      services: services.filter((view) => matches(view, query)),
      events: log.events,
      query,
      root: "./",
    });
  });
  app.get("/services/:name", async (c) => {
    const name = c.req.param("name");
    if (!piloted.services.includes(name)) {
      return problem(404, "Cannot show the service: it is not watched");
    }
    await piloted.load?.(name);
    const events = log.events.filter(({ service }) => service === name || service === undefined);
    const services = [serviceView(name, sources, history)];
    return show(c, { services, events, only: name, query: "", root: "../" });
  });
  app.get("/docs", async (c) => {
    const { openApiDocument } = await import("../routes/openapi.ts");
    return page(c, <DocsPage document={openApiDocument()} root="./" />, "public, max-age=300");
  });
  app.get("/assets/:name", (c) => {
    const name = c.req.param("name");
    if (!Object.hasOwn(ASSETS, name)) return problem(404, "Cannot find a file of that name");
    const { type, text }: Asset = ASSETS[name as keyof typeof ASSETS];
    return new Response(text, {
      headers: { "content-type": type, "cache-control": "public, max-age=31536000, immutable" },
    });
  });
}

/**
 * Asks a person for the token.
 *
 * @param c The request.
 * @param refused Whether a wrong one was given.
 * @returns 401 with a form.
 */
export async function loginResponse(c: Context, refused: boolean): Promise<Response> {
  const root = "../".repeat(c.req.path.split("/").length - 2) || "./";
  c.status(401);
  c.header("www-authenticate", `Bearer realm="piloted"`);
  return await page(c, <LoginPage root={root} refused={refused} />);
}

async function page(
  c: Context,
  content: Html,
  cacheControl = "no-store",
): Promise<Response> {
  c.header("cache-control", cacheControl);
  return c.html(`<!DOCTYPE html>${await content}`);
}

function serviceView(
  name: string,
  { piloted, served }: PageSources,
  history: History,
): ServiceView {
  const status = piloted.status(name);
  const loads = new Map(
    status.balance.endpoints.map((load) => [endpointIdentity(load.endpoint), load]),
  );
  const endpoints = piloted.serviceHosts(name).map((endpoint) => ({
    endpoint,
    load: loads.get(endpointIdentity(endpoint)),
    picks: served.count(endpoint),
  }));
  return { status, endpoints, counts: history.counts(name, endpoints.length) };
}

// The same as the script does, for those who have none.
function matches({ status, endpoints }: ServiceView, query: string): boolean {
  const text = [
    status.service,
    status.state,
    ...endpoints.flatMap((
      { endpoint },
    ) => [endpoint.host, endpoint.id, endpoint.zone, ...endpoint.tags]),
  ].join(" ").toLowerCase();
  return query.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}
