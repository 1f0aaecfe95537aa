/**
 * Whether the arguments of a call have the number and types that the function accepts.
 *
 * @module
 */
import { TemplateFailure } from "./failure.ts";
import type { TemplateFunction } from "./function.ts";
import { typeName, type Value } from "./value.ts";

/**
 * Checks how many arguments there are, before any of them is evaluated.
 *
 * @throws {TemplateFailure} when there are too few or too many.
 */
export function checkCount(
  { name, parameters, variadic }: TemplateFunction,
  count: number,
): void {
  if (variadic ? count >= parameters.length : count === parameters.length) return;
  const expected = `${variadic ? "at least " : ""}${parameters.length}`;
  throw new TemplateFailure(
    `wrong number of arguments for ${name}, expected ${expected}, received ${count}`,
  );
}

/**
 * Checks the type of one argument.
 *
 * @throws {TemplateFailure} when it is not that of the parameter.
 */
export function checkArgument(
  { name, parameters }: TemplateFunction,
  index: number,
  value: Value,
): void {
  const expected = parameters[index] ?? "any";
  // In Go, nil is a list too: an empty one.
  if (expected === "any" || expected === "[]string" && value === undefined) return;
  const received = typeName(value);
  if (received === expected) return;
  throw new TemplateFailure(
    `wrong type of argument ${index + 1} for ${name}, expected ${expected}, received ${received}`,
  );
}
