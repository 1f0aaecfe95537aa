/**
 * The bearer token of `serve.ts`.
 *
 * @module
 */
import { isBearerToken } from "../http/auth.ts";
import { environment } from "../runtime/environment.ts";
import { readTextFile } from "../runtime/files.ts";
import { UsageError } from "./usage_error.ts";

/**
 * Reads the token.
 *
 * @param file File with the token; surrounding white space is ignored.
 * @returns The token from the file, else `$PILOTED_TOKEN`, else `undefined`.
 * @throws {UsageError} when the file cannot be read, or its content is no valid token. The message
 * does not contain it.
 */
export async function readToken(file: string | undefined): Promise<string | undefined> {
  const token = file === undefined
    ? environment({ quiet: true }).PILOTED_TOKEN
    : (await read(file)).trim();
  if (token === undefined || isBearerToken(token)) return token;
  const where = file === undefined ? "$PILOTED_TOKEN" : `--token-file ${file}`;
  throw new UsageError(
    `Cannot use the token in ${where}: ` +
      "it must be one or more letters, digits and ._~+/- with = only at the end",
  );
}

async function read(file: string): Promise<string> {
  try {
    return await readTextFile(file);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`Cannot read --token-file ${file}: ${why}`, { cause });
  }
}
