/**
 * The token that callers of the lookup service must have.
 *
 * @module
 */
import { isBearerToken } from "../http/auth.ts";
import { environment } from "../runtime/environment.ts";
import { readTextFile } from "../runtime/files.ts";
import { UsageError } from "./serve_options.ts";

/**
 * Finds the token.
 *
 * @param file File that holds it, if one was named; white space around it is left out.
 * @returns The token of the file, else `$PILOTED_TOKEN`, else `undefined`.
 * @throws {UsageError} when the file can't be read, or what was found can't be a token. Never says
 * what it is.
 */
export async function readToken(file: string | undefined): Promise<string | undefined> {
  const token = file === undefined
    ? environment({ quiet: true }).PILOTED_TOKEN
    : (await read(file)).trim();
  if (token === undefined || isBearerToken(token)) return token;
  const where = file === undefined ? "$PILOTED_TOKEN" : `--token-file ${file}`;
  throw new UsageError(
    `Cannot use the token of ${where}: it must be letters, digits and ._~+/-= only, and not empty`,
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
