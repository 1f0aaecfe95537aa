/**
 * Number literals, as Go's `text/template` reads them.
 *
 * @module
 */
import { TemplateFailure } from "./failure.ts";
import { Complex } from "./value.ts";

/** The highest and the lowest `int`. */
export const MAX_INT = 2n ** 63n - 1n;
export const MIN_INT = -(2n ** 63n);

const MAX_UINT = 2n ** 64n - 1n;
// Go accepts longer ones, but their values are the same as those of shorter ones.
const LONGEST = 2_000;
// An underscore may stand between two digits, and after the prefix of a base.
const INTEGER =
  /^[+-]?(?:0[xX](?:_?[\da-fA-F])+|0[bB](?:_?[01])+|0[oO]?(?:_?[0-7])+|0|[1-9](?:_?\d)*)$/;
const DIGITS = "\\d(?:_?\\d)*";
const DECIMAL = `(?:${DIGITS}(?:\\.(?:${DIGITS})?)?|\\.${DIGITS})(?:[eE][+-]?${DIGITS})?`;
const HEX_DIGITS = "[\\da-fA-F](?:_?[\\da-fA-F])*";
const HEX = `0[xX](?:_?${HEX_DIGITS}(?:\\.(?:${HEX_DIGITS})?)?|\\.${HEX_DIGITS})[pP][+-]?${DIGITS}`;
const FLOAT = `(?:${DECIMAL}|${HEX})`;
const WHOLE_FLOAT = new RegExp(`^[+-]?${FLOAT}$`);
const COMPLEX = new RegExp(`^([+-]?${FLOAT})([+-]${FLOAT})i$`);

/**
 * The value of a number literal. A literal with a point or an exponent is a float, even if it is a
 * whole number, and so is a hexadecimal with a sign and an `e` among its digits: Go looks for the
 * letter only.
 *
 * @param literal As the lexer found it.
 * @returns The value; `undefined` for a whole number that fits 64 bits but no `int`, which Go
 * refuses only when the place is executed.
 * @throws {TemplateFailure} when it is not a number for Go.
 */
export function parseNumber(literal: string): bigint | number | Complex | undefined {
  if (literal.length > LONGEST) throw illegal(literal);
  const complex = COMPLEX.exec(literal);
  if (complex) return new Complex(parseFloat64(complex[1] ?? ""), parseFloat64(complex[2] ?? ""));
  if (literal.endsWith("i")) return new Complex(0, parseFloat64(literal.slice(0, -1)));
  if (!INTEGER.test(literal)) {
    const value = parseFloat64(literal);
    if (!/[.eEpP]/.test(literal)) throw illegal(literal);
    return value;
  }
  const value = parseInteger(literal);
  const signed = /^[+-]/.test(literal);
  if (value > (signed ? MAX_INT : MAX_UINT) || value < MIN_INT) throw illegal(literal);
  if (signed && /[eE]/.test(literal)) return Number(value);
  return value > MAX_INT ? undefined : value;
}

function parseInteger(literal: string): bigint {
  const digits = literal.replace(/^[+-]/, "").replaceAll("_", "");
  const magnitude = BigInt(/^0\d/.test(digits) ? `0o${digits}` : digits);
  return literal.startsWith("-") ? -magnitude : magnitude;
}

function parseFloat64(literal: string): number {
  if (!WHOLE_FLOAT.test(literal)) throw illegal(literal);
  const digits = literal.replaceAll("_", "");
  const value = /[xX]/.test(digits) ? parseHexFloat(digits) : Number(digits);
  if (!Number.isFinite(value)) throw illegal(literal);
  return value;
}

function parseHexFloat(literal: string): number {
  const [, sign, whole = "", fraction = "", power] =
    /^([+-]?)0[xX]([\da-fA-F]*)\.?([\da-fA-F]*)[pP](.*)$/.exec(literal) ?? [];
  const mantissa = Number(BigInt(`0x0${whole}${fraction}`));
  const exponent = Number(power) - 4 * fraction.length;
  // In two halves, since a power of two below the smallest float would be zero by itself.
  const half = Math.trunc(Math.max(-3000, Math.min(3000, exponent)) / 2);
  const value = mantissa * 2 ** half * 2 ** (exponent - half);
  return sign === "-" ? -value : value;
}

function illegal(literal: string): TemplateFailure {
  return new TemplateFailure(
    `illegal number, expected one that Go can hold, received ${literal.slice(0, 40)}`,
  );
}
