/**
 * Jobs of a configuration file as ContainerPilot registers them.
 *
 * @module
 */
import type { RegistrationConfig } from "../config/config.ts";
import type { CheckResult, RegisterOptions } from "./options.ts";

/** Checks of jobs, by name. Each replaces the program that `health.exec` of the job names. */
export type JobChecks = Readonly<
  Record<string, (signal: AbortSignal) => CheckResult | Promise<CheckResult>>
>;

const INTERVAL_MS = 10_000;

/**
 * The options that give a job ContainerPilot's meaning: it is registered after its first passing
 * check, or at once with `initial_status`; a failing check sends nothing, so that the TTL is the
 * tolerance; a job without a check passes as long as the process lives.
 *
 * @param job The job.
 * @param checks Checks by name of the job.
 */
export function jobOptions(job: RegistrationConfig, checks: JobChecks): RegisterOptions {
  const { name, port, tags, meta, interfaces, initialStatus, enableTagOverride, ttlMs } = job;
  const intervalMs = job.healthIntervalMs ?? (ttlMs === undefined ? INTERVAL_MS : ttlMs / 3);
  return {
    name,
    port,
    tags,
    meta,
    interfaces,
    initialStatus,
    enableTagOverride,
    awaitPassing: true,
    deregisterCriticalAfterMs: job.deregisterCriticalServiceAfterMs ?? 0,
    check: {
      // ContainerPilot has no rule that the TTL must be longer; with a shorter one it flaps.
      ttlMs: Math.max(ttlMs ?? intervalMs * 3, intervalMs + 1),
      intervalMs,
      run: (Object.hasOwn(checks, name) ? checks[name] : undefined) ?? (() => "passing" as const),
      reportFailures: false,
      notes: `TTL for ${name} set by containerpilot`,
    },
  };
}
