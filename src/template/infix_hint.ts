/**
 * The hint for conditions that are written as in other languages.
 *
 * @module
 */

/** A token, or the tokens between parentheses. */
type Item = string | readonly Item[];

interface Operator {
  readonly name: string;
  /** Operators with a smaller number are applied later. */
  readonly order: number;
}

const TOKEN =
  /"(?:\\.|[^"\\\n])*"|`[^`]*`|'(?:\\.|[^'\\\n])*'|-?\}\}|&&|\|\||\?\?|===?|!==?|<=|>=|:=|-(?=\s)|[-+]?[\w.$]+|[^\s]/g;
const KEYWORDS = /^(?:else\s+if|if|else\s+with|with|range)(?=\s|\()/;
const ASSIGNMENT = /^\$\w*\s*(?:,\s*\$\w*\s*)?:?=(?!=)/;
const WORDS: Readonly<Record<string, string>> = {
  "||": "or",
  "&&": "and",
  "&": "and",
  "=": "eq",
  "==": "eq",
  "===": "eq",
  "!=": "ne",
  "!==": "ne",
  "<": "lt",
  "<=": "le",
  ">": "gt",
  ">=": "ge",
};
const COMPARISONS = ["eq", "ne", "lt", "le", "gt", "ge"];
const ARITHMETIC = /^[-+*/%]$/;
const LONGEST = 300;

/**
 * Says how an action with operators between their operands is written in a template: functions come
 * first.
 *
 * @param source The template.
 * @param position A place in the action, as a byte offset.
 * @returns Such as `; functions come first, write {{ if and .A .B }}`; `""` when there is no operator.
 * Literals are left out.
 */
export function infixHint(source: string, position: number): string {
  const open = source.lastIndexOf("{{", position);
  if (open < 0) return "";
  const action = source.slice(open + 2, open + 2 + LONGEST).replace(/^-?\s+/, "");
  const keyword = KEYWORDS.exec(action)?.[0] ?? "";
  const pipeline = action.slice(keyword.length).trimStart().replace(ASSIGNMENT, "");
  const items = read(pipeline);
  if (items === undefined) return "";
  if (has(items, (token) => token === "?")) {
    return "; a template has no ? :, write {{ if ... }} ... {{ else }} ... {{ end }}";
  }
  if (has(items, (token) => token === "??")) {
    return '; a template has no ??, write {{ .NAME | default "..." }}';
  }
  const command = segments(items).find(isInfix);
  if (command !== undefined) {
    return `; functions come first, write {{ ${keyword && `${keyword} `}${rewrite(command)} }}`;
  }
  const isValue = typeof items[0] === "string" && /^[.$\d]/.test(items[0]);
  const isArithmetic = (token: string, index: number) =>
    index > 0 && (ARITHMETIC.test(token) || (isValue && /^[-+]\d/.test(token)));
  return has(items, isArithmetic) ? "; a template has no arithmetic" : "";
}

/** The tokens up to the end of the action; `undefined` where that is not found. */
function read(pipeline: string): readonly Item[] | undefined {
  const stack: Item[][] = [[]];
  for (const [token] of pipeline.matchAll(TOKEN)) {
    const current = stack.at(-1)!;
    if (token.endsWith("}}")) return stack.length === 1 ? current : undefined;
    if (token === "(") stack.push([]);
    else if (token !== ")") current.push(token);
    else if (stack.length === 1) return undefined;
    else {
      stack.pop();
      stack.at(-1)!.push(current);
    }
  }
  return undefined;
}

/** What stands between the bars of a pipeline. */
function segments(items: readonly Item[]): readonly (readonly Item[])[] {
  const found: Item[][] = [[]];
  for (const item of items) {
    if (item === "|") found.push([]);
    else found.at(-1)!.push(item);
  }
  return found;
}

function has(items: readonly Item[], test: (token: string, index: number) => boolean): boolean {
  return items.some((item, index) =>
    typeof item === "string" ? test(item, index) : has(item, test)
  );
}

function isInfix(items: readonly Item[]): boolean {
  return items.some((item, index) =>
    typeof item === "string" ? item === "!" || operator(item, index) !== undefined : isInfix(item)
  );
}

/** The operator that a token is. A function at the beginning is none, it stands where it should. */
function operator(token: Item, index: number): Operator | undefined {
  if (typeof token !== "string") return undefined;
  const name = WORDS[token] ?? (index > 0 ? token : "");
  const order = name === "or" ? 1 : name === "and" ? 2 : COMPARISONS.includes(name) ? 3 : 0;
  return order === 0 ? undefined : { name, order };
}

function rewrite(items: readonly Item[]): string {
  let at = -1;
  let last: Operator | undefined;
  for (const [index, item] of items.entries()) {
    const found = operator(item, index);
    if (found === undefined || (last !== undefined && found.order > last.order)) continue;
    at = index;
    last = found;
  }
  if (last !== undefined) {
    return `${last.name} ${operand(items.slice(0, at))} ${operand(items.slice(at + 1))}`;
  }
  if (items[0] === "!") return `not ${operand(items.slice(1))}`;
  const [only] = items;
  if (items.length === 1 && typeof only === "object") return rewrite(only);
  return items.map((item) => operand([item])).join(" ");
}

function operand(items: readonly Item[]): string {
  const [only] = items;
  if (only === undefined) return "...";
  if (items.length > 1) return `(${rewrite(items)})`;
  if (typeof only === "object") return only.length === 1 ? operand(only) : `(${rewrite(only)})`;
  return only.replace(/^(["'`]).*$/s, "$1...$1");
}
