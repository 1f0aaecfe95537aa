/**
 * What this application may register of itself: `jobs` of ContainerPilot 3 and `services` of
 * ContainerPilot 2 that have a port. All else about them is ContainerPilot's own and left alone.
 *
 * @module
 */
import type { RegistrationConfig } from "./config.ts";
import { ConfigFault, type DecodeContext } from "./config_fault.ts";
import { decodeDuration } from "./go_duration.ts";
import { readList } from "./list_entries.ts";
import { decodeServiceName } from "./service_name.ts";
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
 * @param context Whether names are free, and where warnings go.
 * @returns Those that have a port, in the document's order.
 * @throws {ConfigFault} when one that has a port is invalid.
 */
export function decodeRegistrations(entry: Entry, context: DecodeContext): RegistrationConfig[] {
  return readList(entry, context)
    .filter((item) => isObject(item.value))
    .map((item) => decodeRegistration(item, context))
    .filter((registration) => registration !== undefined);
}

const FIELDS = [
  "name",
  "port",
  "tags",
  "meta",
  "interfaces",
  "health",
  "poll",
  "ttl",
  "initialStatus",
  "consul",
] as const;

function decodeRegistration(item: Entry, context: DecodeContext): RegistrationConfig | undefined {
  const { known } = readFields(item, FIELDS);
  const problem = "must be a port from 1 to 65535";
  const port = decodeInteger(known.port, problem);
  if (port === 0) return undefined;
  if (!(port >= 1 && port <= 65535)) throw new ConfigFault(known.port, problem, known.port.value);
  const consul = readPart(known.consul, ["enableTagOverride", "deregisterCriticalServiceAfter"]);
  return Object.freeze({
    name: decodeServiceName(known.name, context.anyName),
    port,
    tags: Object.freeze(decodeStrings(known.tags)),
    meta: Object.freeze(decodeMeta(known.meta)),
    interfaces: Object.freeze(decodeStrings(known.interfaces)),
    ...decodeHealth(known.health, known.poll, known.ttl),
    initialStatus: decodeInitialStatus(known.initialStatus),
    enableTagOverride: decodeBoolean(consul.enableTagOverride) ?? false,
    deregisterCriticalServiceAfterMs: decodeDuration(consul.deregisterCriticalServiceAfter),
  });
}

// Version 3 has `health: {interval, ttl}`; version 2 has `poll` and `ttl`, and `health` is a program.
function decodeHealth(
  health: Entry,
  poll: Entry,
  ttl: Entry,
): Pick<RegistrationConfig, "healthIntervalMs" | "ttlMs"> {
  const version3 = isObject(health.value) ? readPart(health, ["interval", "ttl"]) : undefined;
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

function readPart<Name extends string>(
  entry: Entry,
  names: readonly Name[],
): Readonly<Record<Name, Entry>> {
  return readFields({ path: entry.path, value: entry.value ?? {} }, names).known;
}
