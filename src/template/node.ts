/**
 * The tree of a parsed template. Positions are byte offsets.
 *
 * @module
 */
import type { Complex } from "./value.ts";
import type { TemplateFunction } from "./function.ts";

/** What a template is made of. */
export type Node =
  | TextNode
  | ActionNode
  | BranchNode
  | RangeNode
  | TemplateNode
  | { readonly kind: "break" | "continue"; readonly position: number };

/** Text outside of actions. */
export interface TextNode {
  readonly kind: "text";
  readonly position: number;
  readonly text: string;
}

/** An action that prints or declares. */
export interface ActionNode {
  readonly kind: "action";
  /** Where its `{{` is. */
  readonly position: number;
  readonly pipe: Pipe;
}

/** An `if` or a `with`. */
export interface BranchNode {
  readonly kind: "if" | "with";
  readonly position: number;
  readonly pipe: Pipe;
  readonly body: readonly Node[];
  /** What `else` has; for `else if` the next `if`, alone. */
  readonly otherwise: readonly Node[] | BranchNode | undefined;
}

/** A `range`. */
export interface RangeNode {
  readonly kind: "range";
  readonly position: number;
  readonly pipe: Pipe;
  readonly body: readonly Node[];
  readonly otherwise: readonly Node[] | undefined;
}

/** A `template`, or the call of a `block`. */
export interface TemplateNode {
  readonly kind: "template";
  readonly position: number;
  readonly name: string;
  readonly pipe: Pipe | undefined;
}

/** Commands, each given the value of the one before it, and the variables that get the result. */
export interface Pipe {
  readonly kind: "pipe";
  readonly position: number;
  /** Names of variables, with their dollar sign. */
  readonly variables: readonly string[];
  /** Whether the variables exist already. */
  readonly assigns: boolean;
  readonly commands: readonly Command[];
  /** The last command that handles a missing value; those before it ask for one. -1 for none. */
  readonly handler: number;
}

/** An operand and its arguments. Never empty. */
export interface Command {
  readonly position: number;
  readonly operands: readonly Operand[];
}

/** A part of a command. */
export type Operand =
  | Pipe
  | { readonly kind: "dot" | "nil"; readonly position: number }
  | ConstantOperand
  | FieldOperand
  | VariableOperand
  | FunctionOperand
  | ChainOperand;

/** A literal; `undefined` is a whole number that fits no `int`. */
export interface ConstantOperand {
  readonly kind: "constant";
  readonly position: number;
  readonly value: string | bigint | number | boolean | Complex | undefined;
}

/** `.A.B` */
export interface FieldOperand {
  readonly kind: "field";
  readonly position: number;
  readonly fields: readonly string[];
}

/** `$x.A.B` */
export interface VariableOperand {
  readonly kind: "variable";
  readonly position: number;
  readonly name: string;
  readonly fields: readonly string[];
}

/** A function's name. */
export interface FunctionOperand {
  readonly kind: "function";
  readonly position: number;
  readonly function: TemplateFunction;
}

/** `(pipeline).A.B` or `function.A.B` */
export interface ChainOperand {
  readonly kind: "chain";
  readonly position: number;
  readonly operand: Operand;
  readonly fields: readonly string[];
}
