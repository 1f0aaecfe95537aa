import { HIDDEN_TEXT, isSecret } from "../secret.ts";
import { ConfigFault, type DecodeContext } from "./config_fault.ts";
import { decodeString, type Entry, isObject } from "./weak_decode.ts";

/**
 * Reads a text that is secret.
 *
 * @param entry A string, in code also a `Secret`, or nothing.
 * @param context Where the document comes from.
 * @returns The text, `""` for nothing.
 * @throws {ConfigFault} when it is something else, or a secret that was lost in a copy.
 */
export function decodeSecret(entry: Entry, { inCode }: DecodeContext): string {
  const { value } = entry;
  const text = inCode && isSecret(value) ? value.reveal() : value;
  if (text === HIDDEN_TEXT || inCode && isObject(text)) {
    throw new ConfigFault(
      entry,
      "must be a string or the secret of a loaded configuration: its text is lost in JSON and in a " +
        "structured clone, copy the configuration with { ...config } instead",
    );
  }
  return decodeString({ ...entry, value: text });
}
