import { type Format, plainFormat } from "./formatter.ts";
import { Byte, type Value } from "./value.ts";
import { decodeRune, encodeRune } from "./utf8.ts";

/** Text of a format, and the verb that follows it with its value. */
export interface FormatPiece {
  readonly text: string;
  /** The verb; `undefined` where only text is to be written. */
  readonly verb?: string;
  readonly value?: Value;
  readonly format: Format;
}

// Widths and precisions beyond this are refused, as in Go.
const LARGEST_NUMBER = 1_000_000;

/** Reads a format of Go's `printf` piece by piece, with the values in the order in which it uses them. */
export class FormatReader {
  readonly #text: string;
  readonly #values: readonly Value[];
  #at = 0;
  #index = 0;
  // Whether there was an [n]: then unused values are not a mistake.
  #reordered = false;
  // Whether the [n] of this verb were good.
  #good = true;
  #afterIndex = false;

  constructor(text: string, values: readonly Value[]) {
    this.#text = text;
    this.#values = values;
  }

  /** The next piece; `undefined` at the end. */
  next(): FormatPiece | undefined {
    const start = this.#at;
    if (start >= this.#text.length) return undefined;
    const percent = this.#text.indexOf("%", start);
    const end = percent < 0 ? this.#text.length : percent;
    this.#at = percent < 0 ? end : percent + 1;
    const text = this.#text.slice(start, end);
    return percent < 0 ? { text, format: plainFormat() } : this.#readVerb(text);
  }

  /** The values that no verb used. */
  unused(): readonly Value[] {
    return this.#reordered ? [] : this.#values.slice(this.#index);
  }

  #readVerb(before: string): FormatPiece {
    const format = plainFormat();
    this.#good = true;
    this.#afterIndex = false;
    this.#readFlags(format);
    this.#readIndex();
    let text = before + this.#readWidth(format) + this.#readPrecision(format);
    if (!this.#afterIndex) this.#readIndex();
    if (this.#at >= this.#text.length) return { text: text + "%!(NOVERB)", format };
    const { code, size } = decodeRune(this.#text, this.#at);
    this.#at += size;
    const verb = encodeRune(code);
    if (verb === "%") return { text: text + "%", format };
    if (!this.#good) text += `%!${verb}(BADINDEX)`;
    else if (this.#index >= this.#values.length) text += `%!${verb}(MISSING)`;
    else {
      if (verb === "v") {
        format.goSyntax = format.sharp;
        format.sharp = false;
        format.plus = false;
      }
      return { text, verb, value: this.#values[this.#index++], format };
    }
    return { text, format };
  }

  #readFlags(format: Format): void {
    for (;; this.#at++) {
      switch (this.#text[this.#at]) {
        case "#":
          format.sharp = true;
          break;
        case "0":
          format.zero = !format.minus;
          break;
        case "+":
          format.plus = true;
          break;
        case "-":
          format.minus = true;
          format.zero = false;
          break;
        case " ":
          format.space = true;
          break;
        default:
          return;
      }
    }
  }

  // Returns what is to be written about a bad one, as the next.
  #readWidth(format: Format): string {
    if (this.#text[this.#at] === "*") {
      this.#at++;
      this.#afterIndex = false;
      const width = this.#takeNumber();
      if (width === undefined) return "%!(BADWIDTH)";
      if (width < 0) {
        format.minus = true;
        format.zero = false;
      }
      format.width = Math.abs(width);
      return "";
    }
    format.width = this.#readNumber();
    // "%[3]2d": the index belongs right before the verb or a star.
    if (this.#afterIndex && format.width !== undefined) this.#good = false;
    return "";
  }

  #readPrecision(format: Format): string {
    if (this.#text[this.#at] !== "." || this.#at + 1 >= this.#text.length) return "";
    this.#at++;
    if (this.#afterIndex) this.#good = false;
    this.#readIndex();
    if (this.#text[this.#at] !== "*") {
      format.precision = this.#readNumber() ?? 0;
      return "";
    }
    this.#at++;
    this.#afterIndex = false;
    const precision = this.#takeNumber();
    if (precision === undefined || precision < 0) return "%!(BADPREC)";
    format.precision = precision;
    return "";
  }

  // The value of a star, if it is a number of a sensible size.
  #takeNumber(): number | undefined {
    if (this.#index >= this.#values.length) return undefined;
    const value = this.#values[this.#index++];
    const number = value instanceof Byte ? value.value : value;
    if (typeof number !== "bigint") return undefined;
    const size = Number(number);
    return Math.abs(size) > LARGEST_NUMBER ? undefined : size;
  }

  #readNumber(): number | undefined {
    const start = this.#at;
    let number = 0;
    for (; isDigit(this.#text, this.#at); this.#at++) {
      if (number > LARGEST_NUMBER) {
        // As Go: what follows such a number is lost.
        this.#at = this.#text.length;
        return undefined;
      }
      number = number * 10 + Number(this.#text[this.#at]);
    }
    return this.#at > start ? number : undefined;
  }

  // [n], the value that comes next, counted from 1.
  #readIndex(): void {
    this.#afterIndex = false;
    if (this.#text[this.#at] !== "[") return;
    this.#reordered = true;
    const close = this.#text.indexOf("]", this.#at);
    if (close < 0 || this.#text.length - this.#at < 3) {
      this.#good = false;
      this.#at++;
      return;
    }
    const inner = this.#text.slice(this.#at + 1, close);
    this.#at = close + 1;
    if (!/^\d{1,8}$/.test(inner)) {
      this.#good = false;
      return;
    }
    this.#afterIndex = true;
    const index = Number(inner) - 1;
    if (index >= 0 && index < this.#values.length) this.#index = index;
    else this.#good = false;
  }
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0x30 && code <= 0x39;
}
