/**
 * Go's strings are bytes. Here a "byte string" is such a string: a JavaScript string with one
 * code unit from 0 to 255 for each byte, so that lengths, indexes and orders are Go's. ASCII text is
 * the same in both.
 *
 * @module
 */

/** What an invalid byte reads as. */
export const RUNE_ERROR = 0xfffd;

/** The highest code point. */
export const MAX_RUNE = 0x10ffff;

/** One code point of a byte string. */
export interface Rune {
  /** The code point; `RUNE_ERROR` with size 1 for an invalid byte. */
  readonly code: number;
  /** Its length in bytes. */
  readonly size: number;
}

const BEYOND_ASCII = /[\u0080-\uffff]/;
const INVALID: Rune = { code: RUNE_ERROR, size: 1 };

/** Whether a text or byte string has nothing but ASCII. */
export function isAscii(text: string): boolean {
  return !BEYOND_ASCII.test(text);
}

/** The bytes of a text in UTF-8. A lone surrogate becomes U+FFFD. */
export function toBytes(text: string): string {
  if (isAscii(text)) return text;
  const bytes = new TextEncoder().encode(text);
  let result = "";
  // In pieces, since the number of arguments of a call is limited.
  for (let index = 0; index < bytes.length; index += 8192) {
    result += String.fromCharCode(...bytes.subarray(index, index + 8192));
  }
  return result;
}

/** The text of a byte string. Bytes that are not UTF-8 become U+FFFD. */
export function fromBytes(bytes: string): string {
  return isAscii(bytes)
    ? bytes
    : new TextDecoder("utf-8", { ignoreBOM: true }).decode(byteArray(bytes));
}

/** A byte string as an array of bytes. */
export function byteArray(bytes: string): Uint8Array<ArrayBuffer> {
  const array = new Uint8Array(bytes.length);
  for (let index = 0; index < array.length; index++) array[index] = bytes.charCodeAt(index);
  return array;
}

/** The code point that begins at an index, which must be inside of the byte string. */
export function decodeRune(bytes: string, index: number): Rune {
  const first = bytes.charCodeAt(index);
  if (first < 0x80) return { code: first, size: 1 };
  const size = first < 0xc2 || first > 0xf4 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (size === 0) return INVALID;
  let code = first & 0xff >> size + 1;
  for (let next = 1; next < size; next++) {
    const byte = bytes.charCodeAt(index + next);
    if ((byte & 0xc0) !== 0x80) return INVALID;
    code = code << 6 | byte & 0x3f;
  }
  const shortest = size === 3 ? 0x800 : size === 4 ? 0x10000 : 0;
  return code < shortest || !isValidRune(code) ? INVALID : { code, size };
}

/** The bytes of a code point; those of U+FFFD for what is none. */
export function encodeRune(code: number): string {
  return toBytes(String.fromCodePoint(isValidRune(code) ? code : RUNE_ERROR));
}

/** Whether a number is a code point that UTF-8 can hold. */
export function isValidRune(code: number): boolean {
  return code >= 0 && code <= MAX_RUNE && (code < 0xd800 || code > 0xdfff);
}

/** The length of a byte string in code points. */
export function runeCount(bytes: string): number {
  if (isAscii(bytes)) return bytes.length;
  let count = 0;
  for (let index = 0; index < bytes.length; count++) index += decodeRune(bytes, index).size;
  return count;
}
