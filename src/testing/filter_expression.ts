/**
 * The expressions of `?filter=`: go-bexpr, evaluated on the JSON of a response.
 *
 * @module
 */
import type { FieldType } from "./filter_schema.ts";
import { Refusal } from "./refusal.ts";

/** Decides whether an entry of a list matches. */
export type Filter = (entry: unknown) => boolean;

/**
 * Parses an expression: `==`, `!=`, `in`, `not in`, `contains`, `not contains`, `matches`,
 * `not matches`, `is empty`, `is not empty`, `and`, `or`, `not` and parentheses.
 *
 * @param text The expression; an empty one matches everything.
 * @param type Type of the entries.
 * @param headers Headers of the error response. @default {{}}
 * @returns The filter.
 * @throws {Refusal} 500, as in Consul, when it is not an expression, names a field that does not exist,
 * or compares one with something of another type.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseFilter } from "./filter_expression.ts";
 *
 * const filter = parseFilter('"v2" in Tags and Port != 80', {
 *   fields: { Tags: { list: "string" }, Port: "int" },
 * });
 * assertEquals(filter({ Tags: ["v2"], Port: 81 }), true);
 * ```
 */
export function parseFilter(
  text: string,
  type: FieldType,
  headers?: Readonly<Record<string, string>>,
): Filter {
  if (text === "") return () => true;
  try {
    const parser = new Parser(tokenize(text), text.length, type);
    const filter = parser.or();
    parser.end();
    return filter;
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    const message = `Failed to create boolean expression evaluator: ${error.message}`;
    throw new Refusal(500, message, headers);
  }
}

class FilterError extends Error {}

interface Token {
  readonly kind: "word" | "string" | "sign";
  readonly text: string;
  readonly at: number;
}

// A quoted string, a raw string, an operator or parenthesis, or a word: a selector or a value.
const TOKEN =
  /\s*(?:"((?:[^"\\]|\\.)*)"|`([^`]*)`|(==|!=|[()])|((?:[^\s"`()=!\[\]]|\["[^"]*"\])+))/y;

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  const end = text.trimEnd().length;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < end) {
    const start = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (match === null) throw noMatch(start);
    const at = start + match[0].length - match[0].trimStart().length;
    const [, quoted, raw, sign, word] = match;
    if (quoted !== undefined) tokens.push({ kind: "string", text: unescape(quoted, at), at });
    else if (raw !== undefined) tokens.push({ kind: "string", text: raw, at });
    else if (sign !== undefined) tokens.push({ kind: "sign", text: sign, at });
    else tokens.push({ kind: "word", text: word!, at });
  }
  return tokens;
}

function unescape(text: string, at: number): string {
  try {
    return JSON.parse(`"${text}"`);
  } catch {
    throw noMatch(at);
  }
}

function noMatch(at: number): FilterError {
  return new FilterError(`1:${at + 1} (${at}): no match found`);
}

type Operator = "Equal" | "In" | "Is Empty" | "Matches";

class Parser {
  readonly #tokens: readonly Token[];
  readonly #length: number;
  readonly #type: FieldType;
  #next = 0;

  constructor(tokens: readonly Token[], length: number, type: FieldType) {
    this.#tokens = tokens;
    this.#length = length;
    this.#type = type;
  }

  or(): Filter {
    const left = this.#and();
    if (!this.#take("or")) return left;
    const right = this.or();
    return (entry) => left(entry) || right(entry);
  }

  end(): void {
    if (this.#next < this.#tokens.length) throw this.#unexpected();
  }

  #and(): Filter {
    const left = this.#not();
    if (!this.#take("and")) return left;
    const right = this.#and();
    return (entry) => left(entry) && right(entry);
  }

  #not(): Filter {
    if (this.#take("not")) {
      const inner = this.#not();
      return (entry) => !inner(entry);
    }
    if (this.#take("(", "sign")) {
      const inner = this.or();
      if (!this.#take(")", "sign")) throw this.#unexpected();
      return inner;
    }
    return this.#match();
  }

  #match(): Filter {
    const first = this.#operand();
    if (this.#take("is")) {
      const negated = this.#take("not");
      if (!this.#take("empty")) throw this.#unexpected();
      return this.#compare(first, "Is Empty", negated, "");
    }
    for (const sign of ["==", "!="]) {
      if (!this.#take(sign, "sign")) continue;
      return this.#compare(first, "Equal", sign === "!=", this.#operand().text);
    }
    const negated = this.#take("not");
    if (this.#take("in")) return this.#compare(this.#operand(), "In", negated, first.text);
    if (this.#take("contains")) return this.#compare(first, "In", negated, this.#operand().text);
    if (this.#take("matches")) {
      return this.#compare(first, "Matches", negated, this.#operand().text);
    }
    throw this.#unexpected();
  }

  #compare(selector: Token, operator: Operator, negated: boolean, wanted: string): Filter {
    if (selector.kind !== "word") {
      const at = selector.at;
      throw new FilterError(`1:${at + 1} (${at}): rule "match": Invalid selector`);
    }
    const path = selector.text.replaceAll(/\["([^"]*)"\]/g, ".$1").split(".");
    const type = typeAt(this.#type, path, selector.text);
    const holds = comparison(type, operator, wanted, selector.text);
    return (entry) => evaluate(entry, this.#type, path, holds, negated);
  }

  #operand(): Token {
    const token = this.#tokens[this.#next];
    if (token === undefined || token.kind === "sign") throw this.#unexpected();
    this.#next++;
    return token;
  }

  #take(text: string, kind: Token["kind"] = "word"): boolean {
    const token = this.#tokens[this.#next];
    const taken = token?.kind === kind && token.text === text;
    if (taken) this.#next++;
    return taken;
  }

  #unexpected(): FilterError {
    return noMatch(this.#tokens[this.#next]?.at ?? this.#length);
  }
}

function typeAt(root: FieldType, path: readonly string[], selector: string): FieldType {
  let type = root;
  for (const [index, name] of path.entries()) {
    if (typeof type === "object" && "list" in type) type = type.list;
    if (typeof type === "object" && "map" in type) {
      type = type.map;
    } else if (typeof type === "object" && "fields" in type && Object.hasOwn(type.fields, name)) {
      type = type.fields[name]!;
    } else {
      // Consul names the first part that does not exist.
      const wrong = index === 0 ? path[0]! : selector;
      throw new FilterError(`Selector ${JSON.stringify(wrong)} is not valid`);
    }
  }
  return type;
}

function comparison(
  type: FieldType,
  operator: Operator,
  wanted: string,
  selector: string,
): (value: unknown) => boolean {
  const listed = typeof type === "object" && !("fields" in type);
  const fits = operator === "Is Empty"
    ? listed
    : operator === "In"
    ? listed || type === "string"
    : operator === "Matches"
    ? type === "string"
    : typeof type === "string";
  if (!fits) {
    throw new FilterError(
      `Invalid match operator ${JSON.stringify(operator)} for selector ${JSON.stringify(selector)}`,
    );
  }
  switch (operator) {
    case "Is Empty":
      return (value) => Object.keys(value ?? {}).length === 0;
    case "In":
      return (value) => includes(value, wanted);
    case "Matches": {
      const pattern = regularExpression(wanted);
      return (value) => pattern.test(String(value ?? ""));
    }
    case "Equal": {
      if (type === "int" && !/^-?\d+$/.test(wanted)) {
        const why = `strconv.ParseInt: parsing ${JSON.stringify(wanted)}: invalid syntax`;
        const what = `value ${JSON.stringify(wanted)} for selector ${JSON.stringify(selector)}`;
        throw new FilterError(`Failed to coerce ${what}: ${why}`);
      }
      const zero = type === "int" ? 0 : type === "bool" ? false : "";
      return (value) => String(value ?? zero) === wanted;
    }
  }
}

function regularExpression(text: string): RegExp {
  try {
    return new RegExp(text, "u");
  } catch {
    throw new FilterError(`Failed to compile regular expression ${JSON.stringify(text)}`);
  }
}

function includes(value: unknown, wanted: string): boolean {
  if (Array.isArray(value)) return value.some((item) => String(item) === wanted);
  if (typeof value === "string") return value.includes(wanted);
  return typeof value === "object" && value !== null && Object.hasOwn(value, wanted);
}

// One item of a list on the way (`Checks.Status`) is enough, also for a negated operator. A key that a
// map does not have makes a negated operator true.
function evaluate(
  value: unknown,
  type: FieldType,
  path: readonly string[],
  holds: (value: unknown) => boolean,
  negated: boolean,
): boolean {
  const [name, ...rest] = path;
  if (name === undefined) return holds(value) !== negated;
  if (typeof type === "string") return negated;
  if ("list" in type) {
    const items = Array.isArray(value) ? value : [];
    return items.some((item) => evaluate(item, type.list, path, holds, negated));
  }
  const inner = (value as Record<string, unknown> | null | undefined)?.[name];
  if ("map" in type) {
    return inner === undefined ? negated : evaluate(inner, type.map, rest, holds, negated);
  }
  return evaluate(inner, type.fields[name]!, rest, holds, negated);
}
