/**
 * What this application can register: `jobs` of ContainerPilot 3 and `services` of ContainerPilot 2
 * that have a port. Their other keys are ContainerPilot's and not used.
 *
 * @module
 */
import { isPort } from "../address.ts";
import type { RegistrationConfig } from "./config.ts";
import { ConfigFault, type DecodeContext } from "./config_fault.ts";
import { decodeDuration } from "./go_duration.ts";
import { readList } from "./list_entries.ts";
import { decodeServiceName } from "./service_name.ts";
import { didYouMean, unknownKeyProblem } from "./unknown_key.ts";
import {
  decodeBoolean,
  decodeInteger,
  decodeString,
  decodeStrings,
  type Entry,
  isObject,
  readFields,
} from "./weak_decode.ts";

/**
 * Reads a list of jobs or services.
 *
 * @param entry `jobs` or `services`.
 * @param context Where the document comes from, and where warnings go.
 * @returns Those that have a port, in the document's order.
 * @throws {ConfigFault} when one that has a port is invalid.
 */
export function decodeRegistrations(entry: Entry, context: DecodeContext): RegistrationConfig[] {
  return readList(entry, context)
    .filter((item) => isObject(item.value))
    .map((item) => decodeRegistration(item, context))
    .filter((registration) => registration !== undefined);
}

// ContainerPilot 3's keys, those of version 2, and Piloted's own "meta".
const FIELDS = [
  "name",
  "port",
  "tags",
  "meta",
  "interfaces",
  "health",
  "poll",
  "ttl",
  "initial_status",
  "consul",
] as const;

const CONSUL_FIELDS = ["enableTagOverride", "deregisterCriticalServiceAfter"] as const;

// Keys of ContainerPilot that Piloted does not use.
const UNUSED = ["exec", "logging", "restarts", "stopTimeout", "timeout", "when"] as const;

function decodeRegistration(item: Entry, context: DecodeContext): RegistrationConfig | undefined {
  const known = readPart(item, FIELDS, UNUSED, context);
  const port = decodePort(known.port);
  if (port === 0) return undefined;
  const consul = readPart(known.consul, CONSUL_FIELDS, [], context);
  return Object.freeze({
    name: decodeServiceName(known.name, context.inCode),
    port,
    tags: Object.freeze(decodeStrings(known.tags)),
    meta: Object.freeze(decodeMeta(known.meta)),
    interfaces: Object.freeze(decodeStrings(known.interfaces)),
    ...decodeHealth(known.health, known.poll, known.ttl, context),
    initialStatus: decodeInitialStatus(known.initial_status),
    enableTagOverride: decodeBoolean(consul.enableTagOverride) ?? false,
    deregisterCriticalServiceAfterMs: decodeDuration(consul.deregisterCriticalServiceAfter),
  });
}

// 0 when there is none.
function decodePort(entry: Entry): number {
  const problem = "must be a port from 1 to 65535";
  const port = decodeInteger(entry, problem);
  if (port !== 0 && !isPort(port)) throw new ConfigFault(entry, problem, entry.value);
  return port;
}

// Version 3 has `health: {interval, ttl}`; version 2 has `poll` and `ttl`, and `health` is a program.
function decodeHealth(
  health: Entry,
  poll: Entry,
  ttl: Entry,
  context: DecodeContext,
): Pick<RegistrationConfig, "healthIntervalMs" | "ttlMs"> {
  const version3 = isObject(health.value)
    ? readPart(health, ["interval", "ttl"], ["exec", "logging", "timeout"], context)
    : undefined;
  return {
    healthIntervalMs: decodeDuration(version3?.interval ?? poll),
    ttlMs: decodeDuration(version3?.ttl ?? ttl),
  };
}

function decodeInitialStatus(entry: Entry): RegistrationConfig["initialStatus"] {
  const status = decodeString(entry);
  if (status === "") return undefined;
  if (status === "passing" || status === "warning" || status === "critical") return status;
  throw new ConfigFault(entry, 'must be "passing", "warning" or "critical"', entry.value);
}

function decodeMeta(entry: Entry): Record<string, string> {
  if (entry.value === undefined || entry.value === null) return {};
  if (!isObject(entry.value)) throw new ConfigFault(entry, "must be an object", entry.value);
  return Object.fromEntries(
    Object.entries(entry.value).map(([key, value]) => [
      key,
      decodeString({ value, path: [...entry.path, key] }),
    ]),
  );
}

const LOADED_FIELDS = [
  "name",
  "port",
  "tags",
  "meta",
  "interfaces",
  "healthIntervalMs",
  "ttlMs",
  "initialStatus",
  "enableTagOverride",
  "deregisterCriticalServiceAfterMs",
] as const;

/**
 * Reads the `registrations` of a loaded configuration that was spread into an object.
 *
 * @param entry The list, or nothing.
 * @param context Where warnings go.
 * @returns The registrations.
 * @throws {ConfigFault} when one is invalid.
 */
export function decodeLoadedRegistrations(
  entry: Entry,
  context: DecodeContext,
): RegistrationConfig[] {
  return readList(entry, context).map((item) => {
    const { known, unknown } = readFields(item, LOADED_FIELDS);
    for (const path of unknown) {
      const problem = unknownKeyProblem(String(path.at(-1)), LOADED_FIELDS);
      throw new ConfigFault({ path, key: true }, problem);
    }
    const port = decodePort(known.port);
    if (port === 0) throw new ConfigFault(known.port, "must be a port", known.port.value);
    return Object.freeze({
      name: decodeServiceName(known.name, true),
      port,
      tags: Object.freeze(decodeStrings(known.tags)),
      meta: Object.freeze(decodeMeta(known.meta)),
      interfaces: Object.freeze(decodeStrings(known.interfaces)),
      healthIntervalMs: decodeMs(known.healthIntervalMs),
      ttlMs: decodeMs(known.ttlMs),
      initialStatus: decodeInitialStatus(known.initialStatus),
      enableTagOverride: decodeBoolean(known.enableTagOverride) ?? false,
      deregisterCriticalServiceAfterMs: decodeMs(known.deregisterCriticalServiceAfterMs),
    });
  });
}

function decodeMs(entry: Entry): number | undefined {
  const { value } = entry;
  if (value === undefined) return undefined;
  if (typeof value === "number" && value >= 0 && Number.isFinite(value)) return value;
  throw new ConfigFault(entry, "must be a number of milliseconds", value);
}

function readPart<Name extends string>(
  entry: Entry,
  names: readonly Name[],
  unused: readonly string[],
  context: DecodeContext,
): Readonly<Record<Name, Entry>> {
  const all = [...names, ...unused];
  const { known, unknown } = readFields({ path: entry.path, value: entry.value ?? {} }, all);
  for (const path of unknown) {
    const hint = didYouMean(String(path.at(-1)), all);
    context.warn({ path, key: true }, `is not a known key and is left out${hint}`);
  }
  return known as Readonly<Record<Name, Entry>>;
}
