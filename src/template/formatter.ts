/**
 * What one verb of a format writes, by its flags: padding, integers, characters, strings in
 * hexadecimal and quotes. The rules are those of Go's `fmt`.
 *
 * @module
 */
import { canBackquote, quote, quoteRune } from "./quote.ts";
import { isPrintable } from "./rune_class.ts";
import { decodeRune, encodeRune, MAX_RUNE, RUNE_ERROR, runeCount } from "./utf8.ts";

/** Flags, width and precision of a verb. */
export interface Format {
  minus: boolean;
  plus: boolean;
  sharp: boolean;
  space: boolean;
  zero: boolean;
  /** `%#v`: as in a Go program. */
  goSyntax: boolean;
  /** Fewest characters. */
  width: number | undefined;
  /** Digits or characters. */
  precision: number | undefined;
}

/** A verb without flags. */
export function plainFormat(): Format {
  return {
    minus: false,
    plus: false,
    sharp: false,
    space: false,
    zero: false,
    goSyntax: false,
    width: undefined,
    precision: undefined,
  };
}

/** Fills up to the width, on the left but with the minus flag. */
export function pad(text: string, { width, minus, zero }: Format): string {
  const missing = (width ?? 0) - (width ? runeCount(text) : 0);
  if (missing <= 0) return text;
  const padding = (zero ? "0" : " ").repeat(missing);
  return minus ? text + padding : padding + text;
}

/** As {@linkcode pad}, with spaces whatever the flags. */
function padWithSpaces(text: string, format: Format): string {
  return pad(text, { ...format, zero: false });
}

/** An integer in a base. */
export function formatInteger(
  value: bigint,
  base: 2 | 8 | 10 | 16,
  verb: string,
  format: Format,
): string {
  const { precision, width, plus, space, sharp, zero } = format;
  if (precision === 0 && value === 0n) return padWithSpaces("", format);
  const sign = value < 0n ? "-" : plus ? "+" : space ? " " : "";
  // Zeros up to the width count as precision, but for the sign.
  const fewest = precision ?? (zero ? (width ?? 0) - sign.length : 0);
  let digits = (value < 0n ? -value : value).toString(base).padStart(fewest, "0");
  if (sharp && base === 2) digits = "0b" + digits;
  if (sharp && base === 8 && !digits.startsWith("0")) digits = "0" + digits;
  if (sharp && base === 16) digits = "0x" + digits;
  if (verb === "O") digits = "0o" + digits;
  if (verb === "X") digits = digits.toUpperCase();
  return padWithSpaces(sign + digits, format);
}

/** `%c` */
export function formatCharacter(value: bigint, format: Format): string {
  return pad(encodeRune(toRune(value)), format);
}

/** `%q` of an integer. */
export function formatQuotedCharacter(value: bigint, format: Format): string {
  return pad(quoteRune(toRune(value), format.plus), format);
}

/** `%U` */
export function formatUnicode(value: bigint, format: Format): string {
  const code = BigInt.asUintN(64, value);
  const digits = code.toString(16).toUpperCase().padStart(Math.max(4, format.precision ?? 0), "0");
  const rune = code <= MAX_RUNE ? Number(code) : -1;
  const shown = format.sharp && isPrintable(rune) ? ` '${encodeRune(rune)}'` : "";
  return padWithSpaces(`U+${digits}${shown}`, format);
}

/** `%s` */
export function formatString(text: string, format: Format): string {
  return pad(truncate(text, format), format);
}

/** `%q` of a string. */
export function formatQuoted(text: string, format: Format): string {
  const shown = truncate(text, format);
  const quoted = format.sharp && canBackquote(shown) ? `\`${shown}\`` : quote(shown, format.plus);
  return pad(quoted, format);
}

/** `%x` of a string. */
export function formatHexString(text: string, verb: string, format: Format): string {
  const { precision, sharp, space } = format;
  const shown = precision === undefined ? text : text.slice(0, precision);
  const prefix = sharp ? "0x" : "";
  const bytes = Array.from(shown, (byte) => byte.charCodeAt(0).toString(16).padStart(2, "0"));
  let result = bytes.join(space ? ` ${prefix}` : "");
  if (result !== "") result = prefix + result;
  return pad(verb === "X" ? result.toUpperCase() : result, format);
}

/** A finished number with its sign: zeros go between both. */
export function padNumber(number: string, format: Format): string {
  const { plus, space, zero, width = 0 } = format;
  const sign = number.startsWith("-") ? "-" : plus ? "+" : space ? " " : "";
  const digits = number.startsWith("-") ? number.slice(1) : number;
  if (zero && sign !== "") return sign + digits.padStart(width - sign.length, "0");
  return pad(sign + digits, format);
}

/** Fills up the digits that the sharp flag asks for in a float. */
export function sharpFloat(number: string, verb: string, precision: number | undefined): string {
  const [, sign = "", digits = "", tail = ""] = /^(-?)(0[xX][\da-fA-F.]*|[\d.]*)(.*)$/s
    .exec(number) ?? [];
  // Go counts the prefix of %x among the digits, and fills none up for %X, %e and %f.
  let missing = "gGx".includes(verb) ? precision ?? 6 : 0;
  let seen = false;
  for (const char of digits) {
    if (char === ".") continue;
    seen ||= char !== "0";
    if (seen) missing--;
  }
  const hasPoint = digits.includes(".");
  if (!hasPoint && digits === "0") missing--;
  return sign + digits + (hasPoint ? "" : ".") + "0".repeat(Math.max(0, missing)) + tail;
}

// As many characters as the precision allows.
function truncate(text: string, { precision }: Format): string {
  if (precision === undefined || text.length <= precision) return text;
  let end = 0;
  for (let count = 0; count < precision && end < text.length; count++) {
    end += decodeRune(text, end).size;
  }
  return text.slice(0, end);
}

function toRune(value: bigint): number {
  return value >= 0n && value <= MAX_RUNE ? Number(value) : RUNE_ERROR;
}
