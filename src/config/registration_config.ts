/**
 * What this application can register: `jobs` of ContainerPilot 3 and `services` of ContainerPilot 2
 * that have a port. Their other keys are ContainerPilot's and not used.
 *
 * @module
 */
import { isPort } from "../address.ts";
import type { RegistrationConfig } from "./config.ts";
import { ConfigFault, type DecodeContext } from "./config_fault.ts";
import { parseGoDuration } from "../go_duration.ts";
import { decodeDuration } from "./go_duration.ts";
import { decodeInterfaces } from "./interface_spec.ts";
import { readList } from "./list_entries.ts";
import { decodeAnyServiceName, decodeServiceName } from "./service_name.ts";
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
// In code the status has Piloted's own spelling as well. ContainerPilot refuses it in a file.
const OBJECT_FIELDS = [...FIELDS, "initialStatus"] as const;

const CONSUL_FIELDS = ["enableTagOverride", "deregisterCriticalServiceAfter"] as const;

// Keys of ContainerPilot that Piloted does not use.
const UNUSED = ["exec", "logging", "restarts", "stopTimeout", "timeout", "when"] as const;

function decodeRegistration(item: Entry, context: DecodeContext): RegistrationConfig | undefined {
  const { inCode } = context;
  const fields = inCode ? OBJECT_FIELDS : FIELDS;
  const known = readPart<(typeof OBJECT_FIELDS)[number]>(item, fields, UNUSED, context);
  const port = decodePort(known.port);
  if (port === 0) return undefined;
  const status = inCode && known.initialStatus.value !== undefined
    ? known.initialStatus
    : known.initial_status;
  const consul = readPart(known.consul, CONSUL_FIELDS, [], context);
  return Object.freeze({
    name: item.path[0] === "services" && !inCode
      ? decodeAnyServiceName(known.name, context)
      : decodeServiceName(known.name, inCode),
    port,
    tags: Object.freeze(decodeStrings(known.tags)),
    meta: Object.freeze(decodeMeta(known.meta)),
    interfaces: Object.freeze(decodeInterfaces(known.interfaces)),
    ...decodeHealth(known.health, known.poll, known.ttl, context),
    initialStatus: decodeInitialStatus(status),
    enableTagOverride: decodeBoolean(consul.enableTagOverride) ?? false,
    deregisterCriticalServiceAfterMs: decodeDeregisterAfter(
      consul.deregisterCriticalServiceAfter,
      context,
    ),
  });
}

// 0 when there is none.
function decodePort(entry: Entry): number {
  const problem = "must be a port from 1 to 65535";
  if (entry.value === "") {
    const hint = `${problem}; it is empty, as with a variable that is not set in the environment`;
    throw new ConfigFault(entry, hint, entry.value);
  }
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
    healthIntervalMs: decodeSeconds(version3?.interval ?? poll),
    ttlMs: decodeSeconds(version3?.ttl ?? ttl),
  };
}

// Whole seconds as in a watch, where "0x5" is five and true is one; and durations, Piloted's own.
function decodeSeconds(entry: Entry): number | undefined {
  const { value } = entry;
  if (typeof value === "boolean" || (typeof value === "string" && /^[+-]?0\w/.test(value))) {
    const seconds = integerOf(entry);
    if (seconds !== undefined && seconds > 0) return seconds * 1000;
  }
  return decodeDuration(entry);
}

// undefined for what is no integer, such as the duration "0.5s" or "05s".
function integerOf(entry: Entry): number | undefined {
  try {
    return decodeInteger(entry, "");
  } catch {
    return undefined;
  }
}

/** Go's duration, which needs a unit. 0 means never, as it does to Consul. */
function decodeDeregisterAfter(entry: Entry, { inCode }: DecodeContext): number | undefined {
  const { value } = entry;
  const isPlain = typeof value === "number" ||
    (typeof value === "string" && /^[+-]?\d+$/.test(value));
  const isNone = typeof value === "string" && !isPlain && value !== "" &&
    parseGoDuration(value) === undefined;
  if (isNone || (isPlain && !inCode && Number(value) !== 0)) {
    const problem = 'must be a duration with a unit, such as "90m" or "30s"';
    throw new ConfigFault(entry, problem, value);
  }
  const isZero = isPlain ? Number(value) === 0 : parseGoDuration(String(value ?? "")) === 0;
  return isZero ? undefined : decodeDuration(entry);
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
      interfaces: Object.freeze(decodeInterfaces(known.interfaces)),
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
