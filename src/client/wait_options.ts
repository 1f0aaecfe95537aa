/**
 * Options of waits and iterations.
 *
 * @module
 */
import { type OptionRule, SIGNAL } from "../check_options.ts";

/** Options of a wait. */
export interface WaitOptions {
  /** Ends the wait, by rejecting with its reason. @default {undefined} */
  readonly signal?: AbortSignal | undefined;
}

/** Options of `waitForEndpoints()`. */
export interface WaitForEndpointsOptions extends WaitOptions {
  /** Maximum wait in milliseconds. @default {Infinity} */
  readonly timeoutMs?: number | undefined;
}

/** Options of `watch()`. */
export interface WatchServiceOptions extends WaitOptions {
  /** Whether the first change is the current list, as `added`. @default {false} */
  readonly initial?: boolean | undefined;
}

/** What the options of `waitForEndpoints()`, `watch()`, `on()`, `once()` and `events()` must be. */
export const WAIT_RULES = {
  waitForEndpoints: { timeoutMs: { type: "number", min: 0 }, signal: SIGNAL },
  watch: { initial: { type: "boolean" }, signal: SIGNAL },
  events: { signal: SIGNAL },
} as const satisfies Record<string, Readonly<Record<string, OptionRule>>>;
