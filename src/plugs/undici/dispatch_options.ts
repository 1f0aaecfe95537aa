/**
 * Options of the interceptor.
 *
 * @module
 */
import { checkOptions, type OptionRule } from "../../check_options.ts";
import { classifyResponse, type ResponseVerdict } from "../../fetch/classify.ts";

/** Head of a response. */
export interface DispatchedResponse {
  /** Its status. */
  readonly status: number;
  /** Its headers, in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** Which requests are sent again, and what else is done with a request for a service. */
export interface PilotedDispatchOptions {
  /** Maximum number of attempts, at least 1. @default {3} */
  readonly maxAttempts?: number | undefined;
  /**
   * What is retried: `"idempotent"` requests with an idempotent method and those that certainly never
   * left; `"always"` everything whose body can be sent again; `"never"` nothing. @default {"idempotent"}
   */
  readonly retry?: "idempotent" | "always" | "never" | undefined;
  /** Upper limit of the random wait before the first retry, in milliseconds; it doubles. @default {25} */
  readonly backoffBaseMs?: number | undefined;
  /** Upper limit of every wait, in milliseconds. @default {250} */
  readonly backoffMaxMs?: number | undefined;
  /**
   * Longest `Retry-After` of a 429 or 503 that is waited for when no other endpoint is left, in
   * milliseconds. An endpoint that asked for a pause gets no request before it is over, for up to five
   * minutes. @default {5_000}
   */
  readonly maxRetryAfterMs?: number | undefined;
  /**
   * What happens to a request for a host that is not a watched service: it is sent unchanged, or fails
   * with `UNKNOWN_SERVICE`. @default {"pass-through"}
   */
  readonly unknownHosts?: "pass-through" | "reject" | undefined;
  /**
   * What the `Host` header says if the request does not set it: the address of the endpoint, as with
   * `createFetch()`, or the name of the service. @default {"endpoint"}
   */
  readonly hostHeader?: "endpoint" | "service" | undefined;
  /**
   * What a response says about its endpoint: `"success"`, `"failure"`, or `"unknown"`. It decides what
   * balancer and outlier detection learn, not what is sent again. @default {1xx to 3xx are a success,
   * 5xx a failure, 4xx unknown}
   */
  readonly classify?: ((response: DispatchedResponse) => ResponseVerdict) | undefined;
}

/** {@linkcode PilotedDispatchOptions} with all defaults filled in. */
export type ResolvedDispatchOptions = {
  readonly [Key in keyof PilotedDispatchOptions]-?: Exclude<PilotedDispatchOptions[Key], undefined>;
};

const AMOUNT: OptionRule = { type: "number", min: 0 };
const RULES: Readonly<Record<keyof PilotedDispatchOptions, OptionRule>> = {
  maxAttempts: { type: "number", min: 1 },
  retry: { type: "one-of", values: ["idempotent", "always", "never"] },
  backoffBaseMs: AMOUNT,
  backoffMaxMs: AMOUNT,
  maxRetryAfterMs: AMOUNT,
  unknownHosts: { type: "one-of", values: ["pass-through", "reject"] },
  hostHeader: { type: "one-of", values: ["endpoint", "service"] },
  classify: { type: "function" },
};

/**
 * Checks the options and fills in the defaults.
 *
 * @param options The user's.
 * @returns All of them.
 * @throws {TypeError} when an option is unknown or of the wrong type.
 * @throws {RangeError} when a number is out of its range.
 */
export function resolveDispatchOptions(options: PilotedDispatchOptions): ResolvedDispatchOptions {
  checkOptions("piloted()", options, RULES);
  return {
    maxAttempts: options.maxAttempts ?? 3,
    retry: options.retry ?? "idempotent",
    backoffBaseMs: options.backoffBaseMs ?? 25,
    backoffMaxMs: options.backoffMaxMs ?? 250,
    maxRetryAfterMs: options.maxRetryAfterMs ?? 5_000,
    unknownHosts: options.unknownHosts ?? "pass-through",
    hostHeader: options.hostHeader ?? "endpoint",
    classify: options.classify ?? classifyResponse,
  };
}
