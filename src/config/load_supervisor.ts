/**
 * Reads a configuration file for a supervisor: what the client reads, and the jobs with their
 * programs.
 *
 * @module
 */
import { renderTemplateWithMap } from "../template/render_template.ts";
import type { Config } from "./config.ts";
import type { DecodeContext } from "./config_fault.ts";
import { ConfigSource } from "./config_source.ts";
import { decodeConfig, type DecodedConfig } from "./decode_config.ts";
import { decodeJobs, type JobConfig, PLAIN_JOB } from "./job_config.ts";
import { type Document, readDocument } from "./json5_document.ts";
import { completeConfig } from "./loaded_config.ts";
import { decodeLogging, type LoggingConfig } from "./logging_config.ts";
import type { ReadContext } from "./parse_config.ts";
import { maskMembers, WatchedEnvironment } from "./secrets.ts";
import { decodeTelemetry, type TelemetryConfig } from "./telemetry_config.ts";
import { refuseUnknown } from "./unknown_key.ts";
import { decodeVersion2Jobs } from "./version2_jobs.ts";
import { decodeInteger, decodeString, type Entry, isObject, readFields } from "./weak_decode.ts";

/** A configuration as a supervisor reads it. */
export interface SupervisorConfig {
  /** What the client reads. */
  readonly config: Config;
  /** The jobs. */
  readonly jobs: readonly JobConfig[];
  /** What a service has between its removal and SIGKILL, in milliseconds; 0 for none. */
  readonly stopTimeoutMs: number;
  /** How it logs. */
  readonly logging: LoggingConfig;
  /** The control socket. */
  readonly control: ControlConfig;
  /** Its metrics. */
  readonly telemetry: TelemetryConfig | undefined;
  /** Whether the jobs are those of a version 2 file, whose main program is on the command line. */
  readonly isVersion2: boolean;
}

/** The control socket. */
export interface ControlConfig {
  /** Its path. */
  readonly socket: string;
  /** Whether the file names it. */
  readonly named: boolean;
}

const DEFAULT_SOCKET = "/var/run/containerpilot.socket";
const DEFAULT_STOP_TIMEOUT_S = 5;

/**
 * Reads the text of a configuration file.
 *
 * @param text The text.
 * @param context The environment, and what an unset variable is.
 * @param path Name of the file.
 * @param inspect Sees the document before it is decoded, and may add warnings. @default {undefined}
 * @returns The configuration.
 * @throws {PilotedError} as `parseConfig`.
 */
export async function parseSupervisorConfig(
  text: string,
  context: ReadContext,
  path: string,
  inspect?: (document: Document, text: string, warn: DecodeContext["warn"]) => void,
): Promise<SupervisorConfig> {
  const watched = new WatchedEnvironment(context.template);
  const template = text.replace(/^\uFEFF/, "");
  const options = { env: watched.env, missing: context.missing, path };
  const rendered = await renderTemplateWithMap(template, options, { mask: maskMembers });
  const source = new ConfigSource(watched, path, { template, rendered });
  for (const [name, index] of rendered.unset) source.warnOfUnset(name, [], index);
  try {
    const document = readDocument(rendered.text);
    const { value, place } = document;
    source.place = place;
    const decoding = { inCode: false, warn: source.warn.bind(source) };
    inspect?.(document, rendered.text, decoding.warn);
    const decoded = decodeConfig(value, context.consul, decoding);
    const supervised = decodeSupervised(value, decoded, decoding);
    return { config: completeConfig(decoded, source.warnings()), ...supervised };
  } catch (caught) {
    throw source.error(caught);
  }
}

function decodeSupervised(
  value: unknown,
  { registrations }: DecodedConfig,
  context: DecodeContext,
): Omit<SupervisorConfig, "config"> {
  const document = isObject(value) ? value : {};
  const part = (key: string): Entry => ({ value: document[key], path: [key] });
  const jobs = decodeJobs(part("jobs"), registrations, context);
  const older = decodeVersion2Jobs(part, registrations, context);
  const telemetry = decodeTelemetry(part("telemetry"), context);
  return {
    jobs: Object.freeze([
      ...jobs,
      ...older,
      ...telemetry === undefined ? [] : [telemetryJob(telemetry)],
    ]),
    stopTimeoutMs: decodeStopTimeout(part("stopTimeout")),
    logging: decodeLogging(part("logging"), context),
    control: decodeControl(part("control")),
    telemetry,
    isVersion2: jobs.length === 0 && older.length > 0,
  };
}

// As in ContainerPilot its service is a job without a program.
function telemetryJob({ registration }: TelemetryConfig): JobConfig {
  const intervalMs = registration.healthIntervalMs!;
  const health = { exec: undefined, intervalMs, timeoutMs: intervalMs, raw: false };
  const { name } = registration;
  return Object.freeze({ ...PLAIN_JOB, name, registration, health, auxiliary: true });
}

function decodeControl(entry: Entry): ControlConfig {
  const at = { path: entry.path, value: entry.value ?? {} };
  const { known, unknown } = readFields(at, ["socket"]);
  refuseUnknown(unknown, ["socket"]);
  const socket = decodeString(known.socket);
  return { socket: socket || DEFAULT_SOCKET, named: socket !== "" };
}

function decodeStopTimeout(entry: Entry): number {
  const seconds = decodeInteger(entry, "must be a whole number of seconds, -1 for none");
  return Math.max(0, seconds === 0 ? DEFAULT_STOP_TIMEOUT_S : seconds) * 1_000;
}
