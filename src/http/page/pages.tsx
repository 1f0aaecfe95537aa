/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * Routes of the pages and of the files that they load.
 *
 * @module
 */
import type { Context, Hono } from "hono";
import { endpointIdentity } from "../../endpoint.ts";
import type { EventLog } from "../events/event_log.ts";
import { loadOpenApi } from "../lazy_modules.ts";
import type { LookupClient } from "../lookup_client.ts";
import type { PickCounter } from "../metrics/pick_counter.ts";
import { problem } from "../routes/problem.ts";
import { type Asset, ASSETS } from "./assets.ts";
import { DocsPage } from "./docs_page.tsx";
import { EndpointHistory } from "./endpoint_history.ts";
import type { Html } from "./html.ts";
import { LoginPage } from "./login_page.tsx";
import type { ServiceView } from "./service_card.tsx";
import { type PageView, ServicesPage } from "./services_page.tsx";

/** What the pages show. */
export interface PageSources {
  /** The client. */
  readonly piloted: LookupClient;
  /** Its events. */
  readonly events: EventLog;
  /** Endpoints picked over HTTP. */
  readonly picks: PickCounter;
  /** Returns the time in milliseconds since the Unix epoch. */
  readonly now: () => number;
}

/** Paths of the pages and of their files. */
export const PAGE_PATHS: readonly string[] = ["/", "/services/:name", "/docs", "/assets/:name"];

/**
 * Registers the pages: all services, one service, and the API documentation.
 *
 * @param app The app.
 * @param sources What the pages show.
 */
export function addPages(app: Hono, sources: PageSources): void {
  const { piloted, events: log, now } = sources;
  const history = new EndpointHistory(piloted, log, now);
  const show = (
    c: Context,
    view: Pick<PageView, "services" | "events" | "only" | "query" | "root">,
  ) =>
    page(
      c,
      <ServicesPage
        view={{
          ...view,
          registrations: piloted.status().registrations,
          registry: piloted.status().registry,
          now: now(),
          live: piloted.mode === "live",
        }}
      />,
    );

  app.get("/", async (c) => {
    await loadLists(piloted, piloted.services);
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
    const asked = c.req.param("name").toLowerCase();
    const name = piloted.services.find((service) => service.toLowerCase() === asked);
    if (name === undefined) {
      return problem(404, "Cannot show the service: it is not watched");
    }
    await loadLists(piloted, [name]);
    const events = log.events.filter(({ service }) => service === name || service === undefined);
    const services = [serviceView(name, sources, history)];
    return show(c, { services, events, only: name, query: "", root: "../" });
  });
  app.get("/docs", async (c) => {
    const { openApiDocument } = await loadOpenApi();
    return page(c, <DocsPage document={openApiDocument()} root="./" />, "public, max-age=300");
  });
  app.get("/assets/:name", (c) => {
    const name = c.req.param("name");
    if (!Object.hasOwn(ASSETS, name)) return problem(404, "Cannot find a file with that name");
    const { type, text }: Asset = ASSETS[name as keyof typeof ASSETS];
    return new Response(text, {
      headers: { "content-type": type, "cache-control": "public, max-age=31536000, immutable" },
    });
  });
}

/**
 * Responds with the sign-in form.
 *
 * @param c The request.
 * @param rejected Whether the request had a wrong token.
 * @returns A 401.
 */
export async function loginResponse(c: Context, rejected: boolean): Promise<Response> {
  const root = "../".repeat(c.req.path.split("/").length - 2) || "./";
  c.status(401);
  c.header("www-authenticate", `Bearer realm="piloted"`);
  return await page(c, <LoginPage root={root} rejected={rejected} />);
}

async function page(
  c: Context,
  content: Html,
  cacheControl = "no-store",
): Promise<Response> {
  c.header("cache-control", cacheControl);
  return c.html(`<!DOCTYPE html>${await content}`);
}

async function loadLists(piloted: LookupClient, names: readonly string[]): Promise<void> {
  if (piloted.mode !== "live") await Promise.all(names.map((name) => piloted.load(name)));
}

function serviceView(
  name: string,
  { piloted, picks }: PageSources,
  history: EndpointHistory,
): ServiceView {
  const status = piloted.status(name);
  const loads = new Map(
    status.balance.endpoints.map((load) => [endpointIdentity(load.endpoint), load]),
  );
  const endpoints = piloted.serviceHosts(name).map((endpoint) => ({
    endpoint,
    load: loads.get(endpointIdentity(endpoint)),
    picks: picks.count(endpoint),
  }));
  const noEndpoints = endpoints.length > 0 ? undefined : noEndpointsReason(piloted, name);
  return { status, endpoints, counts: history.counts(name, endpoints.length), noEndpoints };
}

// A pick from an empty list changes nothing, and its error is what a lookup responds.
function noEndpointsReason(piloted: LookupClient, name: string): string {
  try {
    piloted.pick(name);
  } catch (error) {
    if (error instanceof Error) return error.message;
  }
  return "No endpoint can be picked";
}

// The page's script filters the same way; this is for browsers without JavaScript.
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
