import { TemplateFailure } from "./failure.ts";
import { isAlphanumeric, nameEnd } from "./rune_class.ts";
import { decodeRune, fromBytes } from "./utf8.ts";

/** What a token is. Keywords and punctuation are themselves. */
export type TokenType =
  | "text"
  | "{{"
  | "}}"
  | "end of text"
  | "error"
  | "bool"
  | "char"
  | "complex"
  | "field"
  | "name"
  | "number"
  | "raw string"
  | "string"
  | "variable"
  | "other"
  | "keyword"
  | "."
  | "nil"
  | "("
  | ")"
  | "|"
  | "="
  | ":=";

const KEYWORDS = new Set([
  "block",
  "break",
  "continue",
  "define",
  "else",
  "end",
  "if",
  "range",
  "template",
  "with",
]);

const LEFT = "{{";
const RIGHT = "}}";
// Base prefix, digits, fraction and exponent as Go's lexer scans them; the parser checks the rest.
const NUMBER = new RegExp(
  "[+-]?(?:0[xX][\\da-fA-F_]*(?:\\.[\\da-fA-F_]*)?(?:[pP][+-]?[\\d_]*)?" +
    "|0[oO][0-7_]*(?:\\.[0-7_]*)?|0[bB][01_]*(?:\\.[01_]*)?" +
    "|[\\d_]*(?:\\.[\\d_]*)?(?:[eE][+-]?[\\d_]*)?)i?",
  "y",
);

/**
 * Cuts a template into tokens, one at a time. After {@linkcode Lexer.next} its fields describe the
 * current token. White space is not a token: `afterSpace` says that there was some.
 */
export class Lexer {
  /** The template, as a byte string. */
  readonly source: string;
  /** What the current token is. */
  type: TokenType = "text";
  /** Where it begins. */
  start = 0;
  /** Where it ends. */
  end = 0;
  /** Whether white space came before it, inside of an action. */
  afterSpace = false;
  /** With type `error`, what is wrong. */
  error = "";

  #position = 0;
  #inAction = false;
  #actionStart = 0;
  #parentheses = 0;

  constructor(source: string) {
    this.source = source;
  }

  /** The current token as it is written in the template. */
  get value(): string {
    return this.source.slice(this.start, this.end);
  }

  /** Goes to the next token. An error and the end of the text are final. */
  next(): void {
    if (this.type === "error" || this.type === "end of text") return;
    if (this.#inAction) this.#readAction();
    else this.#readText();
  }

  /** Whether the current token is of a type. */
  is(type: TokenType): boolean {
    return this.type === type;
  }

  /** Whether the current token is a keyword. */
  isKeyword(keyword: string): boolean {
    return this.is("keyword") && this.value === keyword;
  }

  /**
   * Refuses the current token.
   *
   * @param where Where it is, and what was expected instead.
   */
  unexpected(where: string): never {
    if (this.is("error")) this.fail(this.error);
    const shown = this.is("end of text") ? this.type : fromBytes(this.value.slice(0, 20));
    this.fail(`unexpected ${shown} ${where}`);
  }

  /** Refuses the template, at the current token where no other place is given. */
  fail(message: string, position: number = this.start): never {
    throw new TemplateFailure(message, position);
  }

  #emit(type: TokenType, end: number): void {
    this.type = type;
    this.start = this.#position;
    this.end = this.#position = end;
  }

  #emitError(error: string, at: number = this.#position): void {
    this.#emit("error", this.source.length);
    this.start = at;
    this.error = error;
  }

  #readText(): void {
    const { source } = this;
    for (;;) {
      const start = this.#position;
      const left = source.indexOf(LEFT, start);
      if (left < 0) {
        return this.#emit(start < source.length ? "text" : "end of text", source.length);
      }
      const trims = source[left + 2] === "-" && isSpace(source.charCodeAt(left + 3));
      const textEnd = trims ? trimmedEnd(source, start, left) : left;
      if (textEnd > start) {
        this.#emit("text", textEnd);
        this.#position = left;
        return;
      }
      const inner = left + (trims ? 4 : 2);
      if (!source.startsWith("/*", inner)) {
        this.#position = left;
        this.#emit("{{", inner);
        this.#inAction = true;
        this.#actionStart = left;
        this.#parentheses = 0;
        return;
      }
      if (!this.#skipComment(left, inner)) return;
    }
  }

  // A comment must touch the delimiters, or the white space of their trim markers.
  #skipComment(left: number, inner: number): boolean {
    const { source } = this;
    const close = source.indexOf("*/", inner + 2);
    if (close < 0) {
      this.#emitError("unclosed comment, expected */", left);
      return false;
    }
    const trims = trimsRight(source, close + 2);
    if (!trims && !source.startsWith(RIGHT, close + 2)) {
      this.#emitError(
        "comment ends before the closing delimiter, expected }} right after */",
        close + 2,
      );
      return false;
    }
    this.#position = trims ? trimmedStart(source, close + 6) : close + 4;
    return true;
  }

  #readAction(): void {
    const { source } = this;
    this.afterSpace = false;
    let at = this.#position;
    while (isSpace(source.charCodeAt(at)) && !trimsRight(source, at)) at++;
    this.afterSpace = at > this.#position;
    this.#position = at;
    const trims = trimsRight(source, at);
    if (trims || source.startsWith(RIGHT, at)) {
      if (this.#parentheses > 0) return this.#emitError("unclosed left parenthesis, expected )");
      this.#emit("}}", at + (trims ? 4 : 2));
      if (trims) this.#position = trimmedStart(source, this.end);
      this.#inAction = false;
      return;
    }
    if (at >= source.length) {
      return this.#emitError("unclosed action, expected }}", this.#actionStart);
    }
    this.#readToken(source[at] ?? "", at);
  }

  #readToken(char: string, at: number): void {
    switch (char) {
      case "(":
        this.#parentheses++;
        return this.#emit("(", at + 1);
      case ")":
        if (--this.#parentheses < 0) return this.#emitError("unexpected right parenthesis");
        return this.#emit(")", at + 1);
      case "|":
      case "=":
        return this.#emit(char, at + 1);
      case ":":
        if (this.source[at + 1] !== "=") return this.#emitError("expected := after a variable");
        return this.#emit(":=", at + 2);
      case '"':
        return this.#readQuoted(char, "string");
      case "`":
        return this.#readRaw();
      case "'":
        return this.#readQuoted(char, "char");
      case "$":
        return this.#readName(at + 1, "variable");
      case ".":
        if (!isDigit(this.source.charCodeAt(at + 1))) return this.#readName(at + 1, "field");
        return this.#readNumber();
      case "+":
      case "-":
        return this.#readNumber();
    }
    const { code } = decodeRune(this.source, at);
    if (isDigit(code)) return this.#readNumber();
    if (isAlphanumeric(code)) return this.#readName(at, "name");
    if (code >= 0x20 && code < 0x7f) return this.#emit("other", at + 1);
    this.#emitError(`unrecognized character in action: ${unicodeName(code)}`);
  }

  #readQuoted(quote: string, type: "string" | "char"): void {
    const { source } = this;
    for (let at = this.#position + 1; at < source.length && source[at] !== "\n"; at++) {
      if (source[at] === quote) return this.#emit(type, at + 1);
      if (source[at] === "\\") at++;
    }
    this.#emitError(`unterminated ${type}, expected its closing quote on the same line`);
  }

  #readRaw(): void {
    const close = this.source.indexOf("`", this.#position + 1);
    if (close < 0) this.#emitError("unterminated raw string, expected its closing back quote");
    else this.#emit("raw string", close + 1);
  }

  #readName(from: number, type: "name" | "field" | "variable"): void {
    const end = nameEnd(this.source, from);
    if (!this.#endsName(end)) {
      const { code } = decodeRune(this.source, end);
      return this.#emitError(`bad character ${unicodeName(code)} in a name`, end);
    }
    this.#emit(type, end);
    if (type === "field" && end === from) this.type = ".";
    if (type !== "name") return;
    const name = this.value;
    if (KEYWORDS.has(name)) this.type = "keyword";
    else if (name === "true" || name === "false") this.type = "bool";
    else if (name === "nil") this.type = "nil";
  }

  // What may follow a name: $x+2 is refused, so that there could be arithmetic one day.
  #endsName(at: number): boolean {
    const { source } = this;
    return at >= source.length || isSpace(source.charCodeAt(at)) ||
      ".,|:)(".includes(source[at] ?? "") || source.startsWith(RIGHT, at);
  }

  #readNumber(): void {
    const { source } = this;
    let type: TokenType = "number";
    let end = this.#scanNumber(this.#position);
    const sign = source[end];
    if (end > 0 && (sign === "+" || sign === "-")) {
      type = "complex";
      end = this.#scanNumber(end);
    }
    if (end < 0) {
      const shown = fromBytes(source.slice(this.#position, this.#position + 12));
      return this.#emitError(
        `bad number, expected white space or a delimiter after it, at ${shown}`,
      );
    }
    this.#emit(type, end);
  }

  // The end of a number, -1 where a letter or digit follows at once.
  #scanNumber(from: number): number {
    NUMBER.lastIndex = from;
    NUMBER.test(this.source);
    const end = NUMBER.lastIndex;
    const touches = end < this.source.length && isAlphanumeric(decodeRune(this.source, end).code);
    return touches ? -1 : end;
  }
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x09 || code === 0x0d;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** Whether ` -}}` is here. */
function trimsRight(source: string, at: number): boolean {
  return source.charCodeAt(at + 1) === 0x2d && isSpace(source.charCodeAt(at)) &&
    source.startsWith(RIGHT, at + 2);
}

function trimmedStart(source: string, from: number): number {
  while (isSpace(source.charCodeAt(from))) from++;
  return from;
}

function trimmedEnd(source: string, start: number, end: number): number {
  while (end > start && isSpace(source.charCodeAt(end - 1))) end--;
  return end;
}

function unicodeName(code: number): string {
  return `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}
