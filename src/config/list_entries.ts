import type { DecodeContext } from "./config_fault.ts";
import { describeKind } from "./describe_value.ts";
import type { Entry } from "./weak_decode.ts";

/**
 * The items of a list, without those that are `null`.
 *
 * @param entry The list, or nothing.
 * @param context Takes a warning when it is something else, which ContainerPilot ignores.
 * @returns The items.
 */
export function readList(entry: Entry, context: DecodeContext): Entry[] {
  const { value, path } = entry;
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) {
    context.warn(entry, `is left out: it must be a list, received ${describeKind(value)}`);
    return [];
  }
  return value
    .map((item, index) => ({ value: item, path: [...path, index] }))
    .filter((item) => item.value !== null && item.value !== undefined);
}
