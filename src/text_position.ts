/**
 * Lines and columns of a text, for errors that point at the place.
 *
 * @module
 */

/** A place in a text. */
export interface TextPosition {
  /** Line, from 1. */
  readonly line: number;
  /** Column in that line, from 1, in UTF-16 code units. */
  readonly column: number;
}

// Longer lines are cut around the caret: a minified file must not fill the terminal.
const LONGEST_LINE = 120;

/**
 * Line and column of an offset. Lines end with `\n`, `\r\n` or `\r`.
 *
 * @param text The whole text.
 * @param offset Index into it, in UTF-16 code units; beyond its ends it is moved to the nearer one.
 * @returns The place, counted from 1.
 */
export function locate(text: string, offset: number): TextPosition {
  const end = Math.max(0, Math.min(offset, text.length));
  let line = 1;
  let start = 0;
  for (let index = 0; index < end; index++) {
    const code = text.charCodeAt(index);
    // The "\n" of "\r\n" ends the line, not its "\r".
    if (code === 10 || code === 13 && text.charCodeAt(index + 1) !== 10) {
      line++;
      start = index + 1;
    }
  }
  return { line, column: end - start + 1 };
}

/**
 * The line of a text with a caret under one of its columns, as in
 *
 * ```txt
 *   3 | {{ .FOO | nofunc }}
 *     |           ^
 * ```
 *
 * @param text The whole text.
 * @param line Line to show, from 1.
 * @param column Column to point at, from 1, in UTF-16 code units.
 * @returns Two lines without a line end after the second; `""` where the text has no such line.
 */
export function caret(text: string, line: number, column: number): string {
  const whole = text.split(/\r\n|\r|\n/, line)[line - 1];
  if (whole === undefined) return "";
  const from = Math.max(0, Math.min(column - LONGEST_LINE / 2, whole.length - LONGEST_LINE));
  const shown = whole.slice(from, from + LONGEST_LINE);
  // A tab stays a tab, so that the caret stands below its column at any tab width.
  const padding = shown.slice(0, column - 1 - from).replace(/[^\t]/g, " ");
  const number = String(line);
  return `  ${number} | ${shown}\n  ${" ".repeat(number.length)} | ${padding}^`;
}
