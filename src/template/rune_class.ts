/**
 * Classes of code points, by the Unicode tables of the JavaScript engine: Go 1.19's are those of
 * Unicode 13, so a character that is younger than that may be printed where Go escapes it.
 *
 * @module
 */
import { decodeRune } from "./utf8.ts";

const ASCII_NAME = /\w*/y;
const LETTER_OR_DIGIT = /[\p{L}\p{Nd}]/u;
const PRINTABLE = /[\p{L}\p{M}\p{N}\p{P}\p{S}]/u;
const WHITE_SPACE = /\p{White_Space}/u;

/** What a name in a template is made of: a letter, a digit or an underscore. */
export function isAlphanumeric(code: number): boolean {
  if (code >= 0x80) return LETTER_OR_DIGIT.test(String.fromCodePoint(code));
  return code >= 0x61 && code <= 0x7a || code >= 0x41 && code <= 0x5a ||
    code >= 0x30 && code <= 0x39 || code === 0x5f;
}

/** Where the name ends that begins at an index of a byte string. */
export function nameEnd(bytes: string, from: number): number {
  for (let at = from;;) {
    ASCII_NAME.lastIndex = at;
    ASCII_NAME.test(bytes);
    at = ASCII_NAME.lastIndex;
    if (at >= bytes.length || bytes.charCodeAt(at) < 0x80) return at;
    const { code, size } = decodeRune(bytes, at);
    if (!isAlphanumeric(code)) return at;
    at += size;
  }
}

/** What Go prints as it is: everything visible and the space. */
export function isPrintable(code: number): boolean {
  return code < 0x80 ? code >= 0x20 && code < 0x7f : PRINTABLE.test(String.fromCodePoint(code));
}

/** What Go's `strings.TrimSpace` removes. */
export function isWhiteSpace(code: number): boolean {
  return code < 0x80
    ? code === 0x20 || code >= 0x09 && code <= 0x0d
    : WHITE_SPACE.test(String.fromCodePoint(code));
}
