/**
 * `piloted wait NAME... [-- COMMAND]`.
 *
 * @module
 */
import type { Piloted } from "../client/piloted.ts";
import { systemClock } from "../clock.ts";
import { onSignal } from "../runtime/signals.ts";
import { endpointVariables } from "../supervisor/endpoint_variables.ts";
import { abortable, onAbort } from "../wait.ts";
import { CommandError, EXIT, signalExitCode } from "./exit_codes.ts";
import type { Output } from "./output.ts";
import { findTarget, openClient, type RegistryOptions } from "./registry_client.ts";
import { runProgram } from "./run_program.ts";

/** Options of `piloted wait`. */
export interface WaitOptions extends RegistryOptions {
  /** Maximum wait in milliseconds. @default {Infinity} */
  readonly timeoutMs?: number | undefined;
  /** How many endpoints each service needs. @default {1} */
  readonly count?: number | undefined;
}

const PROGRESS_EVERY_MS = 1_000;

/**
 * Waits until every service has endpoints, and then runs a program, if there is one.
 *
 * @param names Names of services; none for all that the file watches.
 * @param options Options.
 * @param command The program and its arguments.
 * @param stderr Where the progress goes, when it is a terminal.
 * @returns 0, the program's exit code, or 128+n when signal n ended the wait.
 * @throws {CommandError} when the timeout expires, or the program cannot be started.
 * @throws {PilotedError} when the configuration is invalid.
 */
export async function waitCommand(
  names: readonly string[],
  options: WaitOptions,
  command: readonly string[] | undefined,
  stderr: Output,
): Promise<number> {
  const stop = new AbortController();
  const listeners = (["SIGINT", "SIGTERM"] as const).map((name) =>
    onSignal(name, () => stop.abort(name))
  );
  const wait = new Wait(options, stderr, stop);
  let variables: Record<string, string>;
  try {
    variables = await wait.run(names);
  } catch (error) {
    if (!stop.signal.aborted || error instanceof CommandError) throw error;
    return signalExitCode(String(stop.signal.reason));
  } finally {
    for (const remove of listeners) remove();
  }
  const [program, ...args] = command ?? [];
  return program === undefined ? EXIT.ok : await runProgram([program, ...args], variables);
}

const LATE = "late";

class Wait {
  readonly #timeoutMs: number;
  readonly #count: number;
  readonly #options: RegistryOptions;
  readonly #stderr: Output;
  readonly #stop: AbortController;
  readonly #startedAt = systemClock.now();
  #names: readonly string[] = [];
  #piloted: Piloted | undefined;

  constructor(options: WaitOptions, stderr: Output, stop: AbortController) {
    const { timeoutMs = Infinity, count = 1 } = options;
    this.#timeoutMs = timeoutMs;
    this.#count = count;
    this.#options = options;
    this.#stderr = stderr;
    this.#stop = stop;
  }

  /** Resolves to variables for the program, when every service has its endpoints. */
  async run(names: readonly string[]): Promise<Record<string, string>> {
    const { signal } = this.#stop;
    const timer = this.#timeoutMs === Infinity
      ? undefined
      : systemClock.start(() => this.#stop.abort(LATE), this.#timeoutMs);
    const ticks = setInterval(() => this.#show(), PROGRESS_EVERY_MS);
    try {
      const target = await findTarget(names, this.#options);
      this.#names = target.names;
      this.#show();
      // Consul may take longer to respond than the timeout allows.
      const opening = openClient(target, { onStartFailure: "background", signals: false });
      this.#piloted = await abortable(opening, signal).catch((error) => {
        void opening.then((piloted) => piloted.close(), () => {});
        throw error;
      });
      await this.#found(this.#piloted, signal);
      return this.#variables(this.#piloted);
    } catch (error) {
      throw signal.reason === LATE ? this.#lateError() : error;
    } finally {
      timer?.cancel();
      clearInterval(ticks);
      this.#clear();
      await this.#piloted?.close();
    }
  }

  #found(piloted: Piloted, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const check = () => {
        if (this.#missing().length === 0) resolve();
        else this.#show();
      };
      piloted.on("change", check);
      onAbort(signal, reject);
      check();
    });
  }

  #missing(): readonly string[] {
    return this.#names.filter((name) => this.#have(name) < this.#count);
  }

  #have(name: string): number {
    return this.#piloted?.serviceHosts(name).length ?? 0;
  }

  #show(): void {
    if (!this.#stderr.isTerminal || this.#names.length === 0) return;
    const list = this.#missing().map((name) => `${name} ${this.#have(name)}/${this.#count}`);
    const seconds = Math.round((systemClock.now() - this.#startedAt) / 1_000);
    const text = `Waiting for ${list.join(", ")} (${seconds} s)`;
    this.#stderr.write(`\r\x1b[K${text.slice(0, this.#stderr.size().columns - 1)}`);
  }

  #clear(): void {
    if (this.#stderr.isTerminal) this.#stderr.write("\r\x1b[K");
  }

  #lateError(): CommandError {
    const missing = this.#missing();
    const list = missing.map((name) =>
      `${name} has ${this.#have(name)} of ${this.#count} endpoint${this.#count === 1 ? "" : "s"}`
    );
    const reason = this.#piloted === undefined
      ? "Consul has not responded"
      : missing.map((name) => this.#piloted?.status(name).reason).find((text) => text);
    return new CommandError(
      EXIT.timeout,
      `Cannot wait any longer than ${this.#timeoutMs / 1_000} s: ${list.join(", ")}` +
        (reason ? ` (${reason})` : ""),
    );
  }

  #variables(piloted: Piloted): Record<string, string> {
    const each = this.#names.map((name) => endpointVariables(name, piloted.serviceHosts(name)));
    return Object.assign({}, ...each);
  }
}
