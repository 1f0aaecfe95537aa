/**
 * Options of `follow()`.
 *
 * @module
 */
import { checkOptions, type OptionRule } from "../check_options.ts";
import type { Clock } from "../clock.ts";
import type { Endpoint } from "../endpoint.ts";

/** Options of `follow()`. */
export interface FollowOptions<Client> {
  /**
   * Opens a client of an endpoint. When it throws, another endpoint is tried.
   *
   * @param endpoint Where to connect to.
   * @param signal Aborts when the client is not needed any more, or `openTimeoutMs` is over.
   */
  readonly open: (endpoint: Endpoint, signal: AbortSignal) => Client | Promise<Client>;
  /** Closes a client that nothing uses any more. @default {nothing is called} */
  readonly close?: ((client: Client, endpoint: Endpoint) => unknown) | undefined;
  /** One client for the whole service, or one for each endpoint. @default {"service"} */
  readonly per?: "service" | "endpoint" | undefined;
  /** Tags that an endpoint must have, all of them, such as `["primary"]`. @default {[]} */
  readonly tags?: readonly string[] | undefined;
  /** Which endpoints are meant, of those with the tags. @default {all} */
  readonly select?: ((endpoint: Endpoint) => boolean) | undefined;
  /** Called when a client could not be opened or closed. @default {nothing is called} */
  readonly onError?: ((error: unknown, endpoint: Endpoint) => void) | undefined;
  /** How long `use()` and `ready()` wait for a first client, in milliseconds. @default {5_000} */
  readonly waitMs?: number | undefined;
  /** Time to open a client, in milliseconds. @default {10_000} */
  readonly openTimeoutMs?: number | undefined;
  /** How long what runs on a replaced client may go on, in milliseconds. @default {30_000} */
  readonly drainMs?: number | undefined;
  /** Time. @default {the system's} */
  readonly clock?: Clock | undefined;
  /** Random numbers in [0, 1). @default {Math.random} */
  readonly random?: (() => number) | undefined;
}

const AMOUNT: OptionRule = { type: "number", min: 0 };
const RULES: Readonly<Record<keyof FollowOptions<unknown>, OptionRule>> = {
  open: { type: "function" },
  close: { type: "function" },
  per: { type: "one-of", values: ["service", "endpoint"] },
  tags: { type: "any" },
  select: { type: "function" },
  onError: { type: "function" },
  waitMs: AMOUNT,
  openTimeoutMs: AMOUNT,
  drainMs: AMOUNT,
  clock: { type: "object" },
  random: { type: "function" },
};

/**
 * Checks the options.
 *
 * @param options The user's.
 * @param caller What takes them, for messages.
 * @throws {TypeError} when an option is missing, unknown or of the wrong type.
 * @throws {RangeError} when a number is out of its range.
 */
export function checkFollowOptions<Client>(
  options: FollowOptions<Client>,
  caller = "follow()",
): void {
  checkOptions(caller, options, RULES);
  const { tags = [] } = options;
  if (!Array.isArray(tags) || tags.some((tag) => typeof tag !== "string")) {
    throw new TypeError(`Cannot use option tags of ${caller}: it must be a list of strings`);
  }
  if (typeof options.open === "function") return;
  throw new TypeError("Cannot follow: option open must be a function, received undefined");
}

/**
 * Whether the options select an endpoint.
 *
 * @param options The user's.
 * @param endpoint The endpoint.
 * @returns Whether it has the tags and `select()` agrees.
 */
export function isSelected(
  { tags = [], select }: Pick<FollowOptions<unknown>, "tags" | "select">,
  endpoint: Endpoint,
): boolean {
  return tags.every((tag) => endpoint.tags.includes(tag)) && (select?.(endpoint) ?? true);
}
