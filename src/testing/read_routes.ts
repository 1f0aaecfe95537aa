/**
 * The routes that read the catalog: health, catalog and status.
 *
 * @module
 */
import { parseGoBoolean } from "../go_boolean.ts";
import { parseReadQuery } from "./blocking_query.ts";
import type { Catalog } from "./catalog.ts";
import type { Instance } from "./catalog_entry.ts";
import {
  type Caller,
  type ConsulApp,
  type ConsulContext,
  type ConsulState,
  json,
  nameAfter,
  paramsOf,
  route,
} from "./consul_context.ts";
import { catalogJson, healthJson, type JsonForm, summaryJson } from "./consul_json.ts";
import { type Filter, parseFilter } from "./filter_expression.ts";
import { catalogFields, type FieldType, healthFields } from "./filter_schema.ts";
import { datacenterOf, respond } from "./read_response.ts";
import { peersOf, type ReadScope, readScope } from "./read_scope.ts";
import { NO_INDEX, Refusal } from "./refusal.ts";
import type { WireProfile } from "./wire_profile.ts";

const HEALTH = "/v1/health/service/";
const CATALOG = "/v1/catalog/service/";

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
    const scope = readScope(context, state);
    const filter = filterOf(context, state, healthFields);
    return respond(context, state, cache, {
      streamable: true,
      index: ({ catalog }) => scope.index(catalog, name, true),
      value: ({ catalog }, caller, form) => {
        const instances = selected(scope.instances(catalog, name), paramsOf(context))
          .filter(({ checks }) => !passing || checks.every(({ status }) => status === "passing"));
        return listed(instances, caller, (instance) => healthJson(instance, form), filter);
      },
    });
  });

  route(app, "GET", `${CATALOG}*`, (context) => {
    const name = serviceName(context, CATALOG);
    const scope = readScope(context, state);
    const filter = filterOf(context, state, catalogFields);
    return respond(context, state, cache, {
      index: ({ catalog }) => scope.index(catalog, name, false),
      value: ({ catalog }, caller, form) => {
        const instances = selected(scope.instances(catalog, name), paramsOf(context));
        return listed(instances, caller, (instance) => catalogJson(instance, form), filter);
      },
    });
  });

  route(app, "GET", "/v1/catalog/services", (context) => {
    const scope = readScope(context, state);
    return respond(context, state, cache, {
      index: ({ catalog }) => catalog.servicesIndex(),
      value: ({ catalog }, caller) => {
        const all = [...catalog.services(scope.peer, scope.contains)];
        // Unlike for instances, a name does not depend on the rights to its nodes.
        const seen = all.filter(([name]) => caller.may("service", name));
        return { body: Object.fromEntries(seen), hidden: seen.length < all.length };
      },
    });
  });

  route(app, "GET", "/v1/internal/ui/services", (context) => {
    const scope = readScope(context, state);
    const filter = filterOf(context, state, healthFields);
    return respond(context, state, cache, {
      internal: true,
      index: ({ catalog }) => catalog.summaryIndex(),
      value: ({ catalog }, caller, form) => summaries(catalog, scope, caller, form, filter),
    });
  });

  route(
    app,
    "GET",
    "/v1/catalog/datacenters",
    (context) => json(context, state, [...state.datacenters.keys()]),
  );

  route(app, "GET", "/v1/status/leader", (context) => {
    parseReadQuery(paramsOf(context));
    return json(context, state, `${datacenterOf(context, state).agent.node.address}:8300`);
  });

  route(app, "GET", "/v1/status/peers", (context) => {
    parseReadQuery(paramsOf(context));
    return json(context, state, [`${datacenterOf(context, state).agent.node.address}:8300`]);
  });
}

function listed(
  instances: readonly Instance[],
  caller: Caller,
  toJson: (instance: Instance) => unknown,
  filter: Filter,
): { body: unknown[]; hidden: boolean } {
  const matching = instances.map((instance) => ({ instance, entry: toJson(instance) }))
    .filter(({ entry }) => filter(entry));
  // The filter comes first: an instance that it leaves out does not count as hidden.
  const seen = matching.filter(({ instance }) => isVisible(instance, caller));
  return { body: seen.map(({ entry }) => entry), hidden: seen.length < matching.length };
}

function isVisible({ node, service }: Instance, caller: Caller): boolean {
  return caller.may("node", node.name) && caller.may("service", service.name);
}

// Unlike in every other route, names that differ in case stay apart, and those of peers are included.
function summaries(
  catalog: Catalog,
  scope: ReadScope,
  caller: Caller,
  form: JsonForm,
  filter: Filter,
): { body: unknown[]; hidden: boolean } {
  let hidden = false;
  const peers = form.profile.peering ? peersOf(catalog) : [""];
  const rows = peers.flatMap((peer) =>
    [...catalog.services(peer, scope.contains).keys()].flatMap((name) => {
      const all = catalog.instances(name, peer).filter((instance) =>
        instance.service.name === name && scope.contains(instance.service, instance.node) &&
        filter(healthJson(instance, form))
      );
      const seen = all.filter((instance) => isVisible(instance, caller));
      hidden ||= seen.length < all.length;
      return seen.length === 0 ? [] : [{ name, json: summaryJson(name, seen, form) }];
    })
  );
  rows.sort((a, b) => a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
  return { body: rows.map(({ json }) => json), hidden };
}

function filterOf(
  context: ConsulContext,
  { profile }: ConsulState,
  fields: (profile: WireProfile) => FieldType,
): Filter {
  return parseFilter(paramsOf(context).get("filter") ?? "", fields(profile), NO_INDEX);
}

function serviceName(context: ConsulContext, prefix: string): string {
  // Consul reads the common parameters before the name.
  parseReadQuery(paramsOf(context));
  const name = nameAfter(context, prefix);
  if (name === "") throw new Refusal(400, "Missing service name");
  return name;
}

// By ?tag and ?node-meta=key:value, both of which may be repeated.
function selected(instances: readonly Instance[], params: URLSearchParams): readonly Instance[] {
  const wanted = params.getAll("tag").map((tag) => tag.toLowerCase());
  const meta = params.getAll("node-meta").map((pair) => {
    const colon = pair.indexOf(":");
    return colon < 0 ? [pair, ""] as const : [pair.slice(0, colon), pair.slice(colon + 1)] as const;
  });
  if (wanted.length === 0 && meta.length === 0) return instances;
  return instances.filter(({ node, service }) => {
    const tags = service.tags.map((tag) => tag.toLowerCase());
    return wanted.every((tag) => tags.includes(tag)) &&
      meta.every(([key, value]) => node.meta?.[key] === value);
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
