/**
 * Services that are overridden by a list of addresses, for development and incidents.
 *
 * @module
 */
import { checkEndpoint } from "../check_endpoint.ts";
import { closest } from "../check_options.ts";
import type { Endpoint } from "../endpoint.ts";
import type { Environment } from "../runtime/environment.ts";
import type { StaticService, WatchConfig } from "./config.ts";
import { ConfigFault, type DecodeContext } from "./config_fault.ts";
import { refuseUnknown } from "./unknown_key.ts";
import { decodeStrings, type Entry, isObject, readFields } from "./weak_decode.ts";

const PREFIX = "PILOTED_STATIC_";
const KEYS = ["address", "port", "id", "tags", "meta", "weight", "zone", "ports"] as const;

/**
 * Reads the `static` part and the variables `$PILOTED_STATIC_NAME`, which win over it. In the name of a
 * variable the service's name is in capitals, and what is neither letter nor digit is `_`.
 *
 * @param entry An object of lists by the name of the service, or nothing.
 * @param watches What is watched.
 * @param env The environment. An empty value counts as unset.
 * @param context Where the document comes from, and where warnings go.
 * @returns What is overridden, by the name of the service in the registry; `undefined` for nothing.
 * @throws {ConfigFault} when an address is not valid.
 */
export function decodeStatic(
  entry: Entry,
  watches: readonly WatchConfig[],
  env: Environment,
  context: DecodeContext,
): Readonly<Record<string, StaticService>> | undefined {
  const { value } = entry;
  const document = value === undefined || value === null ? {} : value;
  if (!isObject(document)) {
    throw new ConfigFault(entry, "must be an object of addresses by service", value);
  }
  const names = watches.map(({ name }) => name);
  const overrides = new Map<string, StaticService>();
  for (const [name, list] of Object.entries(document)) {
    const at = { value: list, path: [...entry.path, name] };
    const watched = names.find((each) => each.toLowerCase() === name.toLowerCase());
    if (watched === undefined) {
      const meant = closest(name, names);
      const hint = meant === undefined ? "" : `, did you mean ${JSON.stringify(meant)}`;
      context.warn({ ...at, key: true }, `is not watched, and is left out${hint}`);
      continue;
    }
    overrides.set(watched, override(watched, at, "static", context));
  }
  for (const name of new Set(names)) {
    const variable = variableOf(name);
    const text = env[variable]?.trim();
    if (!text) continue;
    const value = text.split(",").map((part) => part.trim());
    const at = { value, path: [`$${variable}`] };
    overrides.set(name, override(name, at, `$${variable}`, context));
  }
  return overrides.size === 0 ? undefined : Object.freeze(Object.fromEntries(overrides));
}

/**
 * Name of the variable that overrides a service.
 *
 * @param service Name of the service.
 */
export function variableOf(service: string): string {
  return PREFIX + service.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_");
}

function override(
  service: string,
  at: Entry,
  origin: string,
  context: DecodeContext,
): StaticService {
  // That of a loaded configuration, spread into an object; its warning is kept beside it.
  const loaded = context.inCode && isObject(at.value) ? at.value : undefined;
  const list = loaded?.endpoints ?? at.value;
  const entries = Array.isArray(list) ? list : decodeStrings(at);
  if (entries.length === 0) throw new ConfigFault(at, "must name an address");
  const endpoints = entries.map((value: unknown, index) => {
    // A variable is one text, whatever is in it.
    const path = origin.startsWith("$") ? at.path : [...at.path, index];
    return decodeEndpoint(service, { value, path }, index, loaded !== undefined);
  });
  if (typeof loaded?.origin === "string") {
    return Object.freeze({ origin: loaded.origin, endpoints: Object.freeze(endpoints) });
  }
  const what = endpoints.length === 1 ? "1 endpoint" : `${endpoints.length} endpoints`;
  context.warn(at, `overrides Consul: ${service} is ${what}, whatever Consul lists`);
  return Object.freeze({ origin, endpoints: Object.freeze(endpoints) });
}

function decodeEndpoint(
  service: string,
  entry: Entry,
  index: number,
  isLoaded: boolean,
): Endpoint {
  const { value } = entry;
  let facts: Record<string, unknown>;
  if (isObject(value)) {
    const { known, unknown } = readFields(entry, KEYS);
    if (!isLoaded) refuseUnknown(unknown, KEYS);
    facts = Object.fromEntries(KEYS.map((key) => [key, known[key].value]));
  } else {
    const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(String(value)) ??
      [];
    if (port === undefined) {
      throw new ConfigFault(entry, 'must be "address:port", such as "127.0.0.1:3000"', value);
    }
    facts = { address: bracketed ?? plain, port: Number(port) };
  }
  const endpoint = checkEndpoint({
    service,
    id: facts.id ?? `static-${index}`,
    address: facts.address,
    port: facts.port,
    ports: facts.ports,
    node: "static",
    datacenter: "static",
    tags: facts.tags,
    meta: facts.meta,
    weight: facts.weight ?? 1,
    status: "passing",
    zone: facts.zone ?? "",
  });
  if (typeof endpoint === "string") throw new ConfigFault(entry, `is no endpoint: ${endpoint}`);
  return endpoint;
}
