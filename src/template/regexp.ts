import { TemplateFailure } from "./failure.ts";
import type { FunctionContext } from "./function.ts";
import { regexpSize, regexpSyntax } from "./regexp_size.ts";
import { nameEnd } from "./rune_class.ts";
import { byteArray, fromBytes } from "./utf8.ts";

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
 * @param context Has the engine.
 * @throws {TemplateFailure} when it is no regular expression of Go's.
 */
export function replaceRegexp(
  source: string,
  replacement: string,
  text: string,
  { budget, regexp }: FunctionContext,
): string {
  const syntax = regexpSyntax(source);
  budget.checkRegexp(regexpSize(syntax));
  const pattern = compile(source, regexp!);
  // Go 1.19 does not know this way to name a group, the engine does.
  if (syntax.includes("(?<")) {
    throw new TemplateFailure("invalid regular expression: a group is named as in (?P<name>...)");
  }
  const size = pattern.programSize();
  budget.checkRegexp(size);
  // The engine's time grows with the size of the expression times the length of the text.
  budget.spend(size + Math.ceil(size * text.length / SIZE_PER_STEP));
  const matcher = pattern.matcher(byteArray(text));
  const expand = parseReplacement(replacement, pattern);
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
  try {
    return RE2JS.compile(fromBytes(source));
  } catch (error) {
    // Without the engine's error: it repeats the expression, which may hold a secret.
    const { error: reason } = error as { error?: string };
    throw new TemplateFailure(`invalid regular expression: ${reason ?? "it cannot be compiled"}`);
  }
}

// $name takes as many letters, digits and underscores as there are: $1x is the group named "1x".
function parseReplacement(
  replacement: string,
  pattern: Pattern,
): (matcher: Matcher, text: string) => string {
  const groups = pattern.namedGroups();
  const pieces: (string | number)[] = [];
  let at = 0;
  for (let dollar = replacement.indexOf("$"); dollar >= 0; dollar = replacement.indexOf("$", at)) {
    pieces.push(replacement.slice(at, dollar));
    at = dollar + 1;
    const inBraces = replacement[at] === "{";
    const start = at + (inBraces ? 1 : 0);
    const end = nameEnd(replacement, start);
    const isName = end > start && (!inBraces || replacement[end] === "}");
    if (isName) {
      pieces.push(groupNumber(replacement.slice(start, end), groups));
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

function groupNumber(name: string, groups: Readonly<Record<string, number>>): number {
  if (/^(?:0|[1-9]\d{0,8})$/.test(name)) return Number(name);
  const key = fromBytes(name);
  return Object.hasOwn(groups, key) ? groups[key] ?? -1 : -1;
}

function group(matcher: Matcher, text: string, number: number): string {
  if (number < 0 || number > matcher.groupCount()) return "";
  const start = matcher.start(number);
  return start < 0 ? "" : text.slice(start, matcher.end(number));
}
