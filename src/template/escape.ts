/**
 * `html`, `js` and `urlquery`, on byte strings.
 *
 * @module
 */
import { isPrintable } from "./rune_class.ts";
import { decodeRune, toBytes } from "./utf8.ts";

const HTML: Readonly<Record<string, string>> = {
  "\0": toBytes("\ufffd"),
  '"': "&#34;",
  "'": "&#39;",
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
};
const JS_BACKSLASHED = "\\'\"";
const JS_SPECIAL = "<>&=";
// Everything but the ASCII that stays as it is.
const JS_TO_LOOK_AT = /[^ !#-%(-;?-[\]-\u007f]+/g;

/** Escapes for HTML. */
export function escapeHtml(bytes: string): string {
  return bytes.replace(/["'&<>\0]/g, (char) => HTML[char] ?? char);
}

/** Escapes for a JavaScript string. */
export function escapeJs(bytes: string): string {
  return bytes.replace(JS_TO_LOOK_AT, escapeJsRunes);
}

/** Escapes for the query of a URL. */
export function escapeUrlQuery(bytes: string): string {
  return bytes.replace(/[^\w.~-]/g, (char) => {
    const hex = char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0");
    return char === " " ? "+" : `%${hex}`;
  });
}

function escapeJsRunes(bytes: string): string {
  let result = "";
  for (let index = 0; index < bytes.length;) {
    const { code, size } = decodeRune(bytes, index);
    const char = bytes.slice(index, index + size);
    index += size;
    if (JS_BACKSLASHED.includes(char)) result += "\\" + char;
    else if (code < 0x20 || JS_SPECIAL.includes(char) || code >= 0x80 && !isPrintable(code)) {
      result += "\\u" + code.toString(16).toUpperCase().padStart(4, "0");
    } else result += char;
  }
  return result;
}
