/**
 * Lines of a supervisor's log.
 *
 * @module
 */
import type { LoggingConfig } from "../config/logging_config.ts";

/** What a line is about. */
export interface LineFields {
  /** Name of the job. */
  readonly job?: string | undefined;
  /** Process id. */
  readonly pid?: number | undefined;
}

/**
 * Writes a line in one of ContainerPilot's formats.
 *
 * @param format The format.
 * @param level Its level.
 * @param time Milliseconds since the Unix epoch.
 * @param message The message, without a line break.
 * @param fields What it is about.
 * @returns The line, with its line break.
 */
export function formatLine(
  format: LoggingConfig["format"],
  level: string,
  time: number,
  message: string,
  { job, pid }: LineFields = {},
): string {
  const at = new Date(time).toISOString();
  if (format === "json") return `${JSON.stringify({ job, level, msg: message, pid, time: at })}\n`;
  if (format === "default") {
    return `${[at, job, pid, message].filter((part) => part !== undefined).join(" ")}\n`;
  }
  const facts = [
    `time=${JSON.stringify(at)}`,
    `level=${level}`,
    `msg=${JSON.stringify(message)}`,
    ...job === undefined ? [] : [`job=${job}`],
    ...pid === undefined ? [] : [`pid=${pid}`],
  ];
  return `${facts.join(" ")}\n`;
}

// A program that never ends its line must not fill the memory.
const LONGEST_LINE = 16 * 1024;

/** Cuts output into lines, keeping characters whole across chunks. */
export class LineSplitter {
  readonly #decoder = new TextDecoder();
  readonly #write: (line: string) => void;
  #rest = "";

  /** @param write Called with each line, without its line break. */
  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  /**
   * Takes a part of the output.
   *
   * @param chunk The bytes.
   */
  push(chunk: Uint8Array): void {
    this.#rest += this.#decoder.decode(chunk, { stream: true });
    const lines = this.#rest.split("\n");
    this.#rest = lines.pop()!;
    for (const line of lines) this.#write(line.replace(/\r$/, ""));
    while (this.#rest.length > LONGEST_LINE) {
      this.#write(this.#rest.slice(0, LONGEST_LINE));
      this.#rest = this.#rest.slice(LONGEST_LINE);
    }
  }

  /** Writes the last line, which may have no line break. */
  end(): void {
    this.#rest += this.#decoder.decode();
    if (this.#rest !== "") this.#write(this.#rest);
    this.#rest = "";
  }
}
