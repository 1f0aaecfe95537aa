import type { Budget } from "./budget.ts";
import type { TemplateFunction } from "./function.ts";
import type { Lexer } from "./lexer.ts";
import type { Command, Operand, Pipe } from "./node.ts";
import { parseNumber } from "./number.ts";
import { unquote, unquoteRune } from "./quote.ts";
import { fromBytes } from "./utf8.ts";

const A_VALUE = "expected a value such as .NAME, $variable, a literal or a function";

/** Parses what is inside actions: pipelines, commands and operands. */
export class PipeParser {
  /** The variables that are visible, with their dollar sign. */
  variables: string[] = ["$"];
  /** Every function that was called. */
  readonly called: Set<TemplateFunction> = new Set();
  readonly #lexer: Lexer;
  readonly #functions: ReadonlyMap<string, TemplateFunction>;
  readonly #budget: Budget;

  constructor(
    lexer: Lexer,
    functions: ReadonlyMap<string, TemplateFunction>,
    budget: Budget,
  ) {
    this.#lexer = lexer;
    this.#functions = functions;
    this.#budget = budget;
  }

  /**
   * Parses declarations and commands, and consumes the closing token.
   *
   * @param what Whose pipeline it is, for errors; only that of `range` may declare two variables.
   * @param close What ends it.
   */
  parse(what: string, close: "}}" | ")"): Pipe {
    const lexer: Lexer = this.#lexer;
    const position = lexer.start;
    const variables: string[] = [];
    const commands: Command[] = [];
    let assigns = false;
    let first: Operand | undefined;
    while (lexer.is("variable")) {
      const { start, value } = lexer;
      lexer.next();
      const isLast = lexer.is("=") || lexer.is(":=");
      if (!isLast && !(lexer.is("other") && lexer.value === ",")) {
        first = this.#variable(value, start);
        break;
      }
      assigns = lexer.is("=");
      variables.push(value);
      this.variables.push(value);
      lexer.next();
      if (isLast) break;
      this.#checkSecondVariable(what, variables.length);
    }
    while (first !== undefined || !lexer.is(close)) {
      commands.push(this.#parseCommand(first, what));
      first = undefined;
    }
    this.#check(commands, what);
    lexer.next();
    const handler = commands.findLastIndex(({ operands: [first] }) =>
      first?.kind === "function" && first.function.handlesMissing
    );
    return { kind: "pipe", position, variables, assigns, commands, handler };
  }

  /** Reads the current token, a quoted string. */
  unquote(): string {
    return unquote(this.#lexer.value) ?? this.#lexer.fail(
      "invalid escape in a string, expected one of Go's such as \\n, \\\" or \\u00e9",
    );
  }

  #checkSecondVariable(what: string, count: number): void {
    const lexer: Lexer = this.#lexer;
    if (what !== "range" || count > 1) {
      lexer.fail(`too many variables for ${what}, expected ${what === "range" ? "two" : "one"}`);
    }
    if (!["variable", "}}", ")"].includes(lexer.type)) {
      lexer.unexpected("after the comma, expected a second variable");
    }
  }

  #check(commands: readonly Command[], what: string): void {
    if (commands.length === 0) this.#lexer.fail(`missing value for ${what}, ${A_VALUE}`);
    for (const { operands: [operand] } of commands.slice(1)) {
      if (operand !== undefined && isLiteral(operand)) {
        this.#lexer.fail("a literal takes no value from |, expected a function", operand.position);
      }
    }
  }

  // Operands up to a "|", which is consumed, or the end of the pipeline, which is not.
  #parseCommand(first: Operand | undefined, what: string): Command {
    const lexer: Lexer = this.#lexer;
    const position = first?.position ?? lexer.start;
    const operand = first ? this.#withFields(first) : this.#parseOperand();
    if (operand === undefined) lexer.unexpected(`in ${what}, ${A_VALUE}`);
    const operands: Operand[] = [operand];
    while (lexer.afterSpace) {
      const next = this.#parseOperand();
      if (next === undefined) break;
      operands.push(next);
    }
    if (lexer.is("|")) lexer.next();
    else if (!lexer.is("}}") && !lexer.is(")")) {
      lexer.unexpected("after a value, expected white space, | or the closing delimiter");
    }
    return { position, operands };
  }

  #parseOperand(): Operand | undefined {
    const term = this.#parseTerm();
    return term && this.#withFields(term);
  }

  // A term with the fields that follow it at once.
  #withFields(term: Operand): Operand {
    const lexer: Lexer = this.#lexer;
    if (!lexer.is("field") || lexer.afterSpace) return term;
    if (isLiteral(term)) lexer.fail("unexpected . after a literal, expected white space");
    const fields: string[] = [];
    while (lexer.is("field") && !lexer.afterSpace) {
      fields.push(lexer.value.slice(1));
      lexer.next();
    }
    return term.kind === "field" || term.kind === "variable"
      ? { ...term, fields: [...term.fields, ...fields] }
      : { kind: "chain", position: term.position, operand: term, fields };
  }

  // undefined where the token can't begin an operand; it is not consumed then.
  #parseTerm(): Operand | undefined {
    const lexer: Lexer = this.#lexer;
    if (lexer.is("(")) {
      lexer.next();
      this.#budget.enter();
      const pipe = this.parse("parentheses", ")");
      this.#budget.leave();
      return pipe;
    }
    const term = this.#simpleTerm();
    if (term !== undefined) lexer.next();
    return term;
  }

  #simpleTerm(): Operand | undefined {
    const { start: position, type, value } = this.#lexer;
    switch (type) {
      case "variable":
        return this.#variable(value, position);
      case "name":
        return { kind: "function", position, function: this.#findFunction(value) };
      case "field":
        return { kind: "field", position, fields: [value.slice(1)] };
      case ".":
        return { kind: "dot", position };
      case "nil":
        return { kind: "nil", position };
      case "bool":
        return { kind: "constant", position, value: value === "true" };
      case "char":
        return { kind: "constant", position, value: this.#unquoteRune() };
      case "string":
      case "raw string":
        return { kind: "constant", position, value: this.unquote() };
      case "number":
      case "complex":
        return { kind: "constant", position, value: parseNumber(value) };
    }
    return undefined;
  }

  #findFunction(name: string): TemplateFunction {
    const found = this.#functions.get(name);
    if (found === undefined) {
      const known = [...this.#functions.keys()].sort().join(" ");
      this.#lexer.fail(`function "${fromBytes(name)}" is not defined, expected one of ${known}`);
    }
    this.called.add(found);
    return found;
  }

  #variable(name: string, position: number): Operand {
    if (!this.variables.includes(name)) {
      const shown = fromBytes(name);
      const message = `variable ${shown} is not defined, expected {{ ${shown} := ... }} before`;
      this.#lexer.fail(message, position);
    }
    return { kind: "variable", position, name, fields: [] };
  }

  #unquoteRune(): bigint {
    const rune = unquoteRune(this.#lexer.value);
    if (rune === undefined) {
      this.#lexer.fail(
        "invalid character constant, expected one character or one of Go's escapes",
      );
    }
    return BigInt(rune);
  }
}

function isLiteral({ kind }: Operand): boolean {
  return kind === "constant" || kind === "dot" || kind === "nil";
}
