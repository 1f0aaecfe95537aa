/**
 * Options of one call of the balanced fetch.
 *
 * @module
 */
import { checkOptions } from "../check_options.ts";
import type { ResolvedFetchOptions } from "./fetch_options.ts";

/** Options of one call, in the field `piloted` of its init. They win over those of `createFetch()`. */
export interface FetchCallOptions {
  /** Time for all attempts together until the head of a response, in milliseconds. */
  timeoutMs?: number | undefined;
  /** Key of this request, for the balancer `hash`. */
  key?: string | undefined;
  /** What is retried. */
  retry?: "idempotent" | "always" | "never" | undefined;
  /** Only endpoints that have all of these tags, compared without case. */
  tags?: readonly string[] | undefined;
}

/** The init of a balanced fetch. */
export interface PilotedRequestInit extends RequestInit {
  /** Options of this call. */
  piloted?: FetchCallOptions | undefined;
}

/** A `fetch` that takes {@linkcode FetchCallOptions} in its init. */
export type PilotedFetch = (
  input: string | URL | Request,
  init?: PilotedRequestInit,
) => Promise<Response>;

/** What one call may do. */
export interface CallPolicy {
  /** Time for all attempts together, in milliseconds. */
  readonly timeoutMs: number;
  /** What is retried. */
  readonly retry: "idempotent" | "always" | "never";
  /** Key for the balancer. */
  readonly key: string | undefined;
  /** Tags in lower case; `undefined` for any. */
  readonly tags: readonly string[] | undefined;
}

/**
 * Takes the options of a call out of its init.
 *
 * @param init The init, with `piloted`.
 * @returns The options, and the init for the platform.
 * @throws {TypeError} when an option is unknown or of the wrong type.
 * @throws {RangeError} when a number is out of its range.
 */
export function takeCallOptions(
  init: PilotedRequestInit,
): { readonly call: FetchCallOptions; readonly init: RequestInit } {
  const { piloted: call = {}, ...rest } = init;
  checkOptions("piloted in fetch()", call, {
    timeoutMs: { type: "number", min: 0 },
    key: { type: "string" },
    retry: { type: "one-of", values: ["idempotent", "always", "never"] },
    tags: { type: "object" },
  });
  if (call.tags !== undefined && !isTextList(call.tags)) {
    throw new TypeError("Cannot use option tags of piloted in fetch(): it must be a list of texts");
  }
  return { call, init: rest };
}

function isTextList(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

/**
 * What a call may do.
 *
 * @param options Options of the fetch.
 * @param call Options of the call.
 * @param tag A tag that was part of the host.
 * @returns Both together.
 */
export function policyOf(
  options: ResolvedFetchOptions,
  call: FetchCallOptions = {},
  tag?: string | undefined,
): CallPolicy {
  const tags = [...call.tags ?? [], ...(tag === undefined ? [] : [tag])];
  return {
    timeoutMs: call.timeoutMs ?? options.timeoutMs,
    retry: call.retry ?? options.retry,
    key: call.key,
    tags: tags.length === 0 ? undefined : tags.map((each) => each.toLowerCase()),
  };
}
