/**
 * The log of a supervisor: its own lines and those of its jobs.
 *
 * @module
 */
import { systemClock } from "../clock.ts";
import type { LoggingConfig } from "../config/logging_config.ts";
import { PilotedError } from "../errors.ts";
import { LogFile } from "../runtime/log_file.ts";
import { formatLine, type LineFields } from "./log_lines.ts";

/** Writes to standard output or standard error. */
export type WriteStream = (text: string, stream: "stdout" | "stderr") => void;

const LEVELS = ["debug", "info", "warn", "error"];

/** Writes lines. */
export class SupervisorLog {
  readonly #write: WriteStream;
  #config: LoggingConfig;
  #file: LogFile | undefined;

  /**
   * @param config How it logs.
   * @param write Writes to standard output or standard error.
   * @throws {PilotedError} `CONFIG_INVALID` when the file cannot be opened.
   */
  constructor(config: LoggingConfig, write: WriteStream) {
    this.#write = write;
    this.#config = config;
    this.#file = openFile(config);
  }

  /**
   * Logs in another way from now on.
   *
   * @param config How.
   * @throws {PilotedError} `CONFIG_INVALID` when the file cannot be opened; nothing has changed then.
   */
  configure(config: LoggingConfig): void {
    if (config.output !== this.#config.output) {
      const file = openFile(config);
      this.#file?.close();
      this.#file = file;
    }
    this.#config = config;
  }

  /** Opens the file again, if there is one, after a rotation has renamed it. */
  reopen(): void {
    try {
      this.#file?.reopen();
    } catch (error) {
      this.line("error", `Cannot open the log file again: ${(error as Error).message}`);
    }
  }

  /**
   * Writes a line, unless its level is below the one that is logged.
   *
   * @param level Its level.
   * @param message The message. A line break becomes a space.
   * @param fields What it is about.
   */
  line(level: string, message: string, fields: LineFields = {}): void {
    const { level: least, format, output } = this.#config;
    if (LEVELS.indexOf(level) < LEVELS.indexOf(least)) return;
    const oneLine = message.replaceAll(/\s*\n\s*/g, " ");
    const text = formatLine(format, level, systemClock.now(), oneLine, fields);
    try {
      if (this.#file !== undefined) return this.#file.write(text);
    } catch {
      // A full disk must not end the jobs.
      return this.#write(text, "stderr");
    }
    this.#write(text, output === "stderr" ? "stderr" : "stdout");
  }

  /** Closes the file. */
  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }
}

function openFile({ output }: LoggingConfig): LogFile | undefined {
  if (output === "stdout" || output === "stderr") return undefined;
  try {
    return new LogFile(output);
  } catch (cause) {
    const message = `Cannot open the log file ${output}: ${(cause as Error).message}`;
    throw new PilotedError("CONFIG_INVALID", message, { cause });
  }
}
