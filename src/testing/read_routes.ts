/**
 * The routes that read the catalog: health, catalog and status.
 *
 * @module
 */
import { parseGoBoolean } from "../go_boolean.ts";
import { parseReadQuery, type ReadQuery, waitForIndex } from "./blocking_query.ts";
import type { Catalog } from "./catalog.ts";
import type { Instance } from "./catalog_entry.ts";
import {
  allowed,
  type ConsulApp,
  type ConsulContext,
  type ConsulState,
  type DatacenterState,
  json,
  nameAfter,
  paramsOf,
  route,
} from "./consul_context.ts";
import { catalogJson, healthJson, summaryJson } from "./consul_json.ts";
import { NO_INDEX, Refusal } from "./refusal.ts";

const HEALTH = "/v1/health/service/";
const CATALOG = "/v1/catalog/service/";
// Parameters that filter the response: ignoring one would return wrong results.
const UNSUPPORTED = ["filter", "node-meta", "connect"];

/**
 * Adds the routes.
 *
 * @param app The application to add them to.
 * @param state State that they read.
 */
export function addReadRoutes(app: ConsulApp, state: ConsulState): void {
  const cache = new Set<string>();

  route(app, "GET", `${HEALTH}*`, (context) => {
    const name = serviceName(context, HEALTH);
    const passing = flag(paramsOf(context), "passing");
    return read(context, state, cache, {
      index: ({ catalog }) => catalog.serviceIndex(name, true),
      value: ({ catalog, name: datacenter }) =>
        tagged(catalog.instances(name), paramsOf(context))
          .filter(({ checks }) => !passing || checks.every(({ status }) => status === "passing"))
          .map((instance) => healthJson(instance, datacenter)),
      hidden: [],
    });
  });

  route(app, "GET", `${CATALOG}*`, (context) => {
    const name = serviceName(context, CATALOG);
    return read(context, state, cache, {
      index: ({ catalog }) => catalog.serviceIndex(name, false),
      value: ({ catalog, name: datacenter }) =>
        tagged(catalog.instances(name), paramsOf(context))
          .map((instance) => catalogJson(instance, datacenter)),
      hidden: [],
    });
  });

  route(app, "GET", "/v1/catalog/services", (context) =>
    read(context, state, cache, {
      index: ({ catalog }) => catalog.servicesIndex(),
      value: ({ catalog }) => Object.fromEntries(catalog.services()),
      hidden: {},
    }));

  route(app, "GET", "/v1/internal/ui/services", (context) =>
    read(context, state, cache, {
      index: ({ catalog }) => catalog.summaryIndex(),
      value: ({ catalog }) => summaries(catalog),
      hidden: [],
      internal: true,
    }));

  route(
    app,
    "GET",
    "/v1/catalog/datacenters",
    (context) => json(context, [...state.datacenters.keys()]),
  );

  route(app, "GET", "/v1/status/leader", (context) => {
    parseReadQuery(paramsOf(context));
    return json(context, `${datacenterOf(context, state).agent.node.address}:8300`);
  });

  route(app, "GET", "/v1/status/peers", (context) => {
    parseReadQuery(paramsOf(context));
    return json(context, [`${datacenterOf(context, state).agent.node.address}:8300`]);
  });
}

interface Reader {
  /** Returns the index that the response depends on. */
  index(datacenter: DatacenterState): bigint;
  /** Returns the body of the response. */
  value(datacenter: DatacenterState): unknown;
  /** Body of the response to a request without a token. */
  readonly hidden: unknown;
  /** Whether it is one of the routes that the agent's cache never answers. */
  readonly internal?: boolean;
}

async function read(
  context: ConsulContext,
  state: ConsulState,
  cache: Set<string>,
  reader: Reader,
): Promise<Response> {
  const params = paramsOf(context);
  const query = parseReadQuery(params);
  const datacenter = datacenterOf(context, state);
  const visible = allowed(context, state, NO_INDEX);
  const given = UNSUPPORTED.find((name) => params.has(name));
  if (given !== undefined) {
    throw new Refusal(400, `The embedded Consul does not support ?${given}`);
  }
  const { clock, random } = state;
  const signal = context.env.signal;
  const waited = await waitForIndex(datacenter.catalog, () => reader.index(datacenter), query, {
    clock,
    random,
    signal,
  });
  const index = reader.index(datacenter);
  return json(context, visible ? reader.value(datacenter) : reader.hidden, {
    "X-Consul-Index": String(index > 0n ? index : 1n),
    "X-Consul-Knownleader": "true",
    "X-Consul-Lastcontact": "0",
    ...reader.internal !== true && {
      "X-Consul-Effective-Consistency": query.consistency,
      ...cacheHeaders(context, query, cache, waited),
    },
  });
}

// The agent's cache runs its own blocking query, so a hit is never old.
function cacheHeaders(
  context: ConsulContext,
  query: ReadQuery,
  cache: Set<string>,
  waited: boolean,
): Record<string, string> {
  if (!query.cached) return {};
  const url = new URL(context.req.url);
  for (const name of ["index", "wait", "stale", "pretty"]) url.searchParams.delete(name);
  const key = `${url.pathname}?${url.searchParams}`;
  if (cache.has(key) && !waited) return { "X-Cache": "HIT", Age: "0" };
  cache.add(key);
  return { "X-Cache": "MISS" };
}

// Unlike in every other route, names that differ in case stay apart.
function summaries(catalog: Catalog): unknown[] {
  return [...catalog.services().keys()].map((name) => {
    const instances = catalog.instances(name).filter(({ service }) => service.name === name);
    return summaryJson(name, instances);
  });
}

function serviceName(context: ConsulContext, prefix: string): string {
  // Consul reads the common parameters before the name.
  parseReadQuery(paramsOf(context));
  const name = nameAfter(context, prefix);
  if (name === "") throw new Refusal(400, "Missing service name");
  return name;
}

function datacenterOf(context: ConsulContext, state: ConsulState): DatacenterState {
  const name = paramsOf(context).get("dc") || state.local.name;
  const datacenter = state.datacenters.get(name);
  if (datacenter === undefined) throw new Refusal(500, "No path to datacenter", NO_INDEX);
  return datacenter;
}

function tagged(instances: readonly Instance[], params: URLSearchParams): readonly Instance[] {
  const wanted = params.getAll("tag").map((tag) => tag.toLowerCase());
  if (wanted.length === 0) return instances;
  return instances.filter(({ service }) => {
    const tags = service.tags.map((tag) => tag.toLowerCase());
    return wanted.every((tag) => tags.includes(tag));
  });
}

// A parameter without a value is true.
function flag(params: URLSearchParams, name: string): boolean {
  const value = params.get(name);
  if (value === null) return false;
  const on = value === "" ? true : parseGoBoolean(value);
  if (on === undefined) throw new Refusal(400, `Invalid value for ?${name}`);
  return on;
}
