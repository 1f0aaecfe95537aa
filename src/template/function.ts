import type { Budget } from "./budget.ts";
import type { RegexpEngine } from "./regexp.ts";
import type { Value } from "./value.ts";

/** The type of a parameter. */
export type ParameterType = "string" | "[]string" | "any";

/** What functions may use. */
export interface FunctionContext {
  /** What is left of the limits. */
  readonly budget: Budget;
  /** A variable of the environment, the empty string if it is not set. */
  readonly variable: (name: string) => string;
  /** The engine, if the template has a function that needs it. */
  readonly regexp: RegexpEngine | undefined;
}

/** A function that templates can call. */
export interface TemplateFunction {
  /** Its name in templates. */
  readonly name: string;
  /** The types of its parameters. */
  readonly parameters: readonly ParameterType[];
  /** Whether any number of further arguments of any type may follow. */
  readonly variadic: boolean;
  /** With `and` and `or`: the truth at which the rest is not evaluated. */
  readonly stopsAt?: boolean;
  /** Whether it handles empty values, so that reading an unset variable is fine. */
  readonly handlesMissing?: boolean;
  /** Does the work on arguments whose number and types were checked. */
  readonly call: (args: readonly Value[], context: FunctionContext) => Value;
}
