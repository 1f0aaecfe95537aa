/**
 * `piloted exec [FILE]` and `piloted exec [FILE] -- COMMAND`.
 *
 * @module
 */
import process from "node:process";
import { systemClock } from "../clock.ts";
import type { SupervisorConfig } from "../config/load_supervisor.ts";
import { parseSupervisorConfig } from "../config/load_supervisor.ts";
import { startChildProcess, StartError } from "../runtime/child_process.ts";
import { SocketError } from "../runtime/control_socket.ts";
import { environment } from "../runtime/environment.ts";
import { catchesHangup } from "../runtime/signal_mask.ts";
import { type ChangeAction, QuietPeriod } from "../supervisor/change_action.ts";
import type { EventBus } from "../supervisor/events.ts";
import type { Job } from "../supervisor/job.ts";
import { withProgram } from "../supervisor/main_job.ts";
import { Supervisor, type SupervisorEnd } from "../supervisor/supervisor.ts";
import { type EarlySignals, execSignals, holdSignals } from "./early_signals.ts";
import { CommandError, EXIT, signalExitCode } from "./exit_codes.ts";
import { runBelowTini } from "./first_process.ts";
import type { Output } from "./output.ts";
import { configPath, readConfigText } from "./render_command.ts";
import { UsageError } from "./usage_error.ts";
import { VERSION } from "./version.ts";

/** Options of `piloted exec`. */
export interface ExecOptions {
  /** The job whose end ends everything, with its exit code. */
  readonly main?: string | undefined;
  /** What happens to COMMAND when a service changes. */
  readonly onChange?: ChangeAction | undefined;
  /** Minimum and maximum quiet period after a change, in milliseconds. */
  readonly quiet?: readonly [minMs: number, maxMs: number] | undefined;
  /** Maximum random delay after a change, in milliseconds. */
  readonly splayMs?: number | undefined;
  /** Milliseconds between the removal of a service and the end of its process. */
  readonly drainMs?: number | undefined;
}

// A program does not wait long for a Consul that is away; its lists come when they come.
const FIRST_LISTS_MS = 5_000;
// Jobs of a file do not wait in ContainerPilot.
const FIRST_LISTS_OF_JOBS_MS = 1_000;
const DRAIN_MS = 500;

/**
 * Runs the jobs of a file, or one program beside its jobs and watches.
 *
 * @param file The file; `undefined` for the one in `$CONTAINERPILOT`.
 * @param options Options.
 * @param command The program; `undefined` for the jobs of the file.
 * @param outputs Where it writes.
 * @param signals Signals since the start of the process. @default {from now on}
 * @returns Exit code of the program or of the main job.
 * @throws {PilotedError} when the configuration is invalid.
 * @throws {CommandError} when the program cannot be started.
 */
export async function execCommand(
  file: string | undefined,
  options: ExecOptions,
  command: readonly string[] | undefined,
  outputs: { readonly stdout: Output; readonly stderr: Output },
  signals?: EarlySignals,
): Promise<number> {
  if (process.platform === "win32") {
    throw new UsageError("Cannot run exec on Windows: it has no signals and no process groups");
  }
  const terminal = process.stdin.isTTY === true;
  const held = signals ?? holdSignals(execSignals(command === undefined ? [] : ["--"], terminal));
  const below = await runBelowTini(held, outputs.stderr);
  if (below !== undefined) return below;
  const path = configPath(file);
  const load = async (variables: Readonly<Record<string, string>>) =>
    await prepared(path, variables, options, command);
  const { config, main } = await load({});
  const supervisor = new Supervisor(config, {
    env: process.env,
    pid: process.pid,
    version: VERSION,
    write: (text, stream) => outputs[stream].write(text),
    main,
    terminal,
    drainMs: options.drainMs ?? DRAIN_MS,
    firstListsMs: command === undefined ? FIRST_LISTS_OF_JOBS_MS : FIRST_LISTS_MS,
    load: async (variables) => (await load(variables)).config,
    started(bus, program) {
      if (command !== undefined) actOnChanges(config, options, bus, program, outputs.stderr);
    },
  });
  const ended = supervisor.run();
  held.handOver((name) => supervisor.signal(name));
  try {
    return exitCode(await ended);
  } catch (error) {
    if (!(error instanceof SocketError)) throw error;
    throw new CommandError(EXIT.failed, error.message);
  }
}

async function prepared(
  path: string,
  variables: Readonly<Record<string, string>>,
  { main }: ExecOptions,
  command: readonly string[] | undefined,
): Promise<{ readonly config: SupervisorConfig; readonly main: string | undefined }> {
  const env = { ...environment(), ...variables };
  const consul = { ...environment({ quiet: true }), ...variables };
  const context = { template: env, consul, missing: "empty" as const };
  const config = await parseSupervisorConfig(await readConfigText(path), context, path);
  const jobs = config.jobs.filter(({ auxiliary }) => !auxiliary);
  if (main !== undefined && !jobs.some(({ name }) => name === main)) {
    const names = jobs.map(({ name }) => name).join(", ");
    throw new UsageError(
      `Cannot use --main ${main}: ${names ? `the jobs are ${names}` : "the file has no jobs"}`,
    );
  }
  const [program, ...args] = command ?? [];
  if (program === undefined) {
    if (jobs.length > 0) return { config, main };
    throw new UsageError("Cannot run: the file has no jobs, and no command follows --");
  }
  const beside = withProgram(config, [program, ...args], main);
  // Standard output belongs to the program.
  const output = config.logging.output === "stdout" ? "stderr" : config.logging.output;
  const logging = { ...config.logging, output };
  return { config: { ...beside.config, logging }, main: beside.main };
}

function exitCode({ code, signal, startError }: SupervisorEnd): number {
  if (startError instanceof StartError) {
    const exit = startError.missing ? EXIT.notFound : EXIT.notStarted;
    throw new CommandError(exit, startError.message);
  }
  return signal === undefined ? code ?? EXIT.ok : signalExitCode(signal);
}

function actOnChanges(
  { jobs }: SupervisorConfig,
  options: ExecOptions,
  bus: EventBus,
  program: () => Job | undefined,
  stderr: Output,
): void {
  const { quiet = [250, 2_000], splayMs = 0 } = options;
  // A file whose jobs act on changes has said what is to happen.
  const acts = jobs.some(({ when }) => when.source.startsWith("watch."));
  const { onChange = { type: acts ? "none" : "auto" } } = options;
  const log = (message: string) => stderr.write(`${message}\n`);
  const act = () => void change(onChange, program(), log).catch((error) => log(String(error)));
  const period = new QuietPeriod({
    minMs: quiet[0],
    maxMs: quiet[1],
    splayMs,
    clock: systemClock,
    random: Math.random,
  }, act);
  bus.subscribe(({ code, source }) => {
    if (code === "changed" && source.startsWith("watch.")) period.change();
    if (code === "shutdown") period.cancel();
  });
}

async function change(
  action: ChangeAction,
  program: Job | undefined,
  log: (message: string) => void,
): Promise<void> {
  const pid = program?.command?.pid;
  if (pid === undefined || action.type === "none") return;
  if (action.type === "restart") return program!.command!.restart();
  if (action.type === "signal") return void program!.command!.signal(action.signal);
  if (action.type === "run") {
    const child = await startChildProcess(["sh", "-c", action.command], { group: true });
    const { code, signal } = await child.exited;
    if (code !== 0) log(`The command for changes ended with ${signal ?? `exit code ${code}`}`);
    return;
  }
  // Never to a program without a handler, which the signal would end.
  if (await catchesHangup(pid)) program!.command!.signal("SIGHUP");
}
