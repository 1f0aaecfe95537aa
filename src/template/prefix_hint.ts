import type { Operand } from "./node.ts";

// What other languages write between their operands.
const INFIX = ["and", "or", "eq", "ne", "lt", "le", "gt", "ge"];

/**
 * The hint for a command such as `.A and .B`: functions come first in a template.
 *
 * @param operands The operands of the command.
 * @returns Such as `; write "and .A .B"`; `""` when there is nothing to say.
 */
export function prefixHint(operands: readonly Operand[]): string {
  const [left, middle, right] = operands;
  if (middle?.kind !== "function" || !INFIX.includes(middle.function.name)) return "";
  const { name } = middle.function;
  return `; functions come first, write "${name} ${write(left)} ${write(right)}"`;
}

// Only what is short; of a variable of the environment the name and never the value.
function write(operand: Operand | undefined): string {
  if (operand?.kind === "field") return operand.fields.map((name) => `.${name}`).join("");
  if (operand?.kind === "variable") {
    return [operand.name, ...operand.fields].join(".");
  }
  return operand?.kind === "dot" ? "." : "(...)";
}
