/**
 * The output of a check as it is sent to Consul.
 *
 * @module
 */
import { maskMembers } from "../config/secrets.ts";
import { HIDDEN_TEXT } from "../secret.ts";

/**
 * Longest output in bytes. An agent cuts at 4,096 (`check_output_max_size`), in the middle of a
 * character where that falls on one.
 */
const LONGEST_OUTPUT = 4_000;

/**
 * Prepares an output: secrets are replaced by stars, values that follow a name such as `password`
 * and credentials in addresses as well, and what is too long is cut on a character boundary.
 *
 * @param text The output.
 * @param secrets Texts that must not be shown; empty ones are ignored.
 * @returns At most 4,000 bytes of UTF-8.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { checkOutput } from "./check_output.ts";
 *
 * assertEquals(checkOutput("denied for hunter2", ["hunter2"]), "denied for ***");
 * ```
 */
export function checkOutput(text: string, secrets: readonly string[] = []): string {
  let masked = text.toWellFormed();
  // The longest first: one may be a part of another.
  for (const secret of [...secrets].sort((a, b) => b.length - a.length)) {
    if (secret !== "") masked = masked.replaceAll(secret, HIDDEN_TEXT);
  }
  return cutText(maskMembers(masked), LONGEST_OUTPUT);
}

function cutText(text: string, longest: number): string {
  // A character takes at most three bytes for each of its UTF-16 units.
  if (text.length * 3 <= longest) return text;
  const bytes = new Uint8Array(longest);
  const { read } = new TextEncoder().encodeInto(text, bytes);
  return text.slice(0, read);
}
