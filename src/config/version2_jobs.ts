/**
 * The programs of a ContainerPilot 2 file as jobs. Version 2 has one main program, which is on the
 * command line, and everything else runs beside it.
 *
 * | version 2 | as a job |
 * |---|---|
 * | `preStart` | runs first; everything else waits until it has succeeded |
 * | `preStop` | runs when the main program is asked to end, not when it ends by itself |
 * | `postStop` | runs when the main program has ended |
 * | `services` | checked and registered |
 * | `coprocesses` | started again as `restarts` says |
 * | `tasks` | run at each `frequency`, the first time after one |
 * | `backends[].onChange` | runs at each change |
 *
 * @module
 */
import type { RegistrationConfig } from "./config.ts";
import { ConfigFault, type DecodeContext } from "./config_fault.ts";
import { type HealthConfig, type JobConfig, type JobEvent, PLAIN_JOB } from "./job_config.ts";
import { decodeExec, decodeRestarts, decodeTime } from "./job_fields.ts";
import { readList } from "./list_entries.ts";
import { refuseUnknown } from "./unknown_key.ts";
import { decodeInteger, decodeString, type Entry, isObject, readFields } from "./weak_decode.ts";

/** The name of the job that is the main program. */
export const MAIN_NAME = "main";
/** The name of the job that runs before all others. */
export const PRE_START_NAME = "preStart";

/** Event of a job whose process is asked to end; a file cannot name it. */
export const TERMINATING = "terminating";

const COPROCESS_FIELDS = ["name", "command", "restarts"] as const;
const TASK_FIELDS = ["name", "command", "frequency", "timeout"] as const;

/**
 * Reads the jobs of a version 2 file.
 *
 * @param part The members of the document.
 * @param registrations What `registration_config.ts` has read of `services`.
 * @param context Where warnings go.
 * @returns The jobs, in the order in which they start.
 * @throws {ConfigFault} when ContainerPilot would refuse one.
 */
export function decodeVersion2Jobs(
  part: (key: string) => Entry,
  registrations: readonly RegistrationConfig[],
  context: DecodeContext,
): JobConfig[] {
  const onStart = part("onStart");
  if (onStart.value) {
    context.warn({ path: onStart.path, key: true }, "is not run: call it preStart");
  }
  const preStart = decodeExec(part("preStart"), context);
  const when = preStart === undefined
    ? PLAIN_JOB.when
    : { code: "exitSuccess", source: PRE_START_NAME };
  const plain = (name: string, facts: Partial<JobConfig>): JobConfig =>
    Object.freeze({ ...PLAIN_JOB, when, ...facts, name });
  const hook = (key: string, code: string): JobConfig[] => {
    const exec = decodeExec(part(key), context);
    return exec === undefined ? [] : [plain(key, { exec, when: { code, source: MAIN_NAME } })];
  };
  return [
    ...preStart === undefined
      ? []
      : [plain(PRE_START_NAME, { exec: preStart, when: PLAIN_JOB.when })],
    ...hook("preStop", TERMINATING),
    ...hook("postStop", "stopped"),
    ...readList(part("services"), context).map((item) =>
      decodeService(item, registrations, context, plain)
    ),
    ...readList(part("coprocesses"), context).map((item) => decodeCoprocess(item, context, plain)),
    ...readList(part("tasks"), context).map((item) => decodeTask(item, context, plain)),
    ...readList(part("backends"), context).flatMap((item) => decodeOnChange(item, context)),
  ];
}

type Plain = (name: string, facts: Partial<JobConfig>) => JobConfig;

function decodeService(
  item: Entry,
  registrations: readonly RegistrationConfig[],
  context: DecodeContext,
  plain: Plain,
): JobConfig {
  const { known } = readFields(item, ["name", "port", "health", "poll", "timeout"]);
  const name = decodeString(known.name);
  const registration = registrations.find((each) => each.name === name);
  const intervalMs = registration?.healthIntervalMs ?? decodePoll(known.poll);
  // `health: {interval}` is version 3's; both are read.
  const exec = isObject(known.health.value) ? undefined : decodeExec(known.health, context);
  const timeoutMs = decodeTime(known.timeout) ?? intervalMs;
  const health: HealthConfig = Object.freeze({ exec, intervalMs, timeoutMs, raw: false });
  return plain(name, { registration, health });
}

function decodePoll(entry: Entry): number {
  const problem = "must be a whole number of seconds above 0";
  const seconds = decodeInteger(entry, problem);
  if (!(seconds >= 1)) throw new ConfigFault(entry, problem, entry.value);
  return seconds * 1_000;
}

function decodeCoprocess(item: Entry, context: DecodeContext, plain: Plain): JobConfig {
  const { known, unknown } = readFields(item, COPROCESS_FIELDS);
  refuseUnknown(unknown, COPROCESS_FIELDS);
  const exec = decodeExec(known.command, context);
  if (exec === undefined) throw new ConfigFault(item, "must have a command");
  const name = decodeString(known.name) || exec.join(" ");
  return plain(name, { exec, restarts: decodeRestarts(known.restarts, 0) });
}

function decodeTask(item: Entry, context: DecodeContext, plain: Plain): JobConfig {
  const { known, unknown } = readFields(item, TASK_FIELDS);
  refuseUnknown(unknown, TASK_FIELDS);
  const exec = decodeExec(known.command, context);
  if (exec === undefined) throw new ConfigFault(item, "must have a command");
  const intervalMs = decodeTime(known.frequency);
  if (intervalMs === undefined || intervalMs < 1) {
    throw new ConfigFault(known.frequency, "must be 1ms or more", known.frequency.value);
  }
  return plain(decodeString(known.name) || exec.join(" "), {
    exec,
    intervalMs,
    runsAtStart: false,
    restarts: Infinity,
    timeoutMs: decodeTime(known.timeout) ?? intervalMs,
  });
}

function decodeOnChange(item: Entry, context: DecodeContext): JobConfig[] {
  const { known } = readFields(item, ["name", "onChange", "timeout"]);
  const exec = decodeExec(known.onChange, context);
  if (exec === undefined) return [];
  const name = decodeString(known.name);
  const when: JobEvent = { code: "changed", source: `watch.${name}` };
  const timeoutMs = decodeTime(known.timeout);
  return [Object.freeze({
    ...PLAIN_JOB,
    name: `${name}.onChange`,
    exec,
    when,
    starts: Infinity,
    timeoutMs,
  })];
}
