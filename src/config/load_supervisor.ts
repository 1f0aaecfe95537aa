/**
 * Reads a configuration file for a supervisor: what the client reads, and the jobs with their
 * programs.
 *
 * @module
 */
import { renderTemplateWithMap } from "../template/render_template.ts";
import type { Config } from "./config.ts";
import { ConfigFault, type DecodeContext } from "./config_fault.ts";
import { ConfigSource } from "./config_source.ts";
import { decodeConfig } from "./decode_config.ts";
import { decodeJobs, type JobConfig } from "./job_config.ts";
import { type Document, readDocument } from "./json5_document.ts";
import { completeConfig } from "./loaded_config.ts";
import type { ReadContext } from "./parse_config.ts";
import { maskMembers, WatchedEnvironment } from "./secrets.ts";
import { decodeInteger, decodeString, type Entry, isObject, readFields } from "./weak_decode.ts";

/** How a supervisor logs. */
export interface LoggingConfig {
  /** What is logged at least. */
  readonly level: "debug" | "info" | "warn" | "error";
  /** How a line looks. */
  readonly format: "default" | "text" | "json";
  /** Where lines go. */
  readonly output: "stdout" | "stderr";
}

/** A configuration as a supervisor reads it. */
export interface SupervisorConfig {
  /** What the client reads. */
  readonly config: Config;
  /** The jobs. */
  readonly jobs: readonly JobConfig[];
  /** How long processes have between SIGTERM and SIGKILL, in milliseconds; 0 for none. */
  readonly stopTimeoutMs: number;
  /** How it logs. */
  readonly logging: LoggingConfig;
}

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
    const supervised = decodeSupervised(value, decoding);
    return { config: completeConfig(decoded, source.warnings()), ...supervised };
  } catch (caught) {
    throw source.error(caught);
  }
}

function decodeSupervised(
  value: unknown,
  context: DecodeContext,
): Omit<SupervisorConfig, "config"> {
  const document = isObject(value) ? value : {};
  const part = (key: string): Entry => ({ value: document[key], path: [key] });
  return {
    jobs: decodeJobs(part("jobs"), context),
    stopTimeoutMs: decodeStopTimeout(part("stopTimeout")),
    logging: decodeLogging(part("logging"), context),
  };
}

function decodeStopTimeout(entry: Entry): number {
  const seconds = decodeInteger(entry, "must be a whole number of seconds, -1 for none");
  return Math.max(0, seconds === 0 ? DEFAULT_STOP_TIMEOUT_S : seconds) * 1_000;
}

const LEVELS = ["debug", "info", "warn", "error"] as const;
// ContainerPilot's other levels.
const SAME_LEVELS: Readonly<Record<string, string>> = {
  warning: "warn",
  fatal: "error",
  panic: "error",
};
const FORMATS = ["default", "text", "json"] as const;

function decodeLogging(entry: Entry, context: DecodeContext): LoggingConfig {
  const at = { path: entry.path, value: entry.value ?? {} };
  const { known } = readFields(at, ["level", "format", "output"]);
  const level = lower(known.level);
  return {
    level: oneOf({ ...known.level, value: SAME_LEVELS[level] ?? level }, LEVELS, "info"),
    format: oneOf({ ...known.format, value: lower(known.format) }, FORMATS, "default"),
    output: decodeOutput(known.output, context),
  };
}

function decodeOutput(entry: Entry, context: DecodeContext): LoggingConfig["output"] {
  const text = decodeString(entry);
  if (text === "stderr") return text;
  if (text !== "" && text !== "stdout") {
    context.warn(entry, "is a file, which is not supported: the log goes to standard output");
  }
  return "stdout";
}

function lower(entry: Entry): string {
  return decodeString(entry).toLowerCase();
}

function oneOf<Word extends string>(
  entry: Entry,
  words: readonly Word[],
  otherwise: Word,
): Word {
  const text = decodeString(entry);
  if (text === "") return otherwise;
  const word = words.find((each) => each === text);
  if (word !== undefined) return word;
  throw new ConfigFault(entry, `must be one of ${words.join(", ")}`, text);
}
