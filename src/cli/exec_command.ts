/**
 * `piloted exec [FILE]` and `piloted exec [FILE] -- COMMAND`.
 *
 * @module
 */
import process from "node:process";
import { createPiloted } from "../client/create_piloted.ts";
import type { Piloted } from "../client/piloted.ts";
import { systemClock } from "../clock.ts";
import type { SupervisorConfig } from "../config/load_supervisor.ts";
import { parseSupervisorConfig } from "../config/load_supervisor.ts";
import { environment } from "../runtime/environment.ts";
import { startChildProcess } from "../runtime/child_process.ts";
import type { SignalName } from "../runtime/signals.ts";
import { catchesHangup } from "../runtime/signal_mask.ts";
import { type ChangeAction, QuietPeriod } from "../supervisor/change_action.ts";
import { endpointVariables } from "../supervisor/endpoint_variables.ts";
import { EventBus } from "../supervisor/events.ts";
import { Foreground } from "../supervisor/foreground.ts";
import { Supervisor } from "../supervisor/supervisor.ts";
import { publishWatches } from "../supervisor/watch_events.ts";
import { sleep } from "../wait.ts";
import { type EarlySignals, holdSignals } from "./early_signals.ts";
import { EXIT, signalExitCode } from "./exit_codes.ts";
import type { Output } from "./output.ts";
import { configPath, readConfigText } from "./render_command.ts";
import { exitCode } from "./run_program.ts";
import { UsageError } from "./usage_error.ts";

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
}

// The program does not wait for a Consul that is away; its lists come when they come.
const FIRST_LISTS_MS = 5_000;

/**
 * Runs the jobs of a file, or one program beside its watches.
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
  signals: EarlySignals = holdSignals(["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR2"]),
): Promise<number> {
  if (process.platform === "win32") {
    throw new UsageError("Cannot run exec on Windows: it has no signals and no process groups");
  }
  const path = configPath(file);
  const env = environment();
  const config = await parseSupervisorConfig(
    await readConfigText(path),
    { template: env, consul: environment({ quiet: true }), missing: "empty" },
    path,
  );
  const [program, ...args] = command ?? [];
  if (program === undefined) return await runJobs(config, options, outputs, signals);
  return await runBeside(config, options, [program, ...args], outputs.stderr, signals);
}

async function runJobs(
  config: SupervisorConfig,
  { main }: ExecOptions,
  outputs: { readonly stdout: Output; readonly stderr: Output },
  signals: EarlySignals,
): Promise<number> {
  if (config.jobs.length === 0) {
    throw new UsageError("Cannot run: the file has no jobs, and no command follows --");
  }
  if (main !== undefined && !config.jobs.some(({ name }) => name === main)) {
    throw new UsageError(
      `Cannot use --main ${main}: the jobs are ${config.jobs.map(({ name }) => name).join(", ")}`,
    );
  }
  const supervisor = new Supervisor(config, {
    env: process.env,
    pid: process.pid,
    write: (text, stream) => outputs[stream].write(text),
    main,
  });
  const ended = supervisor.run();
  signals.handOver((name) => supervisor.signal(name));
  const { code, signal, startFailed } = await ended;
  if (startFailed) return EXIT.notFound;
  return signal === undefined ? code ?? EXIT.ok : signalExitCode(signal);
}

async function runBeside(
  { config, stopTimeoutMs }: SupervisorConfig,
  options: ExecOptions,
  command: readonly [program: string, ...args: string[]],
  stderr: Output,
  signals: EarlySignals,
): Promise<number> {
  const log = (message: string) => stderr.write(`${message}\n`);
  const logger = { info: () => {}, warn: log, error: log };
  const opening = config.watches.length === 0
    ? Promise.resolve(undefined)
    : createPiloted({ config, logger, signals: false, onStartFailure: "background" });
  opening.catch(() => {});
  let piloted = await Promise.race([opening, sleep(systemClock, FIRST_LISTS_MS)]);
  const early: SignalName[] = [];
  signals.handOver((name) => early.push(name));
  const foreground = new Foreground(command, {
    early,
    env: () => ({
      ...process.env,
      CONTAINERPILOT_PID: String(process.pid),
      ...piloted && variables(piloted),
    }),
    terminal: process.stdin.isTTY === true,
    graceMs: stopTimeoutMs,
  });
  const ended = exitCode(foreground.run());
  // It listens by itself from here on.
  signals.handOver(() => {});
  const { quiet = [250, 2_000], splayMs = 0, onChange = { type: "auto" } } = options;
  const act = () => void change(onChange, foreground, log).catch((error) => log(String(error)));
  const period = new QuietPeriod({
    minMs: quiet[0],
    maxMs: quiet[1],
    splayMs,
    clock: systemClock,
    random: Math.random,
  }, act);
  void opening.then((client) => {
    if (client === undefined) return;
    const bus = new EventBus();
    let isStarting = piloted !== undefined;
    bus.subscribe(({ code }) => {
      // The lists that the program was started with are no change for it.
      if (code === "changed" && !isStarting) period.change();
    });
    publishWatches(client, bus);
    isStarting = false;
    piloted = client;
  });
  try {
    return await ended;
  } finally {
    period.cancel();
    void piloted?.close();
  }
}

function variables(piloted: Piloted): Record<string, string> {
  const each = piloted.services.map((name) => endpointVariables(name, piloted.serviceHosts(name)));
  return Object.assign({}, ...each);
}

async function change(
  action: ChangeAction,
  foreground: Foreground,
  log: (message: string) => void,
): Promise<void> {
  const { pid } = foreground;
  if (pid === undefined || action.type === "none") return;
  if (action.type === "restart") return foreground.restart();
  if (action.type === "signal") return foreground.send(action.signal);
  if (action.type === "run") {
    const child = await startChildProcess(["sh", "-c", action.command], { group: true });
    const { code, signal } = await child.exited;
    if (code !== 0) log(`The command for changes ended with ${signal ?? `exit code ${code}`}`);
    return;
  }
  // Never to a program without a handler, which the signal would end.
  if (await catchesHangup(pid)) foreground.send("SIGHUP");
}
