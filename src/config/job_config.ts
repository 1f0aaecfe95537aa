/**
 * The jobs of ContainerPilot 3 as a supervisor runs them. The registration of a job with a port is
 * read by `registration_config.ts`.
 *
 * @module
 */
import { ConfigFault, type DecodeContext, formatPath } from "./config_fault.ts";
import { parseGoDuration } from "../go_duration.ts";
import { readList } from "./list_entries.ts";
import { unknownKeyProblem } from "./unknown_key.ts";
import {
  decodeBoolean,
  decodeInteger,
  decodeString,
  type Entry,
  isObject,
  readFields,
} from "./weak_decode.ts";

/** A program and its arguments. */
export type CommandLine = readonly [program: string, ...args: string[]];

/** What a job waits for. */
export interface JobEvent {
  /** Name of the event, such as `healthy`. */
  readonly code: string;
  /** Who publishes it: a job, `watch.NAME`, or `""` for the supervisor itself. */
  readonly source: string;
}

/** One job. */
export interface JobConfig {
  /** Its name. */
  readonly name: string;
  /** What it runs; `undefined` for a job that is only registered. */
  readonly exec: CommandLine | undefined;
  /** Whether it is registered. */
  readonly port: number | undefined;
  /** What starts it. */
  readonly when: JobEvent;
  /** How many of these events start it. */
  readonly starts: number;
  /** How long it waits for the event, in milliseconds; `undefined` for ever. */
  readonly whenTimeoutMs: number | undefined;
  /** Milliseconds between two runs of a periodic job. */
  readonly intervalMs: number | undefined;
  /** How often it is run again after it has ended; `Infinity` for always. */
  readonly restarts: number;
  /** How long one run may take, in milliseconds. */
  readonly timeoutMs: number | undefined;
  /** How long it waits for a job that runs when it is stopping, in milliseconds. */
  readonly stopTimeoutMs: number | undefined;
  /** Its health check. */
  readonly health: HealthConfig | undefined;
  /** Whether its output is passed on as it is. */
  readonly raw: boolean;
}

/** The health check of a job. */
export interface HealthConfig {
  /** What it runs; `undefined` for a heartbeat alone. */
  readonly exec: CommandLine | undefined;
  /** Milliseconds between two checks. */
  readonly intervalMs: number;
  /** How long one check may take, in milliseconds. */
  readonly timeoutMs: number;
  /** Whether its output is passed on as it is. */
  readonly raw: boolean;
}

const FIELDS = [
  "name",
  "exec",
  "port",
  "when",
  "restarts",
  "timeout",
  "stopTimeout",
  "health",
  "logging",
] as const;
// Read by registration_config.ts.
const OTHERS = ["interfaces", "tags", "meta", "consul", "initial_status"] as const;
const WHEN_FIELDS = ["interval", "source", "once", "each", "timeout"] as const;

/** Events that a file may name. */
const EVENT_CODES: readonly string[] = [
  "exitSuccess",
  "exitFailed",
  "stopping",
  "stopped",
  "healthy",
  "unhealthy",
  "changed",
  "enterMaintenance",
  "exitMaintenance",
  "startup",
  "shutdown",
  "timerExpired",
  "error",
  "quit",
];
// Published by the supervisor itself, whatever source a file names.
const GLOBAL: readonly string[] = ["startup", "shutdown", "enterMaintenance", "exitMaintenance"];
const SIGNALS: readonly string[] = ["SIGHUP", "SIGUSR2"];

/**
 * Reads the jobs.
 *
 * @param entry `jobs`.
 * @param context Where warnings go.
 * @returns The jobs, in the file's order.
 * @throws {ConfigFault} when ContainerPilot would refuse one.
 */
export function decodeJobs(entry: Entry, context: DecodeContext): JobConfig[] {
  const seen = new Set<string>();
  return readList(entry, context).map((item) => {
    const job = decodeJob(item, context);
    if (seen.has(job.name)) {
      throw new ConfigFault(item, `has the name ${JSON.stringify(job.name)} of another job`);
    }
    seen.add(job.name);
    return job;
  });
}

function decodeJob(item: Entry, context: DecodeContext): JobConfig {
  const { known, unknown } = readFields(item, [...FIELDS, ...OTHERS]);
  for (const path of unknown) {
    const problem = unknownKeyProblem(String(path.at(-1)), [...FIELDS, ...OTHERS]);
    context.warn({ path, key: true }, `${problem}; ContainerPilot refuses the file`);
  }
  const when = decodeWhen(known.when);
  const exec = decodeExec(known.exec, context);
  const name = decodeString(known.name) || exec?.[0] || "";
  if (name === "") throw new ConfigFault(known.name, "must be the name of the job");
  const port = decodeInteger(known.port, "must be a port from 1 to 65535") || undefined;
  const timeoutMs = decodeTime(known.timeout) ?? when.intervalMs;
  if (port !== undefined && !isObject(known.health.value)) {
    throw new ConfigFault(known.health, "must be set for a job with a port");
  }
  return Object.freeze({
    name,
    exec,
    port,
    ...when,
    restarts: decodeRestarts(known.restarts, when),
    timeoutMs,
    stopTimeoutMs: decodeTime(known.stopTimeout),
    health: decodeHealth(known.health, context),
    raw: decodeRaw(known.logging),
  });
}

type When = Pick<JobConfig, "when" | "starts" | "whenTimeoutMs" | "intervalMs">;

function decodeWhen(entry: Entry): When {
  const at = { path: entry.path, value: entry.value ?? {} };
  const { known, unknown } = readFields(at, WHEN_FIELDS);
  for (const path of unknown) {
    throw new ConfigFault({ path, key: true }, unknownKeyProblem(String(path.at(-1)), WHEN_FIELDS));
  }
  const intervalMs = decodeTime(known.interval);
  const once = decodeString(known.once);
  const each = decodeString(known.each);
  const source = decodeString(known.source);
  if ([intervalMs !== undefined, once !== "", each !== ""].filter(Boolean).length > 1) {
    throw new ConfigFault(entry, "can have only one of interval, once and each");
  }
  const whenTimeoutMs = decodeTime(known.timeout);
  const startup = { code: "startup", source: "" };
  if (intervalMs !== undefined) {
    if (intervalMs < 1) {
      throw new ConfigFault(known.interval, "must be 1ms or more", known.interval.value);
    }
    return { when: startup, starts: 1, whenTimeoutMs: undefined, intervalMs };
  }
  if (once === "" && each === "") {
    if (SIGNALS.includes(source)) {
      const when = { code: "signal", source };
      return { when, starts: Infinity, whenTimeoutMs, intervalMs: undefined };
    }
    if (source !== "") {
      throw new ConfigFault(entry, "must say once or each for its source, and which event");
    }
    return { when: startup, starts: 1, whenTimeoutMs, intervalMs: undefined };
  }
  const code = once || each;
  if (!EVENT_CODES.includes(code)) {
    throw new ConfigFault(
      once === "" ? known.each : known.once,
      `must be an event: ${EVENT_CODES.join(", ")}`,
      code,
    );
  }
  return {
    when: { code, source: GLOBAL.includes(code) ? "" : source },
    starts: once === "" ? Infinity : 1,
    whenTimeoutMs,
    intervalMs: undefined,
  };
}

function decodeRestarts(entry: Entry, { starts, when, intervalMs }: When): number {
  const { value } = entry;
  if (value === undefined || value === null) return intervalMs === undefined ? 0 : Infinity;
  if (value === "never") return 0;
  if (value === "unlimited") {
    if (starts === Infinity && when.code !== "signal") {
      throw new ConfigFault(
        entry,
        'must not be "unlimited" with when.each: processes would pile up',
      );
    }
    return Infinity;
  }
  const problem = 'must be a whole number from 0, "unlimited" or "never"';
  if (typeof value !== "number" && typeof value !== "string") {
    throw new ConfigFault(entry, problem, value);
  }
  const count = typeof value === "string" && !/^\d+$/.test(value) ? NaN : Math.trunc(Number(value));
  if (!(count >= 0)) throw new ConfigFault(entry, problem, value);
  return count;
}

function decodeHealth(entry: Entry, context: DecodeContext): HealthConfig | undefined {
  if (entry.value === undefined || entry.value === null) return undefined;
  const { known } = readFields(entry, ["exec", "interval", "ttl", "timeout", "logging"]);
  const problem = "must be a whole number of seconds above 0";
  const seconds = decodeInteger(known.interval, problem);
  if (!(seconds >= 1)) throw new ConfigFault(known.interval, problem, known.interval.value);
  const intervalMs = seconds * 1_000;
  return Object.freeze({
    exec: decodeExec(known.exec, context),
    intervalMs,
    timeoutMs: decodeTime(known.timeout) ?? intervalMs,
    raw: decodeRaw(known.logging),
  });
}

function decodeRaw(entry: Entry): boolean {
  if (!isObject(entry.value)) return false;
  return decodeBoolean(readFields(entry, ["raw"]).known.raw) ?? false;
}

/**
 * Reads a command: a list as it is, a text split at single spaces. There is no shell, as in
 * ContainerPilot.
 *
 * @param entry The command, or nothing.
 * @param context Where warnings go.
 * @returns The command.
 * @throws {ConfigFault} when it is empty or anything else.
 */
function decodeExec(entry: Entry, context: DecodeContext): CommandLine | undefined {
  const { value, path } = entry;
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value)) {
    const [program, ...args] = value.map((item, index) =>
      decodeString({ value: item, path: [...path, index] })
    );
    if (!program) throw new ConfigFault(entry, "must name a program");
    return [program, ...args];
  }
  const text = decodeString(entry).trim();
  const [program, ...args] = text.split(" ");
  if (!program) throw new ConfigFault(entry, "must name a program", value);
  const special = /[|$<>;&"'`*]/.exec(text)?.[0];
  if (special !== undefined) {
    context.warn(
      entry,
      `has a ${special} that no shell sees: it is split at spaces. Write ["sh", "-c", "..."] for a shell`,
    );
  }
  if (args.includes("")) {
    context.warn(
      entry,
      `has two spaces in a row in ${formatPath(path)}, which give an empty argument`,
    );
  }
  return [program, ...args];
}

/**
 * Reads a duration.
 *
 * @param entry Seconds as a number or digits, a Go duration, or nothing.
 * @returns Milliseconds; `undefined` for nothing.
 * @throws {ConfigFault} when it is anything else.
 */
function decodeTime(entry: Entry): number | undefined {
  const text = decodeString(entry);
  if (text === "") return undefined;
  const value = /^\d+$/.test(text) ? Number(text) * 1_000 : parseGoDuration(text);
  if (value !== undefined && value >= 0) return value;
  throw new ConfigFault(
    entry,
    'must be seconds such as 5 or a duration such as "1m30s"',
    entry.value,
  );
}
