/**
 * The bearer token of `serve.ts`.
 *
 * Whatever cannot be read ends the start: without its token the service would be open to everybody.
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import { isPilotedError } from "../any_piloted_error.ts";
import type { Logger } from "../client/log_events.ts";
import { isBearerToken } from "../http/auth.ts";
import { environment } from "../runtime/environment.ts";
import { UsageError } from "./usage_error.ts";

// A new token counts this much later at most.
const CHECK_MS = 2_000;

/** A token that may change. */
export interface ServeToken {
  /** The token that is valid now. */
  current(): string;
  /** Reads it again. */
  reload(): Promise<void>;
  /** Stops looking for changes. */
  close(): void;
}

/**
 * Reads the token, and again whenever its file changes. A file that can't be read any more, or holds
 * no valid token, is logged, and the old token stays valid.
 *
 * @param file File with the token; surrounding white space is ignored.
 * @param log Told of a new token, and of a file that can't be used.
 * @returns The token from the file, else `$PILOTED_TOKEN`, else `undefined`.
 * @throws {UsageError} when it cannot be read, or is no valid token. The message does not contain it.
 */
export async function openToken(
  file: string | undefined,
  log: Logger,
): Promise<ServeToken | undefined> {
  if (file === undefined) {
    const token = readVariable();
    if (token === undefined) return undefined;
    return { current: () => token, reload: () => Promise.resolve(), close() {} };
  }
  let token = await readTokenFile(file);
  let problem: string | undefined;
  const reload = async (): Promise<void> => {
    try {
      const read = await readTokenFile(file);
      problem = undefined;
      if (read === token) return;
      token = read;
      log.info(`Read a new token from ${file}`);
    } catch (error) {
      const { message } = error as Error;
      if (message !== problem) log.error(`${message}; the old token stays valid`);
      problem = message;
    }
  };
  const timer = setInterval(() => void reload(), CHECK_MS);
  timer.unref();
  return { current: () => token, reload, close: () => clearInterval(timer) };
}

function readVariable(): string | undefined {
  try {
    const token = environment().PILOTED_TOKEN;
    return token === undefined ? undefined : checked(token, "$PILOTED_TOKEN");
  } catch (cause) {
    if (!isPilotedError(cause)) throw cause;
    throw new UsageError(
      "Cannot tell whether there is a token: Deno does not allow reading $PILOTED_TOKEN, " +
        "run with --allow-env=PILOTED_TOKEN",
      { cause },
    );
  }
}

async function readTokenFile(file: string): Promise<string> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file);
  } catch (cause) {
    throw new UsageError(`Cannot read --token-file ${file}: ${reasonOf(cause, file)}`, { cause });
  }
  return checked(decode(bytes).trim(), `--token-file ${file}`);
}

function checked(token: string, where: string): string {
  if (isBearerToken(token)) return token;
  const why = token === "" ? "it is empty" : "it must be one or more letters, digits and ._~+/- " +
    "with = only at the end";
  throw new UsageError(`Cannot use the token in ${where}: ${why}`);
}

// Editors and shells on Windows write a byte order mark, and UTF-16.
function decode(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  return new TextDecoder().decode(bytes);
}

function reasonOf(cause: unknown, file: string): string {
  const { code, name, message } = cause as Error & { code?: string };
  if (code === "EISDIR") return "it is a folder, name a file in it";
  if (code === "ENOENT") return "there is no such file";
  if (name === "NotCapable") return `Deno does not allow it, run with --allow-read=${file}`;
  if (code === "EACCES" || code === "EPERM") return "this user may not read it";
  return message;
}
