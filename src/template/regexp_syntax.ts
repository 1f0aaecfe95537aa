/**
 * What must be known of a regular expression before the engine compiles it.
 *
 * @module
 */
import { TemplateFailure } from "./failure.ts";

// What is one character, though it is written with several: escaped ones, and classes.
const CHARACTER = /\\[pPx]\{[^}]*\}|\\[^]|\[\^?\]?(?:\[:\^?\w+:\]|\\[^]|[^\]\\])*\]/.source;
const QUOTED = /\\Q[^]*?(?:\\E|$)/.source;
const SIZED = new RegExp(`(${QUOTED})|${CHARACTER}`, "g");
const GROUP = new RegExp(String.raw`${QUOTED}|${CHARACTER}|\(\?P<(\w+)>|\(\?<|\((?!\?)`, "g");
const REPETITION = /\{(\d{1,4})(?:,(\d{0,4}))?\}/y;

/** A regular expression with the names of its groups. */
export interface NamedGroups {
  /** The expression with another name for each group that has one. */
  readonly renamed: string;
  /** The name of each group by its number, from 0 for the whole match; `undefined` for none. */
  readonly names: readonly (string | undefined)[];
}

/**
 * Takes the names out of a regular expression: Go 1.19 allows the same one for several groups, the
 * engine does not.
 *
 * @throws {TemplateFailure} when a group is named as in `(?<name>...)`, which Go 1.19 does not know.
 */
export function nameGroups(source: string): NamedGroups {
  const names: (string | undefined)[] = [undefined];
  const renamed = source.replace(GROUP, (token: string, name: string | undefined) => {
    if (token === "(?<") {
      throw new TemplateFailure("invalid regular expression: a group is named as in (?P<name>...)");
    }
    if (token === "(" || name !== undefined) names.push(name);
    return name === undefined ? token : `(?P<g${names.length}>`;
  });
  return { renamed, names };
}

/**
 * About how many instructions a regular expression compiles to. That can be a thousand times its
 * length: Go allows repetitions up to that number, and writes each of them out.
 */
export function regexpSize(source: string): number {
  // With "x" for each character, so that what is left of "(", "{" and the like is syntax.
  const syntax = source.replace(SIZED, (_, quoted = "x") => "x".repeat(quoted.length));
  const outer: number[] = [];
  let size = 0;
  // The size of what a repetition would repeat.
  let last = 0;
  for (let index = 0; index < syntax.length; index++) {
    const char = syntax[index];
    if (char === "(") {
      outer.push(size);
      size = 0;
    } else if (char === ")") {
      last = size + 2;
      size = (outer.pop() ?? 0) + last;
    } else {
      REPETITION.lastIndex = index;
      const [whole, least, most] = char === "{" && REPETITION.exec(syntax) || [];
      if (whole === undefined) {
        last = 1;
        size++;
      } else {
        size += last * (Math.max(Number(least), Number(most ?? 0)) - 1);
        index += whole.length - 1;
      }
    }
  }
  return outer.reduce((sum, part) => sum + part + 2, size);
}
