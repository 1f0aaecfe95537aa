/**
 * The values that a template can have, and their Go types.
 *
 * | Go | here |
 * |---|---|
 * | `string` | a byte string |
 * | `int` | `bigint` |
 * | `uint8` | {@linkcode Byte} |
 * | `float64` | `number` |
 * | `complex128` | {@linkcode Complex} |
 * | `bool` | `boolean` |
 * | `[]string`, `[]int` | {@linkcode List} |
 * | `template.Environment` | {@linkcode Environment} |
 * | `nil`, or no value at all | `undefined` |
 *
 * @module
 */
import type { Environment } from "./environment.ts";

/** A value of a template. */
export type Value =
  | string
  | bigint
  | number
  | boolean
  | Byte
  | Complex
  | List
  | Environment
  | undefined;

/** One byte of a string, as `index` gives it. */
export class Byte {
  /** The byte. */
  readonly value: bigint;

  constructor(value: number) {
    this.value = BigInt(value);
  }
}

/** A complex number. */
export class Complex {
  /** The real part. */
  readonly real: number;
  /** The imaginary part. */
  readonly imaginary: number;

  constructor(real: number, imaginary: number) {
    this.real = real;
    this.imaginary = imaginary;
  }
}

/**
 * A window on an array, as Go's slices: slicing again may reach beyond the end of the window, up to
 * its capacity.
 */
export class List {
  /** Go's name of what is in it. */
  readonly element: "string" | "int";
  /** How many items it shows. */
  readonly length: number;
  /** How many items there are from its start. */
  readonly capacity: number;
  readonly #array: readonly (string | bigint)[];
  readonly #start: number;

  constructor(
    element: "string" | "int",
    array: readonly (string | bigint)[],
    start: number = 0,
    length: number = array.length,
    capacity: number = length,
  ) {
    this.element = element;
    this.length = length;
    this.capacity = capacity;
    this.#array = array;
    this.#start = start;
  }

  /** The item at an index; Go's zero where an array was made longer than it was filled. */
  at(index: number): string | bigint {
    return this.#array[this.#start + index] ?? (this.element === "int" ? 0n : "");
  }

  /** The window from one index to another, with room up to a third. */
  slice(from: number, to: number, limit: number = this.capacity): List {
    return new List(this.element, this.#array, this.#start + from, to - from, limit - from);
  }

  /** The items that it shows. */
  *[Symbol.iterator](): IterableIterator<string | bigint> {
    for (let index = 0; index < this.length; index++) yield this.at(index);
  }
}

/** The name of a value's type, as Go prints it. */
export function typeName(value: Value): string {
  switch (typeof value) {
    case "string":
      return "string";
    case "bigint":
      return "int";
    case "number":
      return "float64";
    case "boolean":
      return "bool";
    case "undefined":
      return "nil";
  }
  if (value instanceof Byte) return "uint8";
  if (value instanceof Complex) return "complex128";
  return value instanceof List ? `[]${value.element}` : "template.Environment";
}

/** Whether a value is true for `if`: anything but zero, empty and nil. */
export function isTrue(value: Value): boolean {
  switch (typeof value) {
    case "bigint":
      return value !== 0n;
    case "object":
      if (value instanceof Byte) return value.value !== 0n;
      if (value instanceof Complex) return value.real !== 0 || value.imaginary !== 0;
      return value.length > 0;
    default:
      return Boolean(value);
  }
}
