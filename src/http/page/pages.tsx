/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * Routes of the pages and of the files that they load.
 *
 * @module
 */
import type { Context, Hono } from "hono";
import { type Endpoint, endpointIdentity } from "../../endpoint.ts";
import type { Instance } from "../../client/inspect.ts";
import type { Clock } from "../../clock.ts";
import type { EventLog, LoggedEvent } from "../events/event_log.ts";
import { loadOpenApi } from "../lazy_modules.ts";
import type { LookupClient } from "../lookup_client.ts";
import type { FetchMetrics } from "../metrics/fetch_metrics.ts";
import type { PickCounter } from "../metrics/pick_counter.ts";
import { rootOf } from "../mount_path.ts";
import { problem } from "../routes/problem.ts";
import { type Asset, ASSETS } from "./assets.ts";
import { DocsPage } from "./docs_page.tsx";
import { EndpointHistory } from "./endpoint_history.ts";
import { fetchView } from "./fetch_facts.tsx";
import { type Part, takePage } from "./filters.tsx";
import type { Html } from "./html.ts";
import { InstanceReader, type InstancesRead } from "./instance_reader.ts";
import { failingFirst, type InstanceView, isFailing } from "./instance_table.tsx";
import { LoginPage } from "./login_page.tsx";
import { NotFoundPage } from "./not_found_page.tsx";
import { OverviewPage, SERVICE_TABS, servicesOf } from "./overview_page.tsx";
import { ServicePage } from "./service_page.tsx";
import { judge, type ServiceView, troubleFirst } from "./trouble.ts";

/** What the pages show. */
export interface PageSources {
  /** The client. */
  readonly piloted: LookupClient;
  /** Its events. */
  readonly events: EventLog;
  /** Endpoints picked over HTTP. */
  readonly picks: PickCounter;
  /** Counts of a balanced fetch in this process, where there are any. */
  readonly fetchMetrics: FetchMetrics | undefined;
  /** Whether requests need a token. */
  readonly needsToken: boolean;
  /** Time. */
  readonly clock: Clock;
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
  const { piloted, events: log, clock, fetchMetrics } = sources;
  const history = new EndpointHistory(piloted, log, () => clock.now());
  const reader = new InstanceReader(piloted, log, clock);
  const live = piloted.mode === "live";

  app.get("/", async (c) => {
    await loadLists(piloted, piloted.services);
    const { services } = piloted;
    const { registrations, registry } = piloted.status();
    const part = partOf(c, SERVICE_TABS);
    // One by one, because that throws where the client is closed.
    const views = services.map((name) =>
      judge(piloted.status(name), noEndpointsReason(piloted, name))
    );
    const found = views.filter((view) => matches(view, part.query, piloted));
    return page(
      c,
      <OverviewPage
        view={{
          found,
          shown: takePage(troubleFirst(servicesOf(found, part.show)), part.page),
          watchedCount: services.length,
          part,
          counts: (service) => history.counts(service, piloted.serviceHosts(service).length),
          events: eventsOf(log, found, part.query),
          registrations,
          registry,
          now: clock.now(),
          root: rootOf(c, "/"),
          live,
        }}
      />,
    );
  });
  app.get("/services/:name", async (c) => {
    const asked = c.req.param("name");
    const lower = asked.toLowerCase();
    const name = piloted.services.find((service) => service.toLowerCase() === lower);
    if (name === undefined) {
      c.status(404);
      return page(
        c,
        <NotFoundPage
          name={asked}
          services={piloted.services}
          root={rootOf(c, "/services/:name")}
        />,
      );
    }
    await loadLists(piloted, [name]);
    const read = await reader.read(name);
    const part = partOf(c, ["failing"]);
    const status = piloted.status(name);
    const instances = failingFirst(instanceViews(name, read, sources));
    const ofTab = part.show === "failing" ? instances.filter(isFailing) : instances;
    return page(
      c,
      <ServicePage
        view={{
          service: judge(status, noEndpointsReason(piloted, name)),
          instances,
          failures: read.failures,
          shown: takePage(ofTab, part.page),
          part,
          requests: fetchView(name, status.balance, fetchMetrics),
          counts: history.counts(name, status.endpointCount),
          events: log.events.filter(({ service }) => service === name || service === undefined),
          command: curlCommand(c, name, sources.needsToken),
          now: clock.now(),
          root: rootOf(c, "/services/:name"),
          live,
        }}
      />,
    );
  });
  app.get("/docs", async (c) => {
    const { openApiDocument } = await loadOpenApi();
    return page(
      c,
      <DocsPage document={openApiDocument()} root={rootOf(c, "/docs")} />,
      "public, max-age=300",
    );
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
 * @param own Path of the handler that runs, as it was registered.
 * @param rejected Whether the request had a wrong token.
 * @returns A 401.
 */
export async function loginResponse(
  c: Context,
  own: string,
  rejected: boolean,
): Promise<Response> {
  const root = rootOf(c, own);
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

/** The events of what a search finds. */
function eventsOf(
  { events }: EventLog,
  found: readonly ServiceView[],
  query: string,
): readonly LoggedEvent[] {
  if (query === "") return events;
  const names = new Set(found.map(({ status }) => status.service));
  return events.filter(({ service }) => service !== undefined && names.has(service));
}

/** Which part of a list a request asks for; what it cannot have is left out. */
function partOf(c: Context, tabs: readonly string[]): Part {
  const show = c.req.query("show") ?? "";
  const number = Number(c.req.query("page") ?? "1");
  return {
    show: tabs.includes(show) ? show : "",
    query: (c.req.query("q") ?? "").trim().slice(0, MAX_QUERY),
    page: Number.isSafeInteger(number) ? number : 1,
  };
}

const MAX_QUERY = 200;

function instanceViews(
  name: string,
  { instances, failures }: InstancesRead,
  { piloted, picks }: PageSources,
): InstanceView[] {
  const loads = new Map(
    piloted.status(name).balance.endpoints.map((load) => [endpointIdentity(load.endpoint), load]),
  );
  const view = ({ endpoint, checks }: Instance, used: boolean, listed: boolean): InstanceView => ({
    endpoint,
    checks,
    load: loads.get(endpointIdentity(endpoint)),
    picks: picks.count(endpoint),
    used,
    listed,
  });
  // By address, because one that several instances register is handed out once.
  const unlisted = new Map(piloted.serviceHosts(name).map((each) => [placeOf(each), each]));
  const used = new Set(unlisted.keys());
  for (const { endpoint } of instances) unlisted.delete(placeOf(endpoint));
  return [
    ...instances.map((each) => view(each, used.has(placeOf(each.endpoint)), true)),
    // A list that is not replaced yet, or what is left where the registry does not respond.
    ...[...unlisted.values()].map((endpoint) =>
      view({ endpoint, checks: [] }, true, failures.length > 0)
    ),
  ];
}

function placeOf({ host, datacenter, peer = "" }: Endpoint): string {
  return JSON.stringify([host, datacenter, peer]);
}

/** The command for a shell. Behind a proxy the script puts in the origin that the browser sees. */
function curlCommand(c: Context, name: string, needsToken: boolean): string {
  const url = new URL(`../v1/services/${encodeURIComponent(name)}/endpoint`, c.req.url);
  const header = needsToken ? ` -H "Authorization: Bearer $PILOTED_TOKEN"` : "";
  return `curl -s${header} '${url.href.replaceAll("'", "%27")}'`;
}

// A pick from an empty list changes nothing, and its error is what a lookup responds.
function noEndpointsReason(piloted: LookupClient, name: string): string | undefined {
  if (piloted.serviceHosts(name).length > 0) return undefined;
  try {
    piloted.pick(name);
  } catch (error) {
    if (error instanceof Error) return error.message;
  }
  return "No endpoint can be picked";
}

/** Whether each word of a search is in what is known of a service. */
function matches({ status }: ServiceView, query: string, piloted: LookupClient): boolean {
  const words = query.toLowerCase().split(/\s+/).filter((word) => word !== "");
  const known = `${status.service} ${status.state}`.toLowerCase();
  const rest = words.filter((word) => !known.includes(word));
  if (rest.length === 0) return true;
  const text = piloted.serviceHosts(status.service)
    .map(({ host, id, zone, node, tags }) => [host, id, zone, node, ...tags].join(" "))
    .join(" ")
    .toLowerCase();
  return rest.every((word) => text.includes(word));
}
