/**
 * Errors by their code, each with the fields that it carries.
 *
 * @module
 */
import type { EndpointFilter } from "./endpoint_filter.ts";
import type { InstanceCounts, PilotedError, PilotedErrorCode } from "./errors.ts";
import type { RequestAttempt } from "./request_attempt.ts";

/** Where in a configuration file something is wrong. */
export interface ErrorPosition {
  /** Path of the file; `undefined` where the text came from elsewhere. */
  readonly path?: string | undefined;
  /** Line, from 1. */
  readonly line?: number | undefined;
  /** Column, from 1. */
  readonly column?: number | undefined;
}

/** The fields that an error has, or may have, by its code. */
export type FactsByCode = {
  CONFIG_NOT_FOUND: { readonly path?: string };
  CONFIG_INVALID: ErrorPosition;
  TEMPLATE_INVALID: ErrorPosition & { readonly stage: "parse" | "exec" };
  UNKNOWN_SERVICE: { readonly service?: string; readonly services?: readonly string[] };
  NO_ENDPOINTS: {
    readonly service: string;
    readonly instances?: InstanceCounts;
    readonly filter?: EndpointFilter;
  };
  REGISTRY_RESPONSE: {
    readonly status?: number;
    readonly service?: string;
    readonly limit?: "rate" | "connections";
  };
  REGISTRY_DENIED: { readonly status?: number; readonly service?: string };
  SNAPSHOT_INVALID: { readonly path: string };
  SNAPSHOT_FAILED: { readonly path: string };
  REQUEST_FAILED: { readonly service: string; readonly attempts: readonly RequestAttempt[] };
  TIMEOUT: { readonly service?: string; readonly attempts?: readonly RequestAttempt[] };
};

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
