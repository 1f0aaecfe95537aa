/**
 * The jobs of ContainerPilot 3 as a supervisor runs them.
 *
 * @module
 */
import type { RegistrationConfig } from "./config.ts";
import { ConfigFault, type DecodeContext } from "./config_fault.ts";
import {
  type CommandLine,
  decodeExec,
  decodeRaw,
  decodeRestarts,
  decodeTime,
} from "./job_fields.ts";
import { readList } from "./list_entries.ts";
import { unknownKeyProblem } from "./unknown_key.ts";
import { decodeInteger, decodeString, type Entry, isObject, readFields } from "./weak_decode.ts";

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
  /** What is registered; `undefined` for a job without a port. */
  readonly registration: RegistrationConfig | undefined;
  /** What starts it. */
  readonly when: JobEvent;
  /** How many of these events start it. */
  readonly starts: number;
  /** How long it waits for the event, in milliseconds; `undefined` for ever. */
  readonly whenTimeoutMs: number | undefined;
  /** Milliseconds between two runs of a periodic job. */
  readonly intervalMs: number | undefined;
  /** Whether the first run of a periodic job is at its start, and not after one interval. */
  readonly runsAtStart: boolean;
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
  /** Whether it is the program in the foreground, which has standard input and the signals. */
  readonly foreground: boolean;
  /** Whether it serves the others, and does not keep the supervisor running. */
  readonly auxiliary: boolean;
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

/** What a job has unless it says otherwise. */
export const PLAIN_JOB: Omit<JobConfig, "name"> = Object.freeze({
  exec: undefined,
  registration: undefined,
  when: Object.freeze({ code: "startup", source: "" }),
  starts: 1,
  whenTimeoutMs: undefined,
  intervalMs: undefined,
  runsAtStart: true,
  restarts: 0,
  timeoutMs: undefined,
  stopTimeoutMs: undefined,
  health: undefined,
  raw: false,
  foreground: false,
  auxiliary: false,
});

/**
 * Reads the jobs.
 *
 * @param entry `jobs`.
 * @param registrations What `registration_config.ts` has read of those with a port.
 * @param context Where warnings go.
 * @returns The jobs, in the file's order.
 * @throws {ConfigFault} when ContainerPilot would refuse one.
 */
export function decodeJobs(
  entry: Entry,
  registrations: readonly RegistrationConfig[],
  context: DecodeContext,
): JobConfig[] {
  const seen = new Set<string>();
  return readList(entry, context).map((item) => {
    const job = decodeJob(item, registrations, context);
    if (seen.has(job.name)) {
      throw new ConfigFault(item, `has the name ${JSON.stringify(job.name)} of another job`);
    }
    seen.add(job.name);
    return job;
  });
}

function decodeJob(
  item: Entry,
  registrations: readonly RegistrationConfig[],
  context: DecodeContext,
): JobConfig {
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
  const restarts = decodeRestarts(known.restarts, when.intervalMs === undefined ? 0 : Infinity);
  if (known.restarts.value === "unlimited" && when.starts === Infinity) {
    if (when.when.code !== "signal") {
      const problem = 'must not be "unlimited" with when.each: processes would pile up';
      throw new ConfigFault(known.restarts, problem);
    }
  }
  return Object.freeze({
    ...PLAIN_JOB,
    name,
    exec,
    registration: port === undefined
      ? undefined
      : registrations.find((registration) => registration.name === name),
    ...when,
    restarts,
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
