/**
 * Answers to lookups.
 *
 * @module
 */
import type { Context } from "hono";
import type { Endpoint } from "../../endpoint.ts";
import { jsonResponse, serviceJson, serviceSummary } from "./json_body.ts";
import type { LookupClient } from "../lookup_client.ts";
import { ListQuery, parseQuery, parseWait, PickQuery } from "./query_parameters.ts";
import { redirectResponse } from "./redirect.ts";
import { contentTag, isKnown, type ListIndexes } from "./list_index.ts";
import { filterEndpoints, type Selection, FilteredPicks } from "./filtered_picks.ts";
import type { PickCounter } from "../metrics/pick_counter.ts";

// May be kept, and must be asked for again each time, which costs a 304.
const REVALIDATE = "no-cache";

/** Answers to lookups of one client. */
export class LookupRoutes {
  readonly #piloted: LookupClient;
  readonly #revisions: ListIndexes;
  readonly #served: PickCounter;
  readonly #selections: FilteredPicks;

  /** Makes them for a client. */
  constructor(piloted: LookupClient, revisions: ListIndexes, served: PickCounter) {
    this.#piloted = piloted;
    this.#served = served;
    this.#revisions = revisions;
    this.#selections = new FilteredPicks(piloted);
  }

  /** Every watched service. */
  async services(c: Context): Promise<Response> {
    const piloted = this.#piloted;
    await this.loadAll(c);
    const { services } = piloted.status();
    const tags = services.map(({ service, state }) =>
      contentTag(piloted.serviceHosts(service)) + state
    );
    const etag = `W/"${contentTag(tags)}"`;
    if (isKnown(c.req.header("if-none-match"), etag)) return notModified({ etag });
    const body = JSON.stringify({ services: services.map(serviceSummary) });
    return withHeaders(jsonResponse(body, REVALIDATE), { etag });
  }

  /** All endpoints of a service, at once or when they have changed. */
  async service(c: Context): Promise<Response> {
    const piloted = this.#piloted;
    const name = c.req.param("name")!;
    const query = hasQuery(c) ? parseQuery(ListQuery, c.req.url) : {};
    const loading = this.#load(c, name);
    if (loading !== undefined) await loading;
    const { index, wait } = query;
    if (index !== undefined) {
      await this.#revisions.moved(name, Number(index), parseWait(wait));
    }
    const status = piloted.status(name);
    const all = piloted.serviceHosts(name);
    const headers = {
      etag: `W/"${contentTag(all)}-${status.state}"`,
      "piloted-index": String(this.#revisions.index(name)),
      "piloted-state": status.state,
    };
    if (isKnown(c.req.header("if-none-match"), headers.etag)) return notModified(headers);
    const endpoints = filterEndpoints(all, query);
    const body = serviceJson(status, this.#revisions.index(name), endpoints);
    return withHeaders(jsonResponse(body, REVALIDATE), headers);
  }

  /** The next endpoint of a service. */
  endpoint(c: Context): Response | Promise<Response> {
    const piloted = this.#piloted;
    if (!hasQuery(c) && !piloted.refreshing) {
      const name = c.req.param("name")!;
      // The usual case costs no promise.
      if (this.#load(c, name) === undefined) return this.#handOut(piloted.pick(name));
    }
    const query = hasQuery(c) ? parseQuery(PickQuery, c.req.url) : {};
    return this.#next(c, query).then((endpoint) => this.#handOut(endpoint));
  }

  /** The next endpoint of a service, where nothing must be waited for. */
  endpointAtOnce(name: string): Response | undefined {
    const piloted = this.#piloted;
    if (piloted.refreshing || piloted.load !== undefined) return undefined;
    return this.#handOut(piloted.pick(name));
  }

  /** On to the next endpoint of a service. */
  async redirect(c: Context): Promise<Response> {
    const endpoint = await this.#next(c, {});
    this.#served.take(endpoint);
    return redirectResponse(endpoint, c.req.url);
  }

  /** Makes sure that every list is there and fresh enough. */
  async loadAll(c: Context): Promise<void> {
    await Promise.all(this.#piloted.services.map((name) => this.#load(c, name)));
  }

  #handOut(endpoint: Endpoint): Response {
    return jsonResponse(this.#served.take(endpoint));
  }

  async #next(c: Context, selection: Selection): Promise<Endpoint> {
    const name = c.req.param("name")!;
    await this.#load(c, name);
    if (Object.keys(selection).length === 0) return await this.#piloted.service(name);
    // Waits for a refresh; that turn of the common rotation is taken by nobody.
    if (this.#piloted.refreshing) await this.#piloted.service(name).catch(() => {});
    return this.#selections.pick(name, selection);
  }

  #load(c: Context, name: string): Promise<void> | undefined {
    if (this.#piloted.load === undefined) return undefined;
    return this.#piloted.load(name, (work) => waitUntil(c, work));
  }
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

// Only edge runtimes end work with the answer unless they are asked not to.
function waitUntil(c: Context, work: Promise<unknown>): void {
  try {
    c.executionCtx.waitUntil(work);
  } catch {
    // There is no such context here: work goes on by itself.
  }
}
