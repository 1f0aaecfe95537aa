/**
 * `index`, `slice` and `len`.
 *
 * @module
 */
import { Environment } from "./environment.ts";
import { TemplateFailure } from "./failure.ts";
import { Byte, List, typeName, type Value } from "./value.ts";

/** The item that the indexes lead to, one after the other. */
export function indexValue(value: Value, indexes: readonly Value[]): Value {
  if (value === undefined) throw new TemplateFailure("index of nil");
  return indexes.reduce(indexOne, value);
}

/** A part of a string or a list: `[from:to:limit]`. */
export function sliceValue(value: Value, indexes: readonly Value[]): Value {
  if (indexes.length > 3) throw new TemplateFailure("slice takes no more than three indexes");
  if (typeof value !== "string" && !(value instanceof List)) {
    throw new TemplateFailure(`type ${typeName(value)} cannot be sliced`);
  }
  const capacity = typeof value === "string" ? value.length : value.capacity;
  const [from = 0, to = value.length, limit = capacity] = indexes.map((index) =>
    toIndex(index, capacity)
  );
  if (from > to || to > limit) {
    throw new TemplateFailure(`slice indexes are not in order: ${from}, ${to}, ${limit}`);
  }
  if (typeof value !== "string") return value.slice(from, to, limit);
  if (indexes.length === 3) throw new TemplateFailure("a string is sliced with two indexes");
  return value.slice(from, to);
}

/** How many bytes a string has, or items a list. */
export function lengthOf(value: Value): bigint {
  if (typeof value === "string" || value instanceof List || value instanceof Environment) {
    return BigInt(value.length);
  }
  throw new TemplateFailure(`type ${typeName(value)} has no length`);
}

function indexOne(value: Value, index: Value): Value {
  if (value instanceof Environment) {
    if (typeof index === "string") return value.get(index);
    throw new TemplateFailure(
      `the environment is indexed by a string, received ${typeName(index)}`,
    );
  }
  if (typeof value !== "string" && !(value instanceof List)) {
    throw new TemplateFailure(`type ${typeName(value)} cannot be indexed`);
  }
  const at = toIndex(index, value.length);
  if (at === value.length) throw outOfRange(at, at);
  return typeof value === "string" ? new Byte(value.charCodeAt(at)) : value.at(at);
}

function toIndex(value: Value, highest: number): number {
  const index = value instanceof Byte ? value.value : value;
  if (typeof index !== "bigint") {
    throw new TemplateFailure(`an index must be an int, received ${typeName(value)}`);
  }
  if (index < 0n || index > BigInt(highest)) throw outOfRange(index, highest);
  return Number(index);
}

function outOfRange(index: bigint | number, length: number): TemplateFailure {
  return new TemplateFailure(`index ${index} is out of range, the length is ${length}`);
}
