/**
 * `eq`, `ne`, `lt`, `le`, `gt` and `ge`.
 *
 * @module
 */
import { TemplateFailure } from "./failure.ts";
import { Byte, Complex, typeName, type Value } from "./value.ts";

/** Whether a value equals any of the others. */
export function equalsAny(value: Value, others: readonly Value[]): boolean {
  if (others.length === 0) throw new TemplateFailure("eq has nothing to compare with");
  return others.some((other) => equals(value, other));
}

/** Whether a value comes before another: numbers by size, strings by their bytes. */
export function isLess(a: Value, b: Value): boolean {
  const left = toInteger(a);
  const right = toInteger(b);
  if (typeof left !== typeof right) throw incompatible(a, b);
  switch (typeof left) {
    case "bigint":
    case "number":
    case "string":
      return left < (right as typeof left);
  }
  throw new TemplateFailure(`type ${typeName(a)} has no order, expected numbers or strings`);
}

function equals(a: Value, b: Value): boolean {
  const left = toInteger(a);
  const right = toInteger(b);
  if (left instanceof Complex && right instanceof Complex) {
    return left.real === right.real && left.imaginary === right.imaginary;
  }
  // Anything can be compared with nil, but a list and the environment with nothing else.
  if (left === undefined || right === undefined) return left === right;
  if (typeof left !== typeof right || typeof left === "object") throw incompatible(a, b);
  return left === right;
}

// Integers compare by value, whichever their type.
function toInteger(value: Value): Exclude<Value, Byte> {
  return value instanceof Byte ? value.value : value;
}

function incompatible(a: Value, b: Value): TemplateFailure {
  return new TemplateFailure(
    `incompatible types for comparison, expected two of one type, received ${typeName(a)} and ${
      typeName(b)
    }`,
  );
}
