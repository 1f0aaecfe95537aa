/**
 * The job that a supervisor runs for.
 *
 * @module
 */
import { type JobConfig, PLAIN_JOB } from "../config/job_config.ts";
import type { CommandLine } from "../config/job_fields.ts";
import type { SupervisorConfig } from "../config/load_supervisor.ts";
import { MAIN_NAME, PRE_START_NAME } from "../config/version2_jobs.ts";

/**
 * The job whose exit code is the supervisor's: the one that is named, else the only one with a
 * program and a port, else the only one with a program that starts by itself and is not periodic.
 *
 * @param config The jobs. Those of version 2 all run beside a program on the command line.
 * @param named Name of the main job, if it was given.
 * @returns The job, `undefined` where none is the main one.
 */
export function mainJob(
  { jobs, isVersion2 }: Pick<SupervisorConfig, "jobs" | "isVersion2">,
  named?: string,
): JobConfig | undefined {
  if (named !== undefined) return jobs.find(({ name }) => name === named);
  if (isVersion2) return undefined;
  const only = (list: readonly JobConfig[]) => list.length === 1 ? list[0] : undefined;
  const programs = jobs.filter(({ exec }) => exec !== undefined);
  return only(programs.filter(({ registration }) => registration !== undefined)) ??
    only(
      programs.filter(({ when, intervalMs }) =>
        when.code === "startup" && intervalMs === undefined
      ),
    );
}

/**
 * Puts a program in the foreground: in place of the main job of the file, or beside its jobs where it
 * has none.
 *
 * @param config The configuration.
 * @param command The program and its arguments.
 * @param named Name of the main job, if it was given.
 * @returns The configuration with it, and the name of its job.
 */
export function withProgram(
  config: SupervisorConfig,
  command: CommandLine,
  named?: string,
): { readonly config: SupervisorConfig; readonly main: string } {
  const { jobs } = config;
  const program = { exec: command, raw: true, foreground: true, restarts: 0, timeoutMs: undefined };
  const replaced = mainJob(config, named);
  if (replaced !== undefined) {
    const { name } = replaced;
    const changed = jobs.map((job) => job === replaced ? { ...job, ...program } : job);
    return { config: { ...config, jobs: changed }, main: name };
  }
  const when = preStart(config) ? { code: "exitSuccess", source: PRE_START_NAME } : PLAIN_JOB.when;
  const main = { ...PLAIN_JOB, ...program, name: MAIN_NAME, when };
  return { config: { ...config, jobs: [...jobs, main] }, main: MAIN_NAME };
}

/**
 * The job that everything else of a version 2 file waits for.
 *
 * @param config The configuration.
 * @returns Its name, `undefined` where there is none.
 */
export function preStart(
  { jobs, isVersion2 }: Pick<SupervisorConfig, "jobs" | "isVersion2">,
): string | undefined {
  return isVersion2 ? jobs.find(({ name }) => name === PRE_START_NAME)?.name : undefined;
}
