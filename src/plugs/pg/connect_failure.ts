/**
 * What a failed attempt to connect says.
 *
 * @module
 */
import { isPilotedError } from "../../any_piloted_error.ts";

// https://www.postgresql.org/docs/current/errcodes-appendix.html: too many connections; connection
// exceptions; shut down by an administrator, crashed, not yet or not any more accepting connections.
const ELSEWHERE = /^(53300|08...|57P0[123])$/;
const SQLSTATE = /^[0-9A-Z]{5}$/;

/**
 * Whether another attempt, to another endpoint if there is one, may succeed: not when the server has
 * rejected the user or the database, nor when the time is over. No query was sent yet.
 *
 * @param error What connecting has thrown.
 * @returns Whether to try again.
 */
export function isWorthAnotherTry(error: unknown): boolean {
  if (isPilotedError(error)) return false;
  const { code, message } = error as { code?: unknown; message?: unknown };
  // Of pg-pool: every connection is in use.
  if (message === "timeout exceeded when trying to connect") return false;
  return typeof code !== "string" || !SQLSTATE.test(code) || ELSEWHERE.test(code);
}

/**
 * Whether the endpoint is to blame, so that new connections go elsewhere for the time being. A server
 * with too many connections still serves those that it has.
 *
 * @param error What connecting has thrown.
 * @returns Whether it counts as a failure of the endpoint.
 */
export function isEndpointFailure(error: unknown): boolean {
  return isWorthAnotherTry(error) && (error as { code?: unknown }).code !== "53300";
}
