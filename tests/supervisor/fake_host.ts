/** Jobs on a manual clock, with processes that end when a test says so. */
import type { RegistrationConfig } from "../../src/config/config.ts";
import { type JobConfig, PLAIN_JOB } from "../../src/config/job_config.ts";
import type { CommandLine } from "../../src/config/job_fields.ts";
import type { ChildExit } from "../../src/runtime/child_process.ts";
import { Drain } from "../../src/supervisor/drain.ts";
import { EventBus } from "../../src/supervisor/events.ts";
import type { JobHost } from "../../src/supervisor/job_host.ts";
import { JobSet } from "../../src/supervisor/job_set.ts";
import { ManualClock } from "../../src/testing/mod.ts";

/** A process that only pretends. */
export interface FakeProcess {
  readonly name: string;
  readonly signals: string[];
  exit(code: number | undefined, signal?: string): void;
}

/** Everything around some jobs. */
export interface FakeHost {
  readonly clock: ManualClock;
  readonly bus: EventBus;
  readonly jobs: JobSet;
  readonly drain: Drain;
  /** Events and what was done, in order. */
  readonly history: string[];
  /** Processes that run, by name. */
  readonly running: Map<string, FakeProcess>;
  readonly ended: Promise<void>;
  /** Ends the process of that name. */
  exit(name: string, code?: number): Promise<void>;
}

/** A job with defaults. */
export function job(name: string, facts: Partial<JobConfig> = {}): JobConfig {
  return { ...PLAIN_JOB, name, exec: [name], ...facts };
}

/** What a job with a port registers. */
export const SERVICE: RegistrationConfig = {
  name: "app",
  port: 80,
  tags: [],
  meta: {},
  interfaces: [],
  healthIntervalMs: 5_000,
  ttlMs: 15_000,
  initialStatus: undefined,
  enableTagOverride: false,
  deregisterCriticalServiceAfterMs: undefined,
};

/** Starts jobs. */
export async function startJobs(
  configs: readonly JobConfig[],
  options: { ignoresTerm?: boolean; graceMs?: number; drainMs?: number } = {},
): Promise<FakeHost> {
  const { ignoresTerm = false, graceMs = 5_000, drainMs = 0 } = options;
  const clock = new ManualClock();
  const bus = new EventBus();
  const history: string[] = [];
  const running = new Map<string, FakeProcess>();
  let pid = 100;
  bus.subscribe(({ code, source }) => void history.push(source ? `${source} ${code}` : code));
  const drain = new Drain(clock, drainMs);
  const listed = new Set<string>();
  const host: JobHost = {
    clock,
    bus,
    drain,
    stopTimeoutMs: graceMs,
    stopSignal: "SIGTERM",
    start(command: CommandLine, { name }) {
      if (command[0] === "missing") return Promise.reject(new Error("there is no such program"));
      let end = (_: ChildExit) => {};
      const exited = new Promise<ChildExit>((resolve) => end = resolve);
      const process: FakeProcess = {
        name,
        signals: [],
        exit(code, signal) {
          running.delete(name);
          end({ code, signal });
        },
      };
      running.set(name, process);
      history.push(`start ${name}`);
      return Promise.resolve({
        pid: pid++,
        exited,
        kill: (signal) => process.signals.push(signal) > 0,
        killGroup(signal) {
          process.signals.push(signal);
          history.push(`${signal} ${name}`);
          if (signal === "SIGKILL" || !ignoresTerm) process.exit(undefined, signal);
          return true;
        },
      });
    },
    register: ({ registration, name }) =>
      registration === undefined ? undefined : {
        pass() {
          listed.add(name);
          history.push(`pass ${name}`);
        },
        fail: () => void history.push(`fail ${name}`),
        deregister() {
          history.push(`deregister ${name}`);
          return Promise.resolve(listed.delete(name));
        },
      },
    log: () => {},
  };
  const jobs = new JobSet(configs, host);
  const ended = jobs.run();
  await clock.advance(0);
  return {
    clock,
    bus,
    jobs,
    drain,
    history,
    running,
    ended,
    async exit(name, code = 0) {
      running.get(name)!.exit(code);
      await clock.advance(0);
    },
  };
}
