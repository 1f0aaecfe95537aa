import type { Budget } from "./budget.ts";
import { TemplateFailure } from "./failure.ts";
import type { TemplateFunction } from "./function.ts";
import { Lexer } from "./lexer.ts";
import type { BranchNode, Node, RangeNode } from "./node.ts";
import { PipeParser } from "./pipe_parser.ts";
import { isWhiteSpace } from "./rune_class.ts";
import { decodeRune, fromBytes } from "./utf8.ts";

/** A parsed text. */
export interface ParsedTemplate {
  /** Every template that the text defines, by name. The text itself is the one named `""`. */
  readonly templates: ReadonlyMap<string, readonly Node[]>;
  /** Every function that is called somewhere. */
  readonly functions: ReadonlySet<TemplateFunction>;
}

// What ended a list of nodes.
type ListEnd = "end" | "else" | "else if";

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
  const lexer = new Lexer(source);
  try {
    return new Parser(lexer, new PipeParser(lexer, functions, budget), budget).parse();
  } catch (error) {
    if (error instanceof TemplateFailure) error.position ??= lexer.start;
    throw error;
  }
}

class Parser {
  readonly #lexer: Lexer;
  readonly #pipes: PipeParser;
  readonly #budget: Budget;
  readonly #templates = new Map<string, readonly Node[]>();
  #rangeDepth = 0;

  constructor(lexer: Lexer, pipes: PipeParser, budget: Budget) {
    this.#lexer = lexer;
    this.#pipes = pipes;
    this.#budget = budget;
  }

  parse(): ParsedTemplate {
    const lexer: Lexer = this.#lexer;
    const root: Node[] = [];
    lexer.next();
    while (!lexer.is("end of text")) {
      const { start } = lexer;
      if (lexer.is("{{")) lexer.next();
      if (lexer.isKeyword("define")) {
        this.#parseDefinition();
        continue;
      }
      const node = this.#parseNode(start);
      if (typeof node === "string") {
        lexer.fail(`unexpected {{${node}}}, expected something that it ends before`, start);
      }
      root.push(node);
    }
    this.#define("", root, 0);
    return { templates: this.#templates, functions: this.#pipes.called };
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
    const { variables } = this.#pipes;
    const rangeDepth = this.#rangeDepth;
    this.#pipes.variables = ["$"];
    this.#rangeDepth = 0;
    const body: Node[] = [];
    const end = this.#parseList(body, start);
    if (end !== "end") this.#lexer.fail(`unexpected {{else}} in ${what}, expected {{end}}`);
    this.#pipes.variables = variables;
    this.#rangeDepth = rangeDepth;
    return body;
  }

  #define(name: string, body: readonly Node[], start: number): void {
    const old = this.#templates.get(name);
    if (old === undefined || isEmpty(old)) this.#templates.set(name, body);
    else if (!isEmpty(body)) {
      this.#lexer.fail(`template "${fromBytes(name)}" is defined twice, expected once`, start);
    }
  }

  // Up to {{end}} or {{else}}, which are consumed, but for the "if" of {{else if}}.
  #parseList(body: Node[], start: number): ListEnd {
    const lexer: Lexer = this.#lexer;
    this.#budget.enter();
    while (!lexer.is("end of text")) {
      const nodeStart = lexer.start;
      if (lexer.is("{{")) lexer.next();
      const node = this.#parseNode(nodeStart);
      if (typeof node === "string") {
        this.#budget.leave();
        return node;
      }
      body.push(node);
    }
    lexer.fail("unexpected end of the text, expected the {{end}} of this", start);
  }

  // The opening delimiter, if there was one, is consumed already.
  #parseNode(position: number): Node | ListEnd {
    const lexer: Lexer = this.#lexer;
    if (lexer.is("keyword")) return this.#parseKeyword(lexer.value, position);
    if (lexer.is("error")) lexer.fail(lexer.error);
    if (!lexer.is("text")) {
      return { kind: "action", position, pipe: this.#pipes.parse("command", "}}") };
    }
    const node: Node = { kind: "text", position, text: lexer.value };
    lexer.next();
    return node;
  }

  #parseKeyword(keyword: string, position: number): Node | ListEnd {
    const lexer: Lexer = this.#lexer;
    const { start } = lexer;
    if (keyword === "define") {
      lexer.fail("unexpected {{define}}, expected it outside of all other actions");
    }
    lexer.next();
    switch (keyword) {
      case "end":
        this.#expectRight(keyword);
        return keyword;
      case "else":
        if (lexer.isKeyword("if")) return "else if";
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
    if (this.#rangeDepth === 0) {
      lexer.fail(`unexpected {{${keyword}}}, expected it inside of {{range}}`, start);
    }
    return { kind: keyword === "break" ? keyword : "continue", position: start };
  }

  #parseBranch(kind: "if" | "with", position: number): BranchNode {
    const { variables } = this.#pipes;
    const visible = variables.length;
    const pipe = this.#pipes.parse(kind, "}}");
    const body: Node[] = [];
    let otherwise: readonly Node[] | BranchNode | undefined;
    const end = this.#parseList(body, position);
    if (end === "else if" && kind === "if") {
      const { start } = this.#lexer;
      this.#lexer.next();
      this.#budget.enter();
      otherwise = this.#parseBranch("if", start);
      this.#budget.leave();
    } else if (end !== "end") {
      otherwise = this.#parseElse(end, position);
    }
    variables.length = visible;
    return { kind, position, pipe, body, otherwise };
  }

  #parseRange(position: number): RangeNode {
    const { variables } = this.#pipes;
    const visible = variables.length;
    const pipe = this.#pipes.parse("range", "}}");
    const body: Node[] = [];
    this.#rangeDepth++;
    const end = this.#parseList(body, position);
    this.#rangeDepth--;
    const otherwise = end === "end" ? undefined : this.#parseElse(end, position);
    variables.length = visible;
    return { kind: "range", position, pipe, body, otherwise };
  }

  #parseElse(end: "else" | "else if", position: number): readonly Node[] {
    if (end === "else if") this.#lexer.fail("unexpected if after else, expected }}");
    const body: Node[] = [];
    if (this.#parseList(body, position) !== "end") {
      this.#lexer.fail("unexpected second {{else}}, expected {{end}}");
    }
    return body;
  }

  #parseTemplateCall(position: number): Node {
    const name = this.#parseName("template");
    if (!this.#lexer.is("}}")) {
      return { kind: "template", position, name, pipe: this.#pipes.parse("template", "}}") };
    }
    this.#lexer.next();
    return { kind: "template", position, name, pipe: undefined };
  }

  #parseBlock(position: number): Node {
    const name = this.#parseName("block");
    const pipe = this.#pipes.parse("block", "}}");
    this.#define(name, this.#parseScope("block", position), position);
    return { kind: "template", position, name, pipe };
  }

  #parseName(what: string): string {
    const lexer: Lexer = this.#lexer;
    if (!lexer.is("string") && !lexer.is("raw string")) {
      lexer.unexpected(`after ${what}, expected a quoted name`);
    }
    const name = this.#pipes.unquote();
    lexer.next();
    return name;
  }

  #expectRight(keyword: string): void {
    if (!this.#lexer.is("}}")) this.#lexer.unexpected(`after ${keyword}, expected }}`);
    this.#lexer.next();
  }
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
