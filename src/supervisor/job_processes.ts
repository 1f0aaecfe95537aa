/**
 * Processes of jobs: their environment and their output.
 *
 * @module
 */
import type { CommandLine } from "../config/job_fields.ts";
import { startChildProcess } from "../runtime/child_process.ts";
import type { JobProcess, ProcessOwner } from "./job_host.ts";
import { LineSplitter } from "./log_lines.ts";
import type { SupervisorLog } from "./supervisor_log.ts";

/** What processes of jobs need. */
export interface JobProcessesOptions {
  /** The environment of this process. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where their output goes. */
  readonly log: SupervisorLog;
  /** Whether standard input is a terminal, which the program in the foreground shares. */
  readonly terminal: boolean;
  /** Variables that change over time, read at each start. */
  variables(): Readonly<Record<string, string>>;
}

/** Starts processes of jobs. */
export class JobProcesses {
  readonly #options: JobProcessesOptions;
  readonly #set = new Map<string, string>();
  readonly #ids = new Map<string, string>();

  /** @param options What they need. */
  constructor(options: JobProcessesOptions) {
    this.#options = options;
  }

  /**
   * Sets a variable of processes that start from now on.
   *
   * @param name Its name.
   * @param value Its value.
   */
  setVariable(name: string, value: string): void {
    this.#set.set(name, value);
  }

  /** What {@linkcode JobProcesses.setVariable} has set. */
  get variables(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#set);
  }

  /**
   * Starts a process.
   *
   * @param command The program and its arguments.
   * @param owner Which command of which job it runs.
   * @returns The process, once it runs.
   * @throws {StartError} when it cannot be started.
   */
  async start(command: CommandLine, owner: ProcessOwner): Promise<JobProcess> {
    const { env, log, terminal, variables } = this.#options;
    const splitters = ["stdout", "stderr"].map(() =>
      new LineSplitter((line) => log.line("info", line, { job: owner.name, pid: child.pid }))
    );
    // Output that comes before the process id is known waits for it.
    const early: [Uint8Array, number][] = [];
    let isStarted = false;
    const isForeground = owner.foreground;
    const child = await startChildProcess(command, {
      env: {
        ...env,
        ...variables(),
        ...this.variables,
        ...Object.fromEntries(this.#ids),
      },
      input: isForeground ? "inherit" : "ignore",
      // No runtime can hand a terminal to another group.
      group: !(isForeground && terminal),
      onOutput: owner.raw ? undefined : (chunk, stream) => {
        const index = stream === "stdout" ? 0 : 1;
        if (isStarted) splitters[index]!.push(chunk);
        else early.push([chunk, index]);
      },
    });
    isStarted = true;
    for (const [chunk, index] of early) splitters[index]!.push(chunk);
    const variable = `CONTAINERPILOT_${variableName(owner.name)}_PID`;
    this.#ids.set(variable, String(child.pid));
    void child.exited.then(() => {
      for (const splitter of splitters) splitter.end();
      if (this.#ids.get(variable) === String(child.pid)) this.#ids.delete(variable);
    });
    return child;
  }
}

// As ContainerPilot: the last part of a path without its extension, so `check.app` is CHECK.
function variableName(name: string): string {
  const base = name.slice(name.lastIndexOf("/") + 1).replace(/\.[^.]*$/, "");
  return base.toUpperCase().replaceAll(/[^A-Z0-9]+/g, "_");
}
