import { equalsAny, isLess } from "./compare.ts";
import { indexValue, lengthOf, sliceValue } from "./collection.ts";
import { defaultValue, join, loop, replaceAll, split } from "./containerpilot.ts";
import { escapeHtml, escapeJs, escapeUrlQuery } from "./escape.ts";
import { TemplateFailure } from "./failure.ts";
import type { FunctionContext, ParameterType, TemplateFunction } from "./function.ts";
import { sprint, sprintf, sprintln } from "./printer.ts";
import { replaceRegexp } from "./regexp.ts";
import { isTrue, type List, typeName, type Value } from "./value.ts";

type Call = TemplateFunction["call"];

/** The function that needs the engine of regular expressions. */
export const REGEX_REPLACE_ALL: TemplateFunction = fixed(
  "regexReplaceAll",
  ["string", "string", "string"],
  ([pattern, replacement, text], { regexp, budget }) =>
    replaceRegexp(pattern as string, replacement as string, text as string, regexp!, budget),
);

/** Everything that a template can call: Go's functions and ContainerPilot's. */
export const FUNCTIONS: ReadonlyMap<string, TemplateFunction> = new Map(
  [
    { ...variadic("and", ["any"], (args) => args.at(-1)), stopsAt: false, handlesMissing: true },
    { ...variadic("or", ["any"], (args) => args.at(-1)), stopsAt: true, handlesMissing: true },
    { ...fixed("not", ["any"], ([value]) => !isTrue(value)), handlesMissing: true },
    variadic("eq", ["any"], ([value, ...others]) => equalsAny(value, others)),
    fixed("ne", ["any", "any"], ([a, b]) => !equalsAny(a, [b])),
    fixed("lt", ["any", "any"], ([a, b]) => isLess(a, b)),
    fixed("le", ["any", "any"], ([a, b]) => isLess(a, b) || equalsAny(a, [b])),
    fixed("gt", ["any", "any"], ([a, b]) => !isLess(a, b) && !equalsAny(a, [b])),
    fixed("ge", ["any", "any"], ([a, b]) => !isLess(a, b)),
    variadic("index", ["any"], ([value, ...indexes]) => indexValue(value, indexes)),
    variadic("slice", ["any"], ([value, ...indexes]) => sliceValue(value, indexes)),
    fixed("len", ["any"], ([value]) => lengthOf(value)),
    variadic("call", ["any"], ([value]) => {
      throw new TemplateFailure(`call needs a function, received ${typeName(value)}`);
    }),
    variadic("print", [], (args, { budget }) => sprint(args, budget)),
    variadic(
      "printf",
      ["string"],
      ([format, ...args], { budget }) => sprintf(format as string, args, budget),
    ),
    variadic("println", [], (args, { budget }) => sprintln(args, budget)),
    variadic("html", [], (args, context) => escapeHtml(escaped(args, context))),
    variadic("js", [], (args, context) => escapeJs(escaped(args, context))),
    variadic("urlquery", [], (args, context) => escapeUrlQuery(escaped(args, context))),
    {
      ...fixed(
        "default",
        ["any", "any"],
        ([fallback, value], { budget }) => defaultValue(fallback, value, budget),
      ),
      handlesMissing: true,
    },
    fixed("env", ["string"], ([name], { variable }) => variable(name as string)),
    fixed(
      "split",
      ["string", "string"],
      ([separator, text], { budget }) => split(separator as string, text as string, budget),
    ),
    fixed(
      "join",
      ["string", "[]string"],
      ([separator, list], { budget }) =>
        join(separator as string, list as List | undefined, budget),
    ),
    fixed(
      "replaceAll",
      ["string", "string", "string"],
      ([from, to, text], { budget }) =>
        replaceAll(from as string, to as string, text as string, budget),
    ),
    variadic("loop", [], (args, { budget }) => loop(args, budget)),
    REGEX_REPLACE_ALL,
  ].map((entry) => [entry.name, entry]),
);

function fixed(name: string, parameters: readonly ParameterType[], call: Call): TemplateFunction {
  return { name, parameters, variadic: false, call };
}

function variadic(
  name: string,
  parameters: readonly ParameterType[],
  call: Call,
): TemplateFunction {
  return { name, parameters, variadic: true, call };
}

// What the escaping functions escape: their arguments as print prints them, but for nil.
function escaped(args: readonly Value[], { budget }: FunctionContext): string {
  const text = sprint(args.map((value) => value === undefined ? "<no value>" : value), budget);
  budget.spend(text.length);
  return text;
}
