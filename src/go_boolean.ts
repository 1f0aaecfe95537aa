/**
 * Booleans as Go reads them.
 *
 * @module
 */

const TRUE = ["1", "t", "T", "TRUE", "true", "True"];
const FALSE = ["0", "f", "F", "FALSE", "false", "False"];

/**
 * Parses a boolean, as `strconv.ParseBool` of Go's standard library does.
 *
 * @param text The word.
 * @returns The boolean, or `undefined` when Go would refuse the text.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseGoBoolean } from "./go_boolean.ts";
 *
 * assertEquals(parseGoBoolean("T"), true);
 * assertEquals(parseGoBoolean("yes"), undefined);
 * ```
 */
export function parseGoBoolean(text: string): boolean | undefined {
  if (TRUE.includes(text)) return true;
  return FALSE.includes(text) ? false : undefined;
}
