/** Jobs on a manual clock, with processes that end when a test says so. */
import type { CommandLine, JobConfig } from "../../src/config/job_config.ts";
import type { ChildExit } from "../../src/runtime/child_process.ts";
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
  return {
    name,
    exec: [name],
    port: undefined,
    when: { code: "startup", source: "" },
    starts: 1,
    whenTimeoutMs: undefined,
    intervalMs: undefined,
    restarts: 0,
    timeoutMs: undefined,
    stopTimeoutMs: undefined,
    health: undefined,
    raw: false,
    ...facts,
  };
}

/** Starts jobs. */
export async function startJobs(
  configs: readonly JobConfig[],
  options: { ignoresTerm?: boolean; graceMs?: number } = {},
): Promise<FakeHost> {
  const { ignoresTerm = false, graceMs = 5_000 } = options;
  const clock = new ManualClock();
  const bus = new EventBus();
  const history: string[] = [];
  const running = new Map<string, FakeProcess>();
  let pid = 100;
  bus.subscribe(({ code, source }) => void history.push(source ? `${source} ${code}` : code));
  const host: JobHost = {
    clock,
    bus,
    random: () => 0.5,
    graceMs,
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
        killGroup(signal) {
          process.signals.push(signal);
          history.push(`${signal} ${name}`);
          if (signal === "SIGKILL" || !ignoresTerm) process.exit(undefined, signal);
          return true;
        },
      });
    },
    register: ({ port, name }) =>
      port === undefined ? undefined : {
        pass: () => void history.push(`pass ${name}`),
        deregister() {
          history.push(`deregister ${name}`);
          return Promise.resolve();
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
    history,
    running,
    ended,
    async exit(name, code = 0) {
      running.get(name)!.exit(code);
      await clock.advance(0);
    },
  };
}
