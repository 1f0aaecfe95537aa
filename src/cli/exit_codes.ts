/**
 * Exit codes of the command, in one table.
 *
 * @module
 */
import type { PilotedErrorCode } from "../errors.ts";
import { isPilotedError } from "../any_piloted_error.ts";
import { UsageError } from "./usage_error.ts";

/** What each exit code means, for `--help` and `docs/command.md`. */
export const EXIT_CODES: readonly (readonly [code: string, meaning: string])[] = [
  ["0", "done"],
  ["1", "failed for a reason that is none of the following"],
  ["2", "the command line is invalid"],
  ["3", "the service has no endpoint"],
  ["4", "the configuration is missing or invalid; with --strict, it has warnings"],
  ["5", "Consul cannot be reached, denies access, or its response cannot be used"],
  ["124", "the timeout expired"],
  ["126", "the command after -- cannot be started"],
  ["127", "the command after -- does not exist"],
  ["128+n", "signal n ended the command after --, or piloted itself"],
];

/** Exit codes by name. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  noEndpoint: 3,
  config: 4,
  registry: 5,
  timeout: 124,
  notStarted: 126,
  notFound: 127,
} as const;

const BY_ERROR: { readonly [Code in PilotedErrorCode]?: number } = {
  CONFIG_NOT_FOUND: EXIT.config,
  CONFIG_INVALID: EXIT.config,
  TEMPLATE_INVALID: EXIT.config,
  NO_ENDPOINTS: EXIT.noEndpoint,
  REGISTRY_UNREACHABLE: EXIT.registry,
  REGISTRY_DENIED: EXIT.registry,
  REGISTRY_RESPONSE: EXIT.registry,
  // The only deadline of a command besides its own --timeout is that of Consul's responses.
  TIMEOUT: EXIT.registry,
};

/** A command that has failed with a message and an exit code of its own. */
export class CommandError extends Error {
  override readonly name: "CommandError" = "CommandError";
  /** The exit code. */
  readonly exitCode: number;

  /**
   * @param exitCode The exit code.
   * @param message What failed, in one line.
   */
  constructor(exitCode: number, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}

/**
 * The exit code of an error.
 *
 * @param error What was thrown.
 * @returns The code; `undefined` for an error that no command expects.
 */
export function exitCodeOf(error: unknown): number | undefined {
  if (error instanceof UsageError) return EXIT.usage;
  if (error instanceof CommandError) return error.exitCode;
  return isPilotedError(error) ? BY_ERROR[error.code] ?? EXIT.failed : undefined;
}

// Numbers on Linux; the first ones are the same on every Unix.
const SIGNALS: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGXCPU: 24,
  SIGXFSZ: 25,
};

/**
 * The exit code that a shell gives to a process that a signal ended.
 *
 * @param signal Name of the signal.
 * @returns 128 and the number of the signal.
 */
export function signalExitCode(signal: string): number {
  return 128 + (SIGNALS[signal] ?? 0);
}
