/**
 * What a command writes: its answer to standard output, everything else to standard error.
 *
 * @module
 */
import process from "node:process";
import { environment } from "../runtime/environment.ts";

/** A stream of this process that text is written to. */
export interface Output {
  /** Writes text as it is. */
  write(text: string): void;
  /** Whether it is a terminal. */
  readonly isTerminal: boolean;
  /** Whether colors are wanted there. */
  readonly hasColors: boolean;
  /** Size of the terminal in characters; 80 by 24 where it is not known. */
  size(): { readonly columns: number; readonly rows: number };
}

/**
 * Standard output or standard error.
 *
 * @param stream Which one.
 * @returns The output.
 */
export function output(stream: "stdout" | "stderr"): Output {
  const target = process[stream];
  const isTerminal = target.isTTY === true;
  return {
    write: (text) => void target.write(text),
    isTerminal,
    hasColors: wantsColors(isTerminal, environment({ quiet: true })),
    size: () => ({ columns: target.columns || 80, rows: target.rows || 24 }),
  };
}

/**
 * Whether colors are wanted: `NO_COLOR` turns them off, else `FORCE_COLOR` turns them on (`0` and
 * `false` off), else a terminal has them unless `TERM` is `dumb`. Source: no-color.org and
 * force-color.org.
 *
 * @param isTerminal Whether the output is a terminal.
 * @param env The environment.
 * @returns Whether to write colors.
 */
export function wantsColors(
  isTerminal: boolean,
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== "0" && env.FORCE_COLOR !== "false";
  return isTerminal && env.TERM !== "dumb";
}

/**
 * Ends the process quietly when the reader of its output has gone, as with `| head -1`.
 */
export function endWithReader(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") process.exit(0);
      throw error;
    });
  }
}
