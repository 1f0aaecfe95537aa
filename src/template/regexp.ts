import type { Budget } from "./budget.ts";
import { TemplateFailure } from "./failure.ts";
import { nameGroups, regexpSize } from "./regexp_syntax.ts";
import { nameEnd } from "./rune_class.ts";
import { byteArray, fromBytes, toBytes } from "./utf8.ts";

/** The engine of Go's regular expressions. */
export type RegexpEngine = typeof import("re2js");
type Matcher = InstanceType<RegexpEngine["Matcher"]>;
type Pattern = InstanceType<RegexpEngine["RE2JS"]>;

// Instructions times bytes that cost as much as one step of evaluation: of the text, and of what is
// left of it after a match. The next search may look at all of that, but seldom does.
const SIZE_PER_STEP = 16;
const REST_PER_STEP = 64;

/** Loads the engine. It is large, so only for a template that needs it. */
export async function loadRegexpEngine(): Promise<RegexpEngine> {
  return await import("re2js");
}

/**
 * Replaces every match, as Go's `Regexp.ReplaceAllString`.
 *
 * @param source The regular expression, in RE2's syntax.
 * @param replacement May have `$1`, `${1}`, `$name` and `${name}` for groups, and `$$` for a dollar.
 * @param text The text.
 * @param engine The engine.
 * @param budget What is left of the limits.
 * @throws {TemplateFailure} when it is not one of Go's regular expressions.
 */
export function replaceRegexp(
  source: string,
  replacement: string,
  text: string,
  engine: RegexpEngine,
  budget: Budget,
): string {
  budget.checkRegexp(regexpSize(source));
  const { renamed, names } = nameGroups(source);
  const pattern = compile(renamed, engine);
  const size = pattern.programSize();
  budget.checkRegexp(size);
  // The engine's time grows with the size of the expression times the length of the text.
  budget.spend(size + Math.ceil(size * text.length / SIZE_PER_STEP));
  const matcher = pattern.matcher(byteArray(text));
  const expand = parseReplacement(replacement, names);
  let result = "";
  let end = 0;
  while (matcher.find()) {
    // An empty match right after another one is none.
    if (matcher.end() === end && matcher.start() > 0) continue;
    result += text.slice(end, matcher.start()) + expand(matcher, text);
    end = matcher.end();
    budget.checkLength(result.length);
    budget.spend(Math.ceil(size * (text.length - end) / REST_PER_STEP));
  }
  return result + text.slice(end);
}

function compile(source: string, { RE2JS }: RegexpEngine): Pattern {
  const text = fromBytes(source);
  if (toBytes(text) !== source) throw invalid("it must be UTF-8");
  try {
    return RE2JS.compile(text);
  } catch (error) {
    // Without the engine's error: it repeats the expression, which may hold a secret.
    const { error: reason } = error as { error?: string };
    throw invalid(reason ?? "it cannot be compiled");
  }
}

function invalid(reason: string): TemplateFailure {
  return new TemplateFailure(`invalid regular expression: ${reason}`);
}

// $name goes on for as many letters, digits and underscores as there are: $1x is the group named "1x".
function parseReplacement(
  replacement: string,
  names: readonly (string | undefined)[],
): (matcher: Matcher, text: string) => string {
  const pieces: (string | readonly number[])[] = [];
  let at = 0;
  for (let dollar = replacement.indexOf("$"); dollar >= 0; dollar = replacement.indexOf("$", at)) {
    pieces.push(replacement.slice(at, dollar));
    at = dollar + 1;
    const inBraces = replacement[at] === "{";
    const start = at + (inBraces ? 1 : 0);
    const end = nameEnd(replacement, start);
    const isName = end > start && (!inBraces || replacement[end] === "}");
    if (isName) {
      pieces.push(groupNumbers(replacement.slice(start, end), names));
      at = end + (inBraces ? 1 : 0);
    } else {
      pieces.push("$");
      if (replacement[at] === "$") at++;
    }
  }
  pieces.push(replacement.slice(at));
  return (matcher, text) =>
    pieces.map((piece) => typeof piece === "string" ? piece : group(matcher, text, piece)).join("");
}

// Several groups can have one name.
function groupNumbers(name: string, names: readonly (string | undefined)[]): readonly number[] {
  if (/^(?:0|[1-9]\d{0,8})$/.test(name)) return Number(name) < names.length ? [Number(name)] : [];
  return [...names.keys()].filter((number) => names[number] === name);
}

// The text of the first of these groups that is part of the match.
function group(matcher: Matcher, text: string, numbers: readonly number[]): string {
  const number = numbers.find((number) => matcher.start(number) >= 0);
  return number === undefined ? "" : text.slice(matcher.start(number), matcher.end(number));
}
