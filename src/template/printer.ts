/**
 * Go's `Sprint`, `Sprintln` and `Sprintf`, on byte strings.
 *
 * @module
 */
import type { Budget } from "./budget.ts";
import { Environment } from "./environment.ts";
import { type FloatForm, formatFloat } from "./format_float.ts";
import {
  type Format,
  formatCharacter,
  formatHexString,
  formatInteger,
  formatQuoted,
  formatQuotedCharacter,
  formatString,
  formatUnicode,
  pad,
  padNumber,
  plainFormat,
  sharpFloat,
} from "./formatter.ts";
import { FormatReader } from "./format_reader.ts";
import { Byte, type Complex, List, typeName, type Value } from "./value.ts";

const INTEGER_BASES: Readonly<Record<string, 2 | 8 | 10 | 16>> = {
  b: 2,
  d: 10,
  o: 8,
  O: 8,
  v: 10,
  x: 16,
  X: 16,
};

const FLOAT_FORMS: Readonly<Record<string, FloatForm>> = {
  b: "b",
  e: "e",
  E: "E",
  f: "f",
  F: "f",
  g: "g",
  G: "G",
  v: "g",
  x: "x",
  X: "X",
};

/** The values one after the other, with a space between two that are both no strings. */
export function sprint(values: readonly Value[], budget: Budget): string {
  const printer = new Printer(budget);
  values.forEach((value, index) => {
    const apart = index > 0 && typeof value !== "string" && typeof values[index - 1] !== "string";
    if (apart) printer.write(" ");
    printer.print(value, "v", plainFormat());
  });
  return printer.output;
}

/** The values with a space between any two, and a line end. */
export function sprintln(values: readonly Value[], budget: Budget): string {
  const printer = new Printer(budget);
  values.forEach((value, index) => {
    if (index > 0) printer.write(" ");
    printer.print(value, "v", plainFormat());
  });
  printer.write("\n");
  return printer.output;
}

/** A format with the values in the places of its verbs. */
export function sprintf(text: string, values: readonly Value[], budget: Budget): string {
  const printer = new Printer(budget);
  const reader = new FormatReader(text, values);
  for (let piece = reader.next(); piece !== undefined; piece = reader.next()) {
    printer.write(piece.text);
    if (piece.verb !== undefined) printer.print(piece.value, piece.verb, piece.format);
  }
  const extra = reader.unused();
  if (extra.length > 0) printer.writeExtra(extra);
  return printer.output;
}

class Printer {
  output = "";
  readonly #budget: Budget;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  write(text: string): void {
    this.output += text;
    this.#budget.checkLength(this.output.length);
  }

  writeExtra(values: readonly Value[]): void {
    this.write("%!(EXTRA ");
    values.forEach((value, index) => {
      if (index > 0) this.write(", ");
      if (value === undefined) return this.write("<nil>");
      this.write(`${typeName(value)}=`);
      this.print(value, "v", plainFormat());
    });
    this.write(")");
  }

  print(value: Value, verb: string, format: Format): void {
    if (value === undefined) {
      if (verb !== "v" && verb !== "T") return this.#printBad(value, verb, format);
      return this.write(pad("<nil>", format));
    }
    if (verb === "T") return this.write(formatString(typeName(value), format));
    // Values have no addresses, and there are no error values.
    if (verb === "p" || verb === "w") return this.#printBad(value, verb, format);
    this.#printItem(value, verb, format);
  }

  #printItem(value: Exclude<Value, undefined>, verb: string, format: Format): void {
    if (value instanceof List) return this.#printList(value, verb, format);
    if (value instanceof Environment) return this.#printEnvironment(value, verb, format);
    // Every character is looked at, and may become several.
    if (typeof value === "string" && "qxX".includes(verb)) this.#budget.spend(value.length);
    const text = formatVerb(value, verb, format);
    if (text !== undefined) this.write(text);
    else this.#printBad(value, verb, format);
  }

  #printList(list: List, verb: string, format: Format): void {
    const { goSyntax } = format;
    this.write(goSyntax ? `${typeName(list)}{` : "[");
    for (let index = 0; index < list.length; index++) {
      this.#budget.spend(1);
      if (index > 0) this.write(goSyntax ? ", " : " ");
      this.#printItem(list.at(index), verb, format);
    }
    this.write(goSyntax ? "}" : "]");
  }

  #printEnvironment(environment: Environment, verb: string, format: Format): void {
    const { goSyntax } = format;
    this.write(goSyntax ? `${typeName(environment)}{` : "map[");
    environment.entries().forEach(([name, value], index) => {
      this.#budget.spend(1);
      if (index > 0) this.write(goSyntax ? ", " : " ");
      this.#printItem(name, verb, format);
      this.write(":");
      this.#printItem(value, verb, format);
    });
    this.write(goSyntax ? "}" : "]");
  }

  #printBad(value: Value, verb: string, format: Format): void {
    this.write(`%!${verb}(`);
    if (value === undefined) this.write("<nil>");
    else {
      this.write(`${typeName(value)}=`);
      this.#printItem(value, "v", format);
    }
    this.write(")");
  }
}

// The text of a value for a verb; undefined if the verb is not for its type.
function formatVerb(
  value: Exclude<Value, undefined | List | Environment>,
  verb: string,
  format: Format,
): string | undefined {
  switch (typeof value) {
    case "string":
      return formatStringVerb(value, verb, format);
    case "bigint":
      return formatIntegerVerb(value, verb, format);
    case "number":
      return formatFloatVerb(value, verb, format);
    case "boolean":
      return verb === "t" || verb === "v" ? pad(String(value), format) : undefined;
  }
  return value instanceof Byte
    ? formatByteVerb(value, verb, format)
    : formatComplexVerb(value, verb, format);
}

function formatStringVerb(text: string, verb: string, format: Format): string | undefined {
  switch (verb) {
    case "v":
      return format.goSyntax ? formatQuoted(text, format) : formatString(text, format);
    case "s":
      return formatString(text, format);
    case "q":
      return formatQuoted(text, format);
    case "x":
    case "X":
      return formatHexString(text, verb, format);
  }
  return undefined;
}

function formatIntegerVerb(value: bigint, verb: string, format: Format): string | undefined {
  switch (verb) {
    case "c":
      return formatCharacter(value, format);
    case "q":
      return formatQuotedCharacter(value, format);
    case "U":
      return formatUnicode(value, format);
  }
  const base = INTEGER_BASES[verb];
  return base && formatInteger(value, base, verb, format);
}

function formatByteVerb({ value }: Byte, verb: string, format: Format): string | undefined {
  return verb === "v" && format.goSyntax
    ? formatInteger(value, 16, verb, { ...format, sharp: true })
    : formatIntegerVerb(value, verb, format);
}

function formatFloatVerb(value: number, verb: string, format: Format): string | undefined {
  const form = FLOAT_FORMS[verb];
  if (form === undefined) return undefined;
  const number = formatFloat(value, form, format.precision);
  const shown = format.sharp && form !== "b" ? sharpFloat(number, form, format.precision) : number;
  return padNumber(shown, format);
}

function formatComplexVerb(value: Complex, verb: string, format: Format): string | undefined {
  const real = formatFloatVerb(value.real, verb, format);
  // The imaginary part always has a sign.
  const imaginary = formatFloatVerb(value.imaginary, verb, { ...format, plus: true });
  return real === undefined || imaginary === undefined ? undefined : `(${real}${imaginary}i)`;
}
