/**
 * Go's quoted literals, both ways, as `strconv` writes and reads them.
 *
 * @module
 */
import { isPrintable } from "./rune_class.ts";
import { decodeRune, encodeRune, isValidRune, RUNE_ERROR } from "./utf8.ts";

const ESCAPES: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
};
const ESCAPE_OF = new Map(Object.entries(ESCAPES).map(([letter, char]) => [char, letter]));
// \x and three octal digits are a byte, \u and \U a code point.
const NUMERIC_ESCAPE = /x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{3})/y;

/**
 * Writes a byte string as a double-quoted literal.
 *
 * @param bytes What to quote.
 * @param asciiOnly Whether everything beyond ASCII is escaped too.
 */
export function quote(bytes: string, asciiOnly: boolean): string {
  let result = '"';
  for (let index = 0; index < bytes.length;) {
    const { code, size } = decodeRune(bytes, index);
    result += code === RUNE_ERROR && size === 1
      ? "\\x" + hex(bytes.charCodeAt(index), 2)
      : escapeRune(code, '"', asciiOnly);
    index += size;
  }
  return result + '"';
}

/** Writes a code point as a single-quoted literal; what is none becomes U+FFFD. */
export function quoteRune(code: number, asciiOnly: boolean): string {
  return `'${escapeRune(isValidRune(code) ? code : RUNE_ERROR, "'", asciiOnly)}'`;
}

/** Whether a byte string can stand between back quotes on one line. */
export function canBackquote(bytes: string): boolean {
  for (let index = 0; index < bytes.length;) {
    const { code, size } = decodeRune(bytes, index);
    if (size === 1 && (code === RUNE_ERROR || code < 0x20 && code !== 0x09)) return false;
    if (code === 0x60 || code === 0x7f || code === 0xfeff) return false;
    index += size;
  }
  return true;
}

/**
 * Reads a double-quoted or back-quoted literal, quotes included.
 *
 * @returns The byte string; `undefined` where an escape is not Go's.
 */
export function unquote(literal: string): string | undefined {
  const inner = literal.slice(1, -1);
  // As in a Go program, a raw string has no carriage return.
  if (literal.startsWith("`")) return inner.replaceAll("\r", "");
  if (!inner.includes("\\")) return inner;
  let result = "";
  for (let index = 0; index < inner.length;) {
    if (inner[index] !== "\\") {
      result += inner[index++];
      continue;
    }
    const escape = readEscape(inner, index, '"');
    if (escape === undefined) return undefined;
    result += escape.isByte ? String.fromCharCode(escape.code) : encodeRune(escape.code);
    index = escape.end;
  }
  return result;
}

/**
 * Reads a single-quoted literal, quotes included.
 *
 * @returns The code point; `undefined` if it is not exactly one.
 */
export function unquoteRune(literal: string): number | undefined {
  const inner = literal.slice(1, -1);
  if (inner === "") return undefined;
  if (inner[0] === "\\") {
    const escape = readEscape(inner, 0, "'");
    return escape?.end === inner.length ? escape.code : undefined;
  }
  const { code, size } = decodeRune(inner, 0);
  return size === inner.length ? code : undefined;
}

interface Escape {
  readonly code: number;
  readonly isByte: boolean;
  readonly end: number;
}

function readEscape(text: string, index: number, quoteMark: string): Escape | undefined {
  const letter = text[index + 1] ?? "";
  const char = letter === quoteMark ? letter : Object.hasOwn(ESCAPES, letter) && ESCAPES[letter];
  if (char) return { code: char.charCodeAt(0), isByte: true, end: index + 2 };
  NUMERIC_ESCAPE.lastIndex = index + 1;
  const match = NUMERIC_ESCAPE.exec(text);
  if (match === null) return undefined;
  const [whole, byte, short, long, octal] = match;
  const code = octal === undefined ? parseInt(byte ?? short ?? long ?? "", 16) : parseInt(octal, 8);
  const isByte = byte !== undefined || octal !== undefined;
  if (isByte ? code > 0xff : !isValidRune(code)) return undefined;
  return { code, isByte, end: index + 1 + whole.length };
}

function escapeRune(code: number, quoteMark: string, asciiOnly: boolean): string {
  const char = String.fromCodePoint(code);
  if (char === quoteMark || char === "\\") return "\\" + char;
  if (isPrintable(code) && (code < 0x80 || !asciiOnly)) return encodeRune(code);
  const letter = ESCAPE_OF.get(char);
  if (letter !== undefined) return "\\" + letter;
  if (code < 0x20 || code === 0x7f) return "\\x" + hex(code, 2);
  return code < 0x10000 ? "\\u" + hex(code, 4) : "\\U" + hex(code, 8);
}

function hex(code: number, length: number): string {
  return code.toString(16).padStart(length, "0");
}
