/**
 * What jobs need of the world, so that tests can stand in for it.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import type { JobConfig } from "../config/job_config.ts";
import type { CommandLine } from "../config/job_fields.ts";
import type { ChildExit } from "../runtime/child_process.ts";
import type { Drain } from "./drain.ts";
import type { EventBus } from "./events.ts";

/** A process of a job. */
export interface JobProcess {
  /** Its process id. */
  readonly pid: number;
  /** Resolves when it has ended. */
  readonly exited: Promise<ChildExit>;
  /** Sends a signal to it alone. */
  kill(signal: string): boolean;
  /** Sends a signal to it and to what it started. */
  killGroup(signal: string): boolean;
}

/** Which command of which job a process runs. */
export interface ProcessOwner {
  /** Name of the job, or `check.JOB` of its health check. */
  readonly name: string;
  /** Whether its output is passed on as it is. */
  readonly raw: boolean;
  /** Whether it has this process's standard input, and its terminal if there is one. */
  readonly foreground: boolean;
}

/** The registration of one job's service. */
export interface JobRegistration {
  /** Reports that the service is healthy. Registers it when it is not registered. */
  pass(): void;
  /** Ends the heartbeats until the next `pass()`: critical is what the TTL makes of it. */
  fail(): void;
  /**
   * Takes the service out of the registry, and registers it again with the next `pass()`.
   *
   * @returns Whether others could find it until now.
   */
  deregister(): Promise<boolean>;
}

/** What jobs need of the world. */
export interface JobHost {
  /** Time. */
  readonly clock: Clock;
  /** Events. */
  readonly bus: EventBus;
  /** The time between the removal of a service and the end of its process. */
  readonly drain: Drain;
  /** What a service has between its removal and SIGKILL, in milliseconds. */
  readonly stopTimeoutMs: number;
  /** The signal that asks the program in the foreground to end. */
  readonly stopSignal: "SIGTERM" | "SIGINT";
  /**
   * Starts a process.
   *
   * @throws {Error} when it cannot be started.
   */
  start(command: CommandLine, owner: ProcessOwner): Promise<JobProcess>;
  /** The registration of a job with a port; `undefined` for one that is not registered. */
  register(job: JobConfig): JobRegistration | undefined;
  /** Receives a line for people. */
  log(level: "info" | "warn" | "error" | "debug", message: string, job?: string): void;
}
