/**
 * `piloted render [FILE]`.
 *
 * @module
 */
import { writeFile } from "node:fs/promises";
import { environment } from "../runtime/environment.ts";
import { readTextFile } from "../runtime/files.ts";
import { renderTemplate } from "../client/read_config.ts";
import { CommandError, EXIT } from "./exit_codes.ts";
import type { Output } from "./output.ts";
import { UsageError } from "./usage_error.ts";

/** Options of `piloted render`. */
export interface RenderOptions {
  /** File to write instead of standard output. */
  readonly output?: string | undefined;
  /** Whether a variable that is not set is an error. */
  readonly strict?: boolean | undefined;
}

/**
 * Writes a configuration file with its template rendered.
 *
 * @param file The file; `undefined` for the one in `$CONTAINERPILOT`.
 * @param options Options.
 * @param stdout Where the text goes.
 * @returns 0.
 * @throws {PilotedError} when the template is invalid.
 * @throws {CommandError} when a file cannot be read or written.
 */
export async function renderCommand(
  file: string | undefined,
  options: RenderOptions,
  stdout: Output,
): Promise<number> {
  const path = configPath(file);
  const text = await readConfigText(path);
  const rendered = await renderTemplate(text.replace(/^\uFEFF/, ""), {
    env: environment(),
    missing: options.strict ? "error" : "empty",
    path,
  });
  if (options.output === undefined) stdout.write(rendered);
  else await write(options.output, rendered);
  return EXIT.ok;
}

/**
 * The configuration file that a command means.
 *
 * @param file What was given.
 * @returns The path.
 * @throws {UsageError} when none was given and `$CONTAINERPILOT` is not set.
 */
export function configPath(file: string | undefined): string {
  const path = file ?? environment({ quiet: true }).CONTAINERPILOT;
  if (path) return path.replace(/^file:\/\/(?!\/)/, "");
  throw new UsageError("Cannot find the configuration: name a file, or set $CONTAINERPILOT");
}

/**
 * Reads a configuration file as it is.
 *
 * @param path The file.
 * @returns The text.
 * @throws {CommandError} when it cannot be read.
 */
export async function readConfigText(path: string): Promise<string> {
  try {
    return await readTextFile(/^file:\/\//.test(path) ? new URL(path) : path);
  } catch (cause) {
    throw new CommandError(EXIT.config, `Cannot read ${path}: ${reasonOf(cause)}`);
  }
}

async function write(path: string, text: string): Promise<void> {
  try {
    // ContainerPilot's mode. It is written in place: it may be a device or a mounted file.
    await writeFile(path, text, { mode: 0o644 });
  } catch (cause) {
    throw new CommandError(EXIT.failed, `Cannot write ${path}: ${reasonOf(cause)}`);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  ENOTDIR: "there is no such file",
  EISDIR: "it is a folder",
  EACCES: "permission denied",
};

function reasonOf(cause: unknown): string {
  const reason = REASONS[String((cause as { code?: unknown }).code)];
  if (reason !== undefined) return reason;
  return cause instanceof Error ? cause.message : String(cause);
}
