/**
 * Errors of a registry that limits the rate of reads.
 *
 * @module
 */
import { PilotedError } from "../errors.ts";
import type { Query } from "../source/source.ts";

/** The error of a read that was not sent, because the registry has limited the rate just now. */
export function tooSoon({ service }: Query, delayMs: number): PilotedError {
  const retryAfterMs = Math.ceil(delayMs);
  return new PilotedError(
    "REGISTRY_RESPONSE",
    `Cannot read service ${JSON.stringify(service)}: the registry limits the rate of reads; ` +
      `the next one is due in ${retryAfterMs} ms`,
    { service, limit: "rate", retryAfterMs },
  );
}

/** A source of the user's own may know no more than the status: then it is a limit of the rate. */
export function withLimit(error: PilotedError): PilotedError {
  if (error.status !== 429 || error.limit !== undefined) return error;
  const { code, message, cause, status, service, url, retryAfterMs } = error;
  const facts = { cause, status, service, url, retryAfterMs };
  return new PilotedError(code, message, { ...facts, limit: "rate" });
}
