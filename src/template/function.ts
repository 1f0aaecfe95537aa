import type { Budget } from "./budget.ts";
import type { RegexpEngine } from "./regexp.ts";
import type { Value } from "./value.ts";

/** What a function takes: one type, or anything. */
export type ParameterType = "string" | "[]string" | "any";

/** What functions may use. */
export interface FunctionContext {
  /** What is left of the limits. */
  readonly budget: Budget;
  /** A variable of the environment, the empty string where it is not set. */
  readonly variable: (name: string) => string;
  /** The engine, where the template has a function that needs it. */
  readonly regexp: RegexpEngine | undefined;
}

/** A function that templates can call. */
export interface TemplateFunction {
  /** Its name in templates. */
  readonly name: string;
  /** The types of what it takes. */
  readonly parameters: readonly ParameterType[];
  /** Whether any number of further arguments of any type may follow. */
  readonly variadic: boolean;
  /** With `and` and `or`: the truth at which the rest is not evaluated. */
  readonly stopsAt?: boolean;
  /** Whether it answers what to do without a value, so that reading an unset variable is no mistake. */
  readonly handlesMissing?: boolean;
  /** Does the work on arguments whose number and types were checked. */
  readonly call: (args: readonly Value[], context: FunctionContext) => Value;
}
