/**
 * Checks of options, the same for every function that takes any.
 *
 * @module
 */

/** What one option must be. */
export type OptionRule =
  | { readonly type: "boolean" | "string" | "function" | "any" }
  | { readonly type: "object"; readonly methods?: readonly string[] }
  | { readonly type: "number"; readonly min: number; readonly max?: number }
  | { readonly type: "one-of"; readonly values: readonly string[] };

/** The rule of an option `clock`. */
export const CLOCK: OptionRule = { type: "object", methods: ["now", "start"] };

/** The rule of an option `signal`. */
export const SIGNAL: OptionRule = {
  type: "object",
  methods: ["addEventListener", "removeEventListener"],
};

/**
 * Checks an object of options: no unknown key, and every value of its kind. `undefined` counts as
 * left out.
 *
 * @param caller What takes the options, for the message, such as `"createFetch()"`.
 * @param options What the caller gave.
 * @param rules What each option must be.
 * @throws {TypeError} when the options are no object, a key is unknown, or a value is of another kind.
 * @throws {RangeError} when a number is out of its range.
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { checkOptions } from "./check_options.ts";
 *
 * const rules = { timeoutMs: { type: "number", min: 0 } } as const;
 * checkOptions("call()", { timeoutMs: 5 }, rules);
 * assertThrows(() => checkOptions("call()", { timeout: 5 }, rules), TypeError, "Did you mean timeoutMs?");
 * ```
 */
export function checkOptions(
  caller: string,
  options: unknown,
  rules: Readonly<Record<string, OptionRule>>,
): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new TypeError(
      `Cannot use the options of ${caller}: they must be an object, received ${kindOf(options)}`,
    );
  }
  for (const [name, value] of Object.entries(options)) {
    const rule = Object.hasOwn(rules, name) ? rules[name]! : undefined;
    if (rule === undefined) throw new TypeError(unknownOption(caller, name, Object.keys(rules)));
    if (value !== undefined) checkValue(caller, name, value, rule);
  }
}

function checkValue(caller: string, name: string, value: unknown, rule: OptionRule): void {
  const fail = (expected: string) =>
    new TypeError(
      `Cannot use option ${name} of ${caller}: it must be ${expected}, received ${show(value)}`,
    );
  switch (rule.type) {
    case "any":
      return;
    case "number": {
      if (typeof value !== "number" || Number.isNaN(value)) throw fail("a number");
      const { min, max = Infinity } = rule;
      if (value >= min && value <= max) return;
      const range = max === Infinity ? `at least ${min}` : `${min} to ${max}`;
      throw new RangeError(
        `Cannot use option ${name} of ${caller}: it must be ${range}, received ${value}`,
      );
    }
    case "one-of":
      if (typeof value === "string" && rule.values.includes(value)) return;
      throw fail(`one of ${rule.values.join(", ")}${suggestion(value, rule.values)}`);
    case "object": {
      const { methods = [] } = rule;
      const given = typeof value === "object" && value !== null
        ? value as Record<string, unknown>
        : undefined;
      if (given !== undefined && methods.every((name) => typeof given[name] === "function")) return;
      const needed = methods.map((name) => `${name}()`).join(" and ");
      throw fail(methods.length === 0 ? "an object" : `an object with ${needed}`);
    }
    default: {
      const kind: string = typeof value;
      if (kind !== rule.type) throw fail(`a ${rule.type}`);
    }
  }
}

function unknownOption(caller: string, name: string, known: readonly string[]): string {
  const best = closest(name, known);
  const hint = best === undefined ? `the options are ${known.join(", ")}` : `Did you mean ${best}?`;
  return `Cannot use option ${name} of ${caller}: there is no such option. ${hint}`;
}

function suggestion(value: unknown, known: readonly string[]): string {
  const best = typeof value === "string" ? closest(value, known) : undefined;
  return best === undefined ? "" : ` (did you mean ${best}?)`;
}

/**
 * The known word that a misspelt one was most likely meant to be.
 *
 * @param word What was written.
 * @param known Words that would have been right.
 * @returns The closest, or `undefined` when none is close.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { closest } from "./check_options.ts";
 *
 * assertEquals(closest("custmers", ["orders", "customers"]), "customers");
 * ```
 */
export function closest(word: string, known: readonly string[]): string | undefined {
  const wanted = word.toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.round(wanted.length * 0.4)) + 1;
  for (const candidate of known) {
    const lower = candidate.toLowerCase();
    // A unit left out or added: requestTimeout for requestTimeoutMs.
    const near = wanted.length >= 4 && (lower.startsWith(wanted) || wanted.startsWith(lower));
    const distance = near ? 1 : editDistance(wanted, lower);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** Levenshtein's distance; words are short, so one row at a time is enough. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return typeof value === "function" ? "a function" : show(value);
}

function show(value: unknown): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}...` : value);
    case "object":
      return value === null ? "null" : Array.isArray(value) ? "a list" : "an object";
    case "function":
      return "a function";
    default:
      return String(value);
  }
}
