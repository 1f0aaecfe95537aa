/**
 * Which jobs another configuration replaces.
 *
 * @module
 */
import type { JobConfig } from "../config/job_config.ts";
import type { Job } from "./job.ts";

/**
 * Decides which jobs of a running list end when another list takes its place:
 *
 * - those that are gone, and those that differ;
 * - those that have completed and that a new one waits for, because their event will not come again;
 * - those that wait for the end of one that is replaced, because they run once.
 *
 * @param jobs The running jobs.
 * @param configs The new list.
 * @returns The jobs that end. Every job of the new list without a job that goes on is started.
 */
export function jobsToReplace(jobs: readonly Job[], configs: readonly JobConfig[]): Set<Job> {
  const next = new Map(configs.map((config) => [config.name, config]));
  const byName = new Map(jobs.map((job) => [job.config.name, job]));
  const replaced = new Set(
    jobs.filter(({ config }) => identity(config) !== identity(next.get(config.name))),
  );
  const isNew = ({ name }: JobConfig) => !byName.has(name) || replaced.has(byName.get(name)!);
  let before = -1;
  while (before !== replaced.size) {
    before = replaced.size;
    for (const config of configs.filter(isNew)) {
      const source = byName.get(config.when.source);
      if (source?.status === "completed") replaced.add(source);
    }
    for (const job of jobs) {
      const source = byName.get(job.config.when.source);
      if (source !== undefined && replaced.has(source) && !job.command?.isRunning) {
        replaced.add(job);
      }
    }
  }
  return replaced;
}

// JSON has no Infinity, which no other value of these fields is mistaken for.
function identity(config: JobConfig | undefined): string {
  return config === undefined ? "" : JSON.stringify(config);
}
