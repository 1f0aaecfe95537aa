/**
 * What the end of a call says.
 *
 * @module
 */
import { Code, ConnectError } from "@connectrpc/connect";
import type { Outcome } from "../../balance/lease.ts";
import { networkFailure } from "../../fetch/network_error.ts";

const FAILURES: readonly Code[] = [Code.Unavailable, Code.Internal, Code.Unknown, Code.DataLoss];

/**
 * Whether the connection has broken under a call. Node and Connect call that `canceled` or `aborted`,
 * too, when the server has closed it.
 *
 * @param error What the call has thrown.
 * @param signal The caller's.
 * @returns Whether it was the connection, and neither the server nor the caller.
 */
function isBroken(error: ConnectError, signal: AbortSignal | undefined): boolean {
  if (signal?.aborted || error.isWireError) return false;
  return error.code === Code.Canceled || networkFailure(error) !== undefined;
}

/**
 * What an error says about the endpoint.
 *
 * @param error What the call has thrown.
 * @param signal The caller's.
 * @returns The outcome for its lease.
 */
export function outcomeOf(error: unknown, signal: AbortSignal | undefined): Outcome {
  const failure = ConnectError.from(error);
  const { code } = failure;
  if (FAILURES.includes(code) || isBroken(failure, signal)) return "failure";
  if (code === Code.DeadlineExceeded) return "timeout";
  return code === Code.Canceled || code === Code.ResourceExhausted ? "unknown" : "success";
}

/**
 * Whether a unary call that was sent may be sent again.
 *
 * @param error What the call has thrown.
 * @param isIdempotent Whether the method is declared to be idempotent or without side effects.
 * @param signal The caller's.
 * @returns Whether repeating it does no harm and may help.
 */
export function mayRepeat(
  error: unknown,
  isIdempotent: boolean,
  signal: AbortSignal | undefined,
): boolean {
  const failure = ConnectError.from(error);
  if (wasRefused(failure) || wasNotSent(failure)) return true;
  return isIdempotent && (failure.code === Code.Unavailable || isBroken(failure, signal));
}

/**
 * Whether a call was not written at all: the server had just closed the connection.
 *
 * @param error What the call has thrown.
 * @returns Whether not even its first message was read.
 */
export function wasNotSent(error: unknown): boolean {
  const { isWireError, rawMessage } = ConnectError.from(error);
  return !isWireError && rawMessage.includes("GOAWAY without any open streams");
}

/** Whether the server says that it did not process the call: RFC 9113, section 8.7. */
function wasRefused({ isWireError, rawMessage }: ConnectError): boolean {
  return !isWireError && rawMessage.includes("REFUSED_STREAM");
}
