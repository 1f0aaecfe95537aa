/**
 * A JSON5 text, its value, and the place of each part of it.
 *
 * The `json5` package parses the value. It has no positions, does not say what was expected, and
 * accepts more than ContainerPilot does. So the scanner below reads the text first: it checks the
 * part of JSON5 that ContainerPilot accepts and records the places that errors and warnings point at.
 *
 * @module
 */
import JSON5 from "json5";
import type { Path } from "./config_fault.ts";

/** The place of a value in a text, as indexes in UTF-16 code units. */
export interface Place {
  /** Its first character. */
  readonly start: number;
  /** One past its last character. */
  end: number;
  /** First character of its key, for a member of an object. */
  readonly key?: number;
  /** What is inside: by key for an object, by index for a list. */
  readonly parts: Map<string | number, Place>;
}

/** A text that was read. */
export interface Document {
  /** What the text says. */
  readonly value: unknown;
  /** Where it says so. */
  readonly place: Place;
}

/** What is wrong with a text, and where. */
export class SyntaxFault extends Error {
  /** Index into the text, in UTF-16 code units. */
  readonly offset: number;

  /**
   * @param expected What the text should have had there.
   * @param offset Index into the text.
   */
  constructor(expected: string, offset: number) {
    super(expected);
    this.offset = offset;
  }
}

// Far deeper than any configuration, and shallow enough for the scanner's recursion.
const DEEPEST = 1000;
const SPACE = " \t\r\n\f";
const KEY = /[A-Za-z_$][A-Za-z0-9_$]*/y;
const WORD = /[A-Za-z0-9_$.+-]+/y;
const LITERAL = /^(?:true|false|null|NaN|[+-]?Infinity)$/;
const HEX = /^[+-]?0[xX][0-9a-fA-F]+$/;
const DECIMAL = /^[+-]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;

/**
 * Reads a text.
 *
 * @param text JSON5 as ContainerPilot accepts it.
 * @returns Its value and its places.
 * @throws {SyntaxFault} when it is not JSON5, or JSON5 that ContainerPilot refuses.
 */
export function readDocument(text: string): Document {
  const scanner = new Scanner(text);
  const place = scanner.document();
  return { value: parse(text.slice(0, scanner.end)), place };
}

/**
 * The place of a value, or of the nearest thing around it that the text has.
 *
 * @param place The whole document's place.
 * @param path Keys and indexes from the top.
 * @returns The place.
 */
export function placeOf(place: Place, path: Path): Place {
  let found = place;
  for (const step of path) {
    const next = found.parts.get(step);
    if (next === undefined) break;
    found = next;
  }
  return found;
}

// json5 writes a warning to the console for these two inside of a string; escaped it doesn't.
function parse(text: string): unknown {
  return JSON5.parse(
    text.replace(/[\u2028\u2029]/g, (c) => c === "\u2028" ? "\\u2028" : "\\u2029"),
  );
}

class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Index after the document. */
  get end(): number {
    return this.#at;
  }

  document(): Place {
    this.#skip();
    const place = this.#value(0);
    this.#skip();
    // ContainerPilot takes it for the beginning of a comment.
    if (this.#text.slice(this.#at) === "/") return place;
    if (this.#at < this.#text.length) this.#fail("nothing but comments after the configuration");
    return place;
  }

  #value(depth: number, key?: number): Place {
    const start = this.#at;
    const place: Place = { start, end: start, parts: new Map(), ...key !== undefined && { key } };
    const first = this.#text[start];
    if (first === "{") this.#members(place, this.#deeper(depth));
    else if (first === "[") this.#items(place, this.#deeper(depth));
    else if (first === '"' || first === "'") this.#string(first);
    else this.#word();
    place.end = this.#at;
    return place;
  }

  #deeper(depth: number): number {
    if (depth === DEEPEST) this.#fail(`at most ${DEEPEST} lists and objects inside each other`);
    return depth + 1;
  }

  #members(place: Place, depth: number): void {
    this.#at++;
    for (this.#skip(); !this.#take("}"); this.#skip()) {
      const start = this.#at;
      const key = this.#key();
      this.#skip();
      if (!this.#take(":")) this.#fail('":" after the key');
      this.#skip();
      // The last of equal keys wins, as in Go and in JavaScript.
      place.parts.set(key, this.#value(depth, start));
      this.#skip();
      if (!this.#take(",") && this.#text[this.#at] !== "}") {
        this.#fail('"," or "}" after the value');
      }
    }
  }

  #items(place: Place, depth: number): void {
    this.#at++;
    for (this.#skip(); !this.#take("]"); this.#skip()) {
      place.parts.set(place.parts.size, this.#value(depth));
      this.#skip();
      if (!this.#take(",") && this.#text[this.#at] !== "]") this.#fail('"," or "]" after the item');
    }
  }

  #key(): string {
    const start = this.#at;
    const first = this.#text[start];
    if (first === '"' || first === "'") {
      this.#string(first);
      const quoted = this.#text.slice(start, this.#at);
      return quoted.includes("\\") ? String(parse(quoted)) : quoted.slice(1, -1);
    }
    KEY.lastIndex = start;
    const key = KEY.exec(this.#text)?.[0];
    if (key === undefined) this.#fail('a key (in quotes, or of A-Z a-z 0-9 _ $) or "}"');
    this.#at += key.length;
    return key;
  }

  #string(quote: string): void {
    const start = this.#at++;
    while (!this.#take(quote)) {
      const character = this.#text[this.#at];
      if (character === undefined) this.#fail(`a closing ${quote} for this string`, start);
      if (character < " ") this.#fail("no line break or control character inside of a string");
      this.#at++;
      if (character === "\\") this.#escape();
    }
  }

  #escape(): void {
    const character = this.#text[this.#at] ?? "";
    if (
      character === "u" && /^[0-9a-fA-F]{4}$/.test(this.#text.slice(this.#at + 1, this.#at + 5))
    ) {
      this.#at += 5;
    } else if (character === "\r" && this.#text[this.#at + 1] === "\n") this.#at += 2;
    else if (character !== "" && "bfnrt\\/\"'\n\r".includes(character)) this.#at++;
    else this.#fail("an escape of \\b \\f \\n \\r \\t \\\\ \\/ \\\" \\' \\uXXXX or a line break");
  }

  #word(): void {
    WORD.lastIndex = this.#at;
    const word = WORD.exec(this.#text)?.[0] ?? "";
    if (HEX.test(word)) {
      // ContainerPilot reads these as 64-bit integers, and decimal numbers as doubles.
      if (BigInt(word.replace(/^[+-]/, "")) >= 2n ** 63n) this.#fail("a number below 2^63");
    } else if (DECIMAL.test(word)) {
      if (!Number.isFinite(Number(word))) this.#fail("a number below 1.8e308");
    } else if (!LITERAL.test(word)) {
      this.#fail('a value: a string in quotes, a number, true, false, null, "{" or "["');
    }
    this.#at += word.length;
  }

  #skip(): void {
    for (;;) {
      const character = this.#text[this.#at];
      if (character === undefined) return;
      if (SPACE.includes(character)) this.#at++;
      else if (this.#text.startsWith("//", this.#at)) this.#line();
      else if (this.#text.startsWith("/*", this.#at)) this.#block();
      else return;
    }
  }

  #line(): void {
    while (this.#at < this.#text.length && !"\r\n".includes(this.#text[this.#at]!)) this.#at++;
  }

  #block(): void {
    const end = this.#text.indexOf("*/", this.#at + 2);
    if (end < 0) this.#fail("a closing */ for this comment");
    this.#at = end + 2;
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #fail(expected: string, offset: number = this.#at): never {
    throw new SyntaxFault(expected, offset);
  }
}
