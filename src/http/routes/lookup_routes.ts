/**
 * Handlers of the lookup routes.
 *
 * @module
 */
import type { Context } from "hono";
import type { Endpoint } from "../../endpoint.ts";
import type { LookupClient } from "../lookup_client.ts";
import type { PendingBytes } from "../pending_bytes.ts";
import type { PickCounter } from "../metrics/pick_counter.ts";
import { contentTag, matchesEtag } from "./etag.ts";
import { type FilteredPick, FilteredPicks, filterEndpoints } from "./filtered_picks.ts";
import { jsonResponse, serviceJson, serviceSummary } from "./json_body.ts";
import type { ListIndexes } from "./list_index.ts";
import { problem } from "./problem.ts";
import { ListQuery, parseQuery, parseWait, PickQuery } from "./query_parameters.ts";
import { serviceName } from "./service_name.ts";
import { redirectResponse } from "./redirect.ts";

// Caches may store the response but must revalidate it, which usually costs a 304.
const REVALIDATE = "no-cache";

/** Handlers of the lookup routes of one client. */
export class LookupRoutes {
  readonly #piloted: LookupClient;
  readonly #indexes: ListIndexes;
  readonly #picks: PickCounter;
  readonly #filteredPicks: FilteredPicks;
  readonly #pending: PendingBytes;

  /**
   * Creates the handlers.
   *
   * @param piloted The client.
   * @param indexes Indexes of its lists.
   * @param picks Counts the endpoints of responses.
   * @param pending Bodies that are being sent.
   */
  constructor(
    piloted: LookupClient,
    indexes: ListIndexes,
    picks: PickCounter,
    pending: PendingBytes,
  ) {
    this.#piloted = piloted;
    this.#picks = picks;
    this.#indexes = indexes;
    this.#pending = pending;
    this.#filteredPicks = new FilteredPicks(piloted);
  }

  /** `GET /v1/services` */
  async services(c: Context): Promise<Response> {
    const piloted = this.#piloted;
    await this.loadLists(c);
    const { services } = piloted.status();
    const tags = services.map(({ service, state }) =>
      contentTag(piloted.serviceHosts(service)) + state
    );
    const etag = `W/"${contentTag(tags)}"`;
    if (matchesEtag(c.req.header("if-none-match"), etag)) return notModified({ etag });
    const body = this.#pending.body([JSON.stringify({ services: services.map(serviceSummary) })]);
    return withHeaders(jsonResponse(body, REVALIDATE), { etag });
  }

  /** `GET /v1/services/:name`, with `?index=` as a long poll. */
  async service(c: Context): Promise<Response> {
    const piloted = this.#piloted;
    const asked = c.req.param("name")!;
    const query = hasQuery(c) ? parseQuery(ListQuery, c.req.url) : {};
    await this.loadLists(c, [asked]);
    // Indexes are kept by the service's own name, which may be asked for in another case.
    const name = serviceName(piloted, asked);
    const { index, wait } = query;
    if (index !== undefined) {
      if (piloted.mode !== "live") return noLongPolls();
      await this.#indexes.waitForChange(name, Number(index), parseWait(wait), c.req.raw.signal);
    }
    const status = piloted.status(name);
    const all = piloted.serviceHosts(name);
    const headers = {
      etag: `W/"${contentTag(all)}-${status.state}"`,
      "piloted-index": String(this.#indexes.of(name)),
      "piloted-state": status.state,
      ...status.ageMs !== undefined && { "piloted-age-ms": String(Math.round(status.ageMs)) },
    };
    if (matchesEtag(c.req.header("if-none-match"), headers.etag)) return notModified(headers);
    const endpoints = filterEndpoints(all, query);
    const body = this.#pending.body(serviceJson(status, this.#indexes.of(name), endpoints));
    return withHeaders(jsonResponse(body, REVALIDATE), headers);
  }

  /** `GET /v1/services/:name/endpoint` */
  endpoint(c: Context): Response | Promise<Response> {
    if (!hasQuery(c)) {
      const name = c.req.param("name")!;
      // The usual case creates no promise.
      if (this.#load(c, name) === undefined) return this.#respond(this.#piloted.pick(name));
    }
    const query = hasQuery(c) ? parseQuery(PickQuery, c.req.url) : {};
    return this.#next(c, query).then((endpoint) => this.#respond(endpoint));
  }

  /**
   * The same as {@linkcode endpoint} without a context, where nothing has to be waited for.
   *
   * @param name Name of the service.
   * @returns The response; `undefined` when the request needs {@linkcode endpoint}.
   * @throws {PilotedError} as `pick()`.
   */
  pickAtOnce(name: string): Response | undefined {
    const piloted = this.#piloted;
    if (piloted.refreshing || piloted.mode !== "live") return undefined;
    return this.#respond(piloted.pick(name));
  }

  /** `GET /v1/services/:name/redirect/*` */
  async redirect(c: Context): Promise<Response> {
    const endpoint = await this.#next(c, {});
    this.#picks.record(endpoint);
    return redirectResponse(endpoint, c.req.url);
  }

  /**
   * Reads lists that are missing or too old, for responses that show whole lists. Live lists refresh
   * themselves, and are shown as they are, also during a refresh.
   *
   * @param c The request.
   * @param names Names of the services. @default {all}
   */
  async loadLists(c: Context, names = this.#piloted.services): Promise<void> {
    if (this.#piloted.mode === "live") return;
    await Promise.all(names.map((name) => this.#load(c, name)));
  }

  #respond(endpoint: Endpoint): Response {
    return jsonResponse(this.#picks.record(endpoint));
  }

  async #next(c: Context, wanted: FilteredPick): Promise<Endpoint> {
    const name = c.req.param("name")!;
    await this.#load(c, name);
    if (Object.keys(wanted).length === 0) return await this.#piloted.service(name);
    return this.#filteredPicks.pick(name, wanted);
  }

  #load(c: Context, name: string): Promise<void> | undefined {
    return this.#piloted.load(name, (work) => waitUntil(c, work));
  }
}

function noLongPolls(): Response {
  return problem(
    501,
    'Cannot wait for a change: this service runs in mode "on-demand", which does not follow the ' +
      "registry; leave out ?index and use If-None-Match",
  );
}

function hasQuery(c: Context): boolean {
  return c.req.raw.url.includes("?");
}

function notModified(headers: Readonly<Record<string, string>>): Response {
  return new Response(null, { status: 304, headers: { ...headers, "cache-control": REVALIDATE } });
}

function withHeaders(response: Response, headers: Readonly<Record<string, string>>): Response {
  for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
  return response;
}

// Edge runtimes stop all work after the response, except work that is registered this way.
function waitUntil(c: Context, work: Promise<unknown>): void {
  try {
    c.executionCtx.waitUntil(work);
  } catch {
    // Other runtimes have no such context, and work continues by itself.
  }
}
