/**
 * The functions that ContainerPilot adds to Go's, as its `config/template` package has them.
 *
 * @module
 */
import type { Budget } from "./budget.ts";
import { TemplateFailure } from "./failure.ts";
import { MAX_INT, MIN_INT } from "./number.ts";
import { sprint } from "./printer.ts";
import { isWhiteSpace } from "./rune_class.ts";
import { decodeRune, encodeRune, isAscii } from "./utf8.ts";
import { List, typeName, type Value } from "./value.ts";

/** `default`: the value if it is a string that is not empty, else the fallback, as a string. */
export function defaultValue(fallback: Value, value: Value, budget: Budget): string {
  return typeof value === "string" && value !== "" ? value : sprint([fallback], budget);
}

/** `split`: the parts of a text without the white space around it; none of a blank one. */
export function split(separator: string, text: string, budget: Budget): List {
  const trimmed = trimSpace(text);
  if (trimmed === "") return new List("string", []);
  const parts = separator === "" ? explode(trimmed) : trimmed.split(separator);
  budget.spend(parts.length);
  return new List("string", parts);
}

/** `join`: the items with a separator between them. */
export function join(separator: string, list: List | undefined, budget: Budget): string {
  if (list === undefined) return "";
  const items = [...list].map(String);
  budget.spend(items.length);
  const bytes = items.reduce((sum, item) => sum + item.length + separator.length, 0);
  budget.checkLength(bytes - separator.length);
  return items.join(separator);
}

/** `replaceAll`: an empty `from` is found before each character and at the end. */
export function replaceAll(from: string, to: string, text: string, budget: Budget): string {
  const parts = from === "" ? ["", ...runes(text), ""] : text.split(from);
  budget.spend(parts.length);
  budget.checkLength(text.length + (parts.length - 1) * (to.length - from.length));
  return parts.join(to);
}

/** `loop`: the numbers from 0 or the first to before the last, also downwards. */
export function loop(args: readonly Value[], budget: Budget): List {
  if (args.length !== 1 && args.length !== 2) {
    throw new TemplateFailure(`loop takes one or two arguments, received ${args.length}`);
  }
  const bounds = args.map(toInt);
  const start = args.length === 1 ? 0n : bounds[0]!;
  const stop = bounds.at(-1)!;
  const step = stop < start ? -1n : 1n;
  // A number beyond 2 ** 53 is inexact here, and far too large.
  const count = Number((stop - start) * step);
  budget.spend(count);
  const items = Array.from({ length: count }, (_, index) => start + step * BigInt(index));
  return new List("int", items, 0, count, grownCapacity(count));
}

// Go makes this list by appending, which doubles its room up to 512, and slice can reach that.
function grownCapacity(count: number): number {
  return count === 0 || count > 512 ? count : 2 ** Math.ceil(Math.log2(count));
}

function toInt(value: Value): bigint {
  if (typeof value === "bigint") return value;
  if (typeof value !== "string") {
    throw new TemplateFailure(`loop takes ints, or strings with one, received ${typeName(value)}`);
  }
  if (/^[+-]?0*\d{1,19}$/.test(value)) {
    const int = BigInt(value.replace("+", ""));
    if (int >= MIN_INT && int <= MAX_INT) return int;
  }
  throw new TemplateFailure("loop takes ints, received a string that is not one");
}

function trimSpace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end) {
    const { code, size } = decodeRune(text, start);
    if (!isWhiteSpace(code)) break;
    start += size;
  }
  while (end > start) {
    const { code, size } = lastRune(text, start, end);
    if (!isWhiteSpace(code)) break;
    end -= size;
  }
  return text.slice(start, end);
}

// White space has no more than three bytes.
function lastRune(text: string, start: number, end: number): { code: number; size: number } {
  for (const size of [1, 2, 3]) {
    if (end - size < start) break;
    const rune = decodeRune(text, end - size);
    if (rune.size === size && (size > 1 || rune.code < 0x80)) return rune;
  }
  return { code: -1, size: 1 };
}

// As Go's strings.Split: bytes that are not UTF-8 become U+FFFD, all but the last.
function explode(text: string): string[] {
  const parts = runes(text);
  return isAscii(text)
    ? parts
    : parts.map((part, index) =>
      index === parts.length - 1 ? part : encodeRune(decodeRune(part, 0).code)
    );
}

function runes(text: string): string[] {
  if (isAscii(text)) return text.split("");
  const result: string[] = [];
  for (let index = 0; index < text.length;) {
    const { size } = decodeRune(text, index);
    result.push(text.slice(index, index + size));
    index += size;
  }
  return result;
}
