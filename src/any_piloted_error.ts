/**
 * Errors by their code, each with the fields that it carries.
 *
 * @module
 */
import type { InstanceCounts, PilotedError, PilotedErrorCode } from "./errors.ts";
import type { RequestAttempt } from "./request_attempt.ts";

interface Position {
  readonly path?: string | undefined;
  readonly line?: number | undefined;
  readonly column?: number | undefined;
}

/** What is always there, or may be, by code. */
interface FactsByCode {
  CONFIG_NOT_FOUND: { readonly path?: string };
  CONFIG_INVALID: Position;
  TEMPLATE_INVALID: Position & { readonly stage: "parse" | "exec" };
  UNKNOWN_SERVICE: { readonly service?: string; readonly services?: readonly string[] };
  NO_ENDPOINTS: { readonly service: string; readonly instances?: InstanceCounts };
  REGISTRY_RESPONSE: { readonly status?: number; readonly service?: string };
  REGISTRY_DENIED: { readonly status?: number; readonly service?: string };
  SNAPSHOT_INVALID: { readonly path: string };
  SNAPSHOT_FAILED: { readonly path: string };
  REQUEST_FAILED: { readonly service: string; readonly attempts: readonly RequestAttempt[] };
  TIMEOUT: { readonly service?: string; readonly attempts?: readonly RequestAttempt[] };
}

/**
 * A `PilotedError` of any code: `switch (error.code)` narrows it to the fields of that code.
 *
 * @example
 * ```ts
 * import { isPilotedError } from "@piloted/core";
 *
 * function describe(error: unknown): string {
 *   if (!isPilotedError(error)) return "a bug";
 *   switch (error.code) {
 *     case "REQUEST_FAILED":
 *       return `${error.attempts.length} attempts at ${error.service}`;
 *     default:
 *       return error.message;
 *   }
 * }
 * ```
 */
export type AnyPilotedError = {
  [Code in PilotedErrorCode]:
    & Omit<PilotedError, "code" | "attempts">
    & { readonly code: Code }
    & (Code extends keyof FactsByCode ? FactsByCode[Code] : unknown);
}[PilotedErrorCode];

/**
 * Whether something that was thrown is a `PilotedError`, also one of another copy of this package,
 * for which `instanceof` is false.
 *
 * @param value Anything.
 * @returns `true` for an error named `PilotedError` with a code.
 */
export function isPilotedError(value: unknown): value is AnyPilotedError {
  if (!(value instanceof Error) || value.name !== "PilotedError") return false;
  return typeof (value as { code?: unknown }).code === "string";
}
