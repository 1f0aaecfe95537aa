import type { Budget } from "./budget.ts";
import { TemplateFailure } from "./failure.ts";
import type { TemplateFunction } from "./function.ts";
import { Lexer, type TokenType } from "./lexer.ts";
import type { BranchNode, Command, Node, Operand, Pipe, RangeNode } from "./node.ts";
import { parseNumber } from "./number.ts";
import { unquote, unquoteRune } from "./quote.ts";
import { isWhiteSpace } from "./rune_class.ts";
import { decodeRune, fromBytes } from "./utf8.ts";

/** A parsed text. */
export interface ParsedTemplate {
  /** Every template that the text defines, by name. The text itself is the one named `""`. */
  readonly templates: ReadonlyMap<string, readonly Node[]>;
  /** Every function that is called somewhere. */
  readonly functions: ReadonlySet<TemplateFunction>;
}

// What is known of the template that is being parsed: the text itself or a definition within it.
interface Scope {
  readonly variables: string[];
  rangeDepth: number;
}

type ListEnd = "end" | "else" | "else if";

const A_VALUE = "expected a value such as .NAME, $variable, a literal or a function";

/**
 * Parses a template by the rules of Go 1.19.
 *
 * @param source The template, as a byte string.
 * @param functions What it may call, by name.
 * @param budget Limits the nesting.
 * @throws {TemplateFailure} when it is not valid.
 */
export function parseTemplate(
  source: string,
  functions: ReadonlyMap<string, TemplateFunction>,
  budget: Budget,
): ParsedTemplate {
  const parser = new Parser(source, functions, budget);
  try {
    return parser.parse();
  } catch (error) {
    if (error instanceof TemplateFailure) error.position ??= parser.position;
    throw error;
  }
}

class Parser {
  readonly #lexer: Lexer;
  readonly #functions: ReadonlyMap<string, TemplateFunction>;
  readonly #budget: Budget;
  readonly #templates = new Map<string, readonly Node[]>();
  readonly #called = new Set<TemplateFunction>();
  #scope: Scope = newScope();

  constructor(
    source: string,
    functions: ReadonlyMap<string, TemplateFunction>,
    budget: Budget,
  ) {
    this.#lexer = new Lexer(source);
    this.#functions = functions;
    this.#budget = budget;
  }

  get position(): number {
    return this.#lexer.start;
  }

  parse(): ParsedTemplate {
    const lexer = this.#lexer;
    const root: Node[] = [];
    lexer.next();
    while (lexer.type !== "end of text") {
      const start = lexer.start;
      if (lexer.type === "{{") {
        lexer.next();
        if (this.#isKeyword("define")) {
          this.#parseDefinition();
          continue;
        }
      }
      const node = this.#parseNode(start);
      if (typeof node === "string") this.#fail(`unexpected {{${node}}}, nothing is open`, start);
      root.push(node);
    }
    this.#define("", root, 0);
    return { templates: this.#templates, functions: this.#called };
  }

  #parseDefinition(): void {
    const { start } = this.#lexer;
    this.#lexer.next();
    const name = this.#parseName("define");
    this.#expectRight("define");
    this.#define(name, this.#parseScope("define", start), start);
  }

  // The body of a definition sees no variables and no range from outside.
  #parseScope(what: string, start: number): readonly Node[] {
    const outer = this.#scope;
    this.#scope = newScope();
    const body: Node[] = [];
    const end = this.#parseList(body, start);
    if (end !== "end") this.#fail(`unexpected {{else}} in ${what}, expected {{end}}`);
    this.#scope = outer;
    return body;
  }

  #define(name: string, body: readonly Node[], start: number): void {
    const old = this.#templates.get(name);
    if (old === undefined || isEmpty(old)) this.#templates.set(name, body);
    else if (!isEmpty(body)) this.#fail(`template "${fromBytes(name)}" is defined twice`, start);
  }

  // Up to {{end}} or {{else}}, which are consumed, but for the "if" of {{else if}}.
  #parseList(body: Node[], start: number): ListEnd {
    const lexer = this.#lexer;
    this.#budget.enter();
    while (lexer.type !== "end of text") {
      const nodeStart = lexer.start;
      if (lexer.type === "{{") lexer.next();
      const node = this.#parseNode(nodeStart);
      if (typeof node === "string") {
        this.#budget.leave();
        return node;
      }
      body.push(node);
    }
    return this.#fail("unexpected end of the text, expected the {{end}} of this", start);
  }

  // The opening delimiter, if there was one, is consumed already.
  #parseNode(position: number): Node | ListEnd {
    const lexer = this.#lexer;
    switch (lexer.type) {
      case "text": {
        const node: Node = { kind: "text", position, text: lexer.value };
        lexer.next();
        return node;
      }
      case "error":
        return this.#fail(lexer.error);
      case "keyword":
        return this.#parseKeyword(lexer.value, position);
      default:
        return { kind: "action", position, pipe: this.#parsePipe("command", "}}") };
    }
  }

  #parseKeyword(keyword: string, position: number): Node | ListEnd {
    const lexer = this.#lexer;
    const { start } = lexer;
    if (keyword === "define") {
      return this.#fail("unexpected {{define}}, expected it outside of all other actions");
    }
    lexer.next();
    switch (keyword) {
      case "end":
        this.#expectRight(keyword);
        return keyword;
      case "else":
        if (this.#isKeyword("if")) return "else if";
        this.#expectRight(keyword);
        return keyword;
      case "if":
      case "with":
        return this.#parseBranch(keyword, position);
      case "range":
        return this.#parseRange(position);
      case "template":
        return this.#parseTemplateCall(start);
      case "block":
        return this.#parseBlock(start);
    }
    this.#expectRight(keyword);
    if (this.#scope.rangeDepth === 0) this.#fail(`{{${keyword}}} outside of {{range}}`, start);
    return { kind: keyword === "break" ? keyword : "continue", position: start };
  }

  #parseBranch(kind: "if" | "with", position: number): BranchNode {
    const visible = this.#scope.variables.length;
    const pipe = this.#parsePipe(kind, "}}");
    const body: Node[] = [];
    let otherwise: Node[] | BranchNode | undefined;
    const end = this.#parseList(body, position);
    if (end === "else if" && kind === "if") {
      const start = this.#lexer.start;
      this.#lexer.next();
      this.#budget.enter();
      otherwise = this.#parseBranch("if", start);
      this.#budget.leave();
    } else if (end !== "end") {
      otherwise = this.#parseElse(end, position);
    }
    this.#scope.variables.length = visible;
    return { kind, position, pipe, body, otherwise };
  }

  #parseRange(position: number): RangeNode {
    const visible = this.#scope.variables.length;
    const pipe = this.#parsePipe("range", "}}");
    const body: Node[] = [];
    this.#scope.rangeDepth++;
    const end = this.#parseList(body, position);
    this.#scope.rangeDepth--;
    const otherwise = end === "end" ? undefined : this.#parseElse(end, position);
    this.#scope.variables.length = visible;
    return { kind: "range", position, pipe, body, otherwise };
  }

  #parseElse(end: ListEnd, position: number): Node[] {
    if (end === "else if") this.#fail("unexpected {{else if}}, expected {{else}} or {{end}}");
    const body: Node[] = [];
    if (this.#parseList(body, position) !== "end") {
      this.#fail("unexpected second {{else}}, expected {{end}}");
    }
    return body;
  }

  #parseTemplateCall(position: number): Node {
    const name = this.#parseName("template");
    if (this.#lexer.type !== "}}") {
      return { kind: "template", position, name, pipe: this.#parsePipe("template", "}}") };
    }
    this.#lexer.next();
    return { kind: "template", position, name, pipe: undefined };
  }

  #parseBlock(position: number): Node {
    const name = this.#parseName("block");
    const pipe = this.#parsePipe("block", "}}");
    this.#define(name, this.#parseScope("block", position), position);
    return { kind: "template", position, name, pipe };
  }

  #parseName(what: string): string {
    const lexer = this.#lexer;
    if (lexer.type !== "string" && lexer.type !== "raw string") {
      this.#unexpected(`after ${what}, expected a quoted name`);
    }
    const name = this.#unquote();
    lexer.next();
    return name;
  }

  // Declarations and commands, and the closing token.
  #parsePipe(what: string, close: "}}" | ")"): Pipe {
    const lexer = this.#lexer;
    const position = lexer.start;
    const variables: string[] = [];
    const commands: Command[] = [];
    let assigns = false;
    let first: Operand | undefined;
    while (this.#is("variable")) {
      const { start, value } = lexer;
      lexer.next();
      const isLast = this.#is("=") || this.#is(":=");
      if (!isLast && !this.#isComma()) {
        first = this.#variable(value, start);
        break;
      }
      assigns = this.#is("=");
      variables.push(value);
      this.#scope.variables.push(value);
      lexer.next();
      if (isLast) break;
      this.#checkSecondVariable(what, variables.length);
    }
    for (;;) {
      if (first === undefined && lexer.type === close) break;
      commands.push(this.#parseCommand(first, what));
      first = undefined;
    }
    this.#checkPipe(commands, what);
    lexer.next();
    return { kind: "pipe", position, variables, assigns, commands };
  }

  #checkSecondVariable(what: string, count: number): void {
    if (what !== "range" || count > 1) {
      this.#fail(`too many variables for ${what}, expected ${what === "range" ? "two" : "one"}`);
    }
    if (!["variable", "}}", ")"].includes(this.#lexer.type)) {
      this.#unexpected("after the comma, expected a second variable");
    }
  }

  #checkPipe(commands: readonly Command[], what: string): void {
    if (commands.length === 0) this.#fail(`missing value for ${what}, ${A_VALUE}`);
    for (const { operands: [operand] } of commands.slice(1)) {
      const kind = operand?.kind;
      if (kind === "constant" || kind === "dot" || kind === "nil") {
        this.#fail("a literal cannot be given a value, expected a function", operand?.position);
      }
    }
  }

  // Operands up to a "|", which is consumed, or the end of the pipeline, which is not.
  #parseCommand(first: Operand | undefined, what: string): Command {
    const lexer = this.#lexer;
    const position = first?.position ?? lexer.start;
    const operand = first ? this.#withFields(first) : this.#parseOperand();
    if (operand === undefined) this.#unexpected(`in ${what}, ${A_VALUE}`);
    const operands: Operand[] = [operand];
    while (lexer.afterSpace) {
      const next = this.#parseOperand();
      if (next === undefined) break;
      operands.push(next);
    }
    if (lexer.type === "|") lexer.next();
    else if (lexer.type !== "}}" && lexer.type !== ")") {
      this.#unexpected("after a value, expected white space, | or the closing delimiter");
    }
    return { position, operands };
  }

  #parseOperand(): Operand | undefined {
    const term = this.#parseTerm();
    return term && this.#withFields(term);
  }

  // A term with the fields that follow it at once.
  #withFields(term: Operand): Operand {
    const lexer = this.#lexer;
    if (lexer.type !== "field" || lexer.afterSpace) return term;
    const { position } = term;
    if (term.kind === "constant" || term.kind === "dot" || term.kind === "nil") {
      this.#fail("unexpected . after a literal, expected white space");
    }
    const fields: string[] = [];
    while (lexer.type === "field" && !lexer.afterSpace) {
      fields.push(lexer.value.slice(1));
      lexer.next();
    }
    if (term.kind === "field" || term.kind === "variable") {
      return { ...term, fields: [...term.fields, ...fields] };
    }
    return { kind: "chain", position, operand: term, fields };
  }

  // undefined where the token can't begin an operand; it is not consumed then.
  #parseTerm(): Operand | undefined {
    const lexer = this.#lexer;
    const { start: position, type, value } = lexer;
    switch (type) {
      case "(": {
        lexer.next();
        this.#budget.enter();
        const pipe = this.#parsePipe("parentheses", ")");
        this.#budget.leave();
        return pipe;
      }
      case "variable":
        lexer.next();
        return this.#variable(value, position);
      case "name":
      case "field":
      case ".":
      case "nil":
      case "bool":
      case "char":
      case "complex":
      case "number":
      case "string":
      case "raw string": {
        const term = this.#simpleTerm(position, value);
        lexer.next();
        return term;
      }
    }
    return undefined;
  }

  #simpleTerm(position: number, value: string): Operand {
    const { type } = this.#lexer;
    switch (type) {
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
        return { kind: "constant", position, value: this.#unquote() };
      default:
        return { kind: "constant", position, value: parseNumber(value) };
    }
  }

  #findFunction(name: string): TemplateFunction {
    const found = this.#functions.get(name);
    if (found === undefined) {
      const known = [...this.#functions.keys()].sort().join(" ");
      this.#fail(`function "${fromBytes(name)}" is not defined, expected one of ${known}`);
    }
    this.#called.add(found);
    return found;
  }

  #variable(name: string, position: number): Operand {
    if (!this.#scope.variables.includes(name)) {
      const shown = fromBytes(name);
      this.#fail(
        `variable ${shown} is not defined, expected {{ ${shown} := ... }} before`,
        position,
      );
    }
    return { kind: "variable", position, name, fields: [] };
  }

  #unquote(): string {
    return unquote(this.#lexer.value) ??
      this.#fail("invalid escape in a string, expected one of Go's such as \\n, \\\" or \\u00e9");
  }

  #unquoteRune(): bigint {
    const rune = unquoteRune(this.#lexer.value);
    if (rune === undefined) {
      this.#fail("invalid character constant, expected one character or one of Go's escapes");
    }
    return BigInt(rune);
  }

  #is(type: TokenType): boolean {
    return this.#lexer.type === type;
  }

  #isKeyword(keyword: string): boolean {
    return this.#is("keyword") && this.#lexer.value === keyword;
  }

  #isComma(): boolean {
    return this.#is("other") && this.#lexer.value === ",";
  }

  #expectRight(keyword: string): void {
    if (this.#lexer.type !== "}}") this.#unexpected(`after ${keyword}, expected }}`);
    this.#lexer.next();
  }

  #unexpected(where: string): never {
    const { type, value, error } = this.#lexer;
    if (type === "error") this.#fail(error);
    const shown = type === "end of text" ? "end of the text" : fromBytes(value.slice(0, 20));
    this.#fail(`unexpected ${shown} ${where}`);
  }

  #fail(message: string, position: number = this.#lexer.start): never {
    throw new TemplateFailure(message, position);
  }
}

function newScope(): Scope {
  return { variables: ["$"], rangeDepth: 0 };
}

// A definition with nothing but white space and comments does not replace another one.
function isEmpty(body: readonly Node[]): boolean {
  return body.every((node) => node.kind === "text" && isBlank(node.text));
}

function isBlank(text: string): boolean {
  for (let index = 0; index < text.length;) {
    const { code, size } = decodeRune(text, index);
    if (!isWhiteSpace(code)) return false;
    index += size;
  }
  return true;
}
