/**
 * `telemetry`: the metrics of a supervisor, and the service that it registers for them.
 *
 * @module
 */
import { isPort } from "../address.ts";
import type { RegistrationConfig } from "./config.ts";
import { ConfigFault, type DecodeContext } from "./config_fault.ts";
import { decodeInterfaces } from "./interface_spec.ts";
import { type CommandLine, decodeExec, decodeTime } from "./job_fields.ts";
import { readList } from "./list_entries.ts";
import { refuseUnknown } from "./unknown_key.ts";
import {
  decodeInteger,
  decodeString,
  decodeStrings,
  type Entry,
  type Fields,
  readFields,
} from "./weak_decode.ts";

/** One metric that jobs or sensors record. */
export interface MetricConfig {
  /** Its full name. */
  readonly name: string;
  /** What it is, for people. */
  readonly help: string;
  /** Its kind. */
  readonly type: "counter" | "gauge" | "histogram" | "summary";
  /** The program that prints its value: a sensor of ContainerPilot 2. */
  readonly sensor: SensorConfig | undefined;
}

/** A program that prints the value of a metric. */
export interface SensorConfig {
  /** The program and its arguments. */
  readonly exec: CommandLine;
  /** Milliseconds between two runs. */
  readonly intervalMs: number;
  /** How long a run may take, in milliseconds. */
  readonly timeoutMs: number;
}

/** The metrics of a supervisor. */
export interface TelemetryConfig {
  /** The service that is registered for them. */
  readonly registration: RegistrationConfig;
  /** The metrics. */
  readonly metrics: readonly MetricConfig[];
}

const FIELDS = ["port", "interfaces", "tags", "metrics", "sensors", "ttl", "poll", "name"] as const;
const PARTS = ["namespace", "subsystem", "name", "help", "type"] as const;
const SENSOR_PARTS = [...PARTS, "poll", "check", "timeout"] as const;
const TYPES = ["counter", "gauge", "histogram", "summary"] as const;
const DEFAULT_PORT = 9_090;
const TTL_S = 15;
const POLL_S = 5;

/**
 * Reads `telemetry`, with the `metrics` of ContainerPilot 3 and the `sensors` of version 2.
 *
 * @param entry The section, or nothing.
 * @param context Where warnings go.
 * @returns The telemetry, `undefined` where there is none.
 * @throws {ConfigFault} when ContainerPilot would refuse it.
 */
export function decodeTelemetry(
  entry: Entry,
  context: DecodeContext,
): TelemetryConfig | undefined {
  if (entry.value === undefined || entry.value === null) return undefined;
  const { known, unknown } = readFields(entry, FIELDS);
  refuseUnknown(unknown, FIELDS);
  const problem = "must be a port from 1 to 65535";
  const port = known.port.value === undefined ? DEFAULT_PORT : decodeInteger(known.port, problem);
  if (!isPort(port)) throw new ConfigFault(known.port, problem, known.port.value);
  return Object.freeze({
    registration: Object.freeze({
      name: decodeString(known.name) || "containerpilot",
      port,
      tags: Object.freeze(decodeStrings(known.tags)),
      meta: Object.freeze({}),
      interfaces: Object.freeze(decodeInterfaces(known.interfaces)),
      healthIntervalMs: decodeSeconds(known.poll, POLL_S),
      ttlMs: decodeSeconds(known.ttl, TTL_S),
      initialStatus: undefined,
      enableTagOverride: false,
      deregisterCriticalServiceAfterMs: undefined,
    }),
    metrics: Object.freeze([
      ...readList(known.metrics, context).map((item) => decodeMetric(item)),
      ...readList(known.sensors, context).map((item) => decodeSensor(item, context)),
    ]),
  });
}

function decodeMetric(item: Entry): MetricConfig {
  const { known, unknown } = readFields(item, PARTS);
  refuseUnknown(unknown, PARTS);
  return Object.freeze({ ...decodeParts(item, known), sensor: undefined });
}

function decodeSensor(item: Entry, context: DecodeContext): MetricConfig {
  const { known, unknown } = readFields(item, SENSOR_PARTS);
  refuseUnknown(unknown, SENSOR_PARTS);
  const intervalMs = decodeSeconds(known.poll, 0);
  const exec = decodeExec(known.check, context);
  if (exec === undefined) throw new ConfigFault(known.check, "must be a program");
  const timeoutMs = decodeTime(known.timeout) ?? intervalMs;
  const sensor = Object.freeze({ exec, intervalMs, timeoutMs });
  return Object.freeze({ ...decodeParts(item, known), sensor });
}

// Prometheus joins the parts that are there; ContainerPilot finds a metric by all three, so that one
// without a subsystem can be recorded as "a__b" only. Here both names mean the same.
function decodeParts(
  item: Entry,
  known: Fields<(typeof PARTS)[number]>["known"],
): Pick<MetricConfig, "name" | "help" | "type"> {
  const parts = [known.namespace, known.subsystem, known.name].map(decodeString);
  const name = parts.filter((part) => part !== "").join("_");
  if (parts[2] === "" || !/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name)) {
    const problem = "must be a name of letters, digits and underscores";
    throw new ConfigFault(known.name.value === undefined ? item : known.name, problem, name);
  }
  const text = decodeString(known.type);
  const type = TYPES.find((each) => each === text);
  if (type === undefined) {
    throw new ConfigFault(known.type, `must be one of ${TYPES.join(", ")}`, text);
  }
  return { name, help: decodeString(known.help) || name, type };
}

function decodeSeconds(entry: Entry, otherwise: number): number {
  const problem = "must be a whole number of seconds above 0";
  const seconds = entry.value === undefined ? otherwise : decodeInteger(entry, problem);
  if (!(seconds >= 1)) throw new ConfigFault(entry, problem, entry.value);
  return seconds * 1_000;
}
