/**
 * Reads that something between client and registry has ended.
 *
 * @module
 */
import { describeNetworkError } from "../describe_network_error.ts";
import type { PilotedError } from "../errors.ts";

/** A blocking query without a response, which does not mean that the registry is away. */
export class CutPoll extends Error {
  /** How long it had waited, in milliseconds. */
  readonly heldMs: number;

  /** Creates one; never leaves the core. */
  constructor(heldMs: number, cause: PilotedError) {
    super(cause.message, { cause });
    this.heldMs = heldMs;
  }
}

// 408 and 504: the proxy's own deadline. 502: the proxy's connection to the agent was closed.
const STATUSES: readonly (number | undefined)[] = [408, 502, 504];
const LOST: readonly string[] = ["the connection was reset", "the connection was closed"];

/** Whether the connection was closed before a response: its keep-alive may just have ended. */
export function isLostConnection({ code, status, cause }: PilotedError): boolean {
  return code === "REGISTRY_UNREACHABLE" && status === undefined && cause !== undefined &&
    LOST.includes(describeNetworkError(cause));
}

/** Whether a blocking query may have been ended because it was quiet for too long. */
export function isCut(error: PilotedError): boolean {
  return STATUSES.includes(error.status) || isLostConnection(error);
}
