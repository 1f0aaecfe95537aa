import { checkArgument, checkCount } from "./arguments.ts";
import type { Budget } from "./budget.ts";
import { Environment } from "./environment.ts";
import { TemplateFailure } from "./failure.ts";
import type { FunctionContext, TemplateFunction } from "./function.ts";
import type {
  BranchNode,
  Command,
  ConstantOperand,
  Node,
  Operand,
  Pipe,
  RangeNode,
  TemplateNode,
} from "./node.ts";
import { sprint } from "./printer.ts";
import type { SourceMap } from "./source_map.ts";
import { fromBytes } from "./utf8.ts";
import { isTrue, List, typeName, type Value } from "./value.ts";
import { Variables } from "./variables.ts";

// How a list of nodes ended.
type Flow = "done" | "break" | "continue";

// No value comes from the stage before: not the same as nothing coming from it.
const ABSENT = Symbol("absent");
type Final = Value | typeof ABSENT;

/** Executes a parsed template by the rules of Go 1.19. */
export class Evaluator {
  readonly #templates: ReadonlyMap<string, readonly Node[]>;
  readonly #environment: Environment;
  readonly #context: FunctionContext;
  readonly #budget: Budget;
  readonly #map: SourceMap | undefined;
  #variables: Variables;
  #output = "";
  #position = 0;

  /**
   * @param templates What was parsed.
   * @param environment The data.
   * @param context What functions may use.
   * @param map Told where each piece of the output comes from.
   */
  constructor(
    templates: ReadonlyMap<string, readonly Node[]>,
    environment: Environment,
    context: FunctionContext,
    map?: SourceMap,
  ) {
    this.#templates = templates;
    this.#environment = environment;
    this.#context = context;
    this.#budget = context.budget;
    this.#map = map;
    this.#variables = new Variables(environment);
  }

  /** The byte offset of what is being evaluated, for errors. */
  get position(): number {
    return this.#position;
  }

  /**
   * Executes the template.
   *
   * @returns The output, as a byte string.
   * @throws {TemplateFailure} when it can't.
   */
  run(): string {
    this.#walk(this.#environment, this.#templates.get("") ?? []);
    return this.#output;
  }

  #walk(dot: Value, nodes: readonly Node[]): Flow {
    for (const node of nodes) {
      this.#position = node.position;
      this.#budget.spend(1);
      switch (node.kind) {
        case "text":
          this.#map?.addText(this.#output.length, node.position);
          this.#write(node.text);
          break;
        case "action": {
          const value = this.#evaluatePipe(dot, node.pipe);
          if (node.pipe.variables.length > 0) break;
          this.#map?.addAction(this.#output.length, node.position);
          this.#print(value);
          break;
        }
        case "if":
        case "with": {
          const flow = this.#walkBranch(dot, node);
          if (flow !== "done") return flow;
          break;
        }
        case "range": {
          const flow = this.#walkRange(dot, node);
          if (flow !== "done") return flow;
          break;
        }
        case "template":
          this.#walkTemplate(dot, node);
          break;
        default:
          return node.kind;
      }
    }
    return "done";
  }

  #walkInside(dot: Value, nodes: readonly Node[] | undefined): Flow {
    if (nodes === undefined) return "done";
    this.#budget.enter();
    const flow = this.#walk(dot, nodes);
    this.#budget.leave();
    return flow;
  }

  #walkBranch(dot: Value, node: BranchNode): Flow {
    const visible = this.#variables.length;
    let branch = node;
    let flow: Flow | undefined;
    while (flow === undefined) {
      this.#environment.asking++;
      const value = this.#evaluatePipe(dot, branch.pipe);
      this.#environment.asking--;
      const { kind, body, otherwise } = branch;
      if (isTrue(value)) flow = this.#walkInside(kind === "with" ? value : dot, body);
      else if (otherwise !== undefined && "kind" in otherwise) branch = otherwise;
      else flow = this.#walkInside(dot, otherwise);
    }
    this.#variables.length = visible;
    return flow;
  }

  #walkRange(dot: Value, node: RangeNode): Flow {
    const outer = this.#variables.length;
    const value = this.#evaluatePipe(dot, node.pipe);
    const visible = this.#variables.length;
    let flow: Flow = "done";
    let isEmpty = true;
    for (const [index, item] of this.#items(value, node)) {
      isEmpty = false;
      this.#budget.spend(1);
      // Also where the variables are assigned and not declared: as Go before 1.20, the last ones
      // of the stack are set, whichever they are.
      if (node.pipe.variables.length > 0) this.#variables.setLast(1, item);
      if (node.pipe.variables.length > 1) this.#variables.setLast(2, index);
      flow = this.#walkInside(item, node.body);
      this.#variables.length = visible;
      if (flow === "break") break;
    }
    // A break leaves this range also from its else.
    flow = isEmpty ? this.#walkInside(dot, node.otherwise) : "done";
    this.#variables.length = outer;
    return flow === "break" ? "done" : flow;
  }

  *#items(value: Value, node: RangeNode): Iterable<readonly [index: Value, item: Value]> {
    if (value === undefined) return;
    if (value instanceof Environment) yield* value.entries();
    else if (value instanceof List) {
      for (let index = 0; index < value.length; index++) yield [BigInt(index), value.at(index)];
    } else {
      this.#position = node.pipe.position;
      this.#fail(`range cannot iterate over type ${typeName(value)}, expected a list`);
    }
  }

  #walkTemplate(dot: Value, node: TemplateNode): void {
    const nodes = this.#templates.get(node.name);
    if (nodes === undefined) this.#fail(`template "${fromBytes(node.name)}" is not defined`);
    const value = node.pipe && this.#evaluatePipe(dot, node.pipe);
    const outer = this.#variables;
    this.#variables = new Variables(value);
    this.#walkInside(value, nodes);
    this.#variables = outer;
  }

  #evaluatePipe(dot: Value, pipe: Pipe): Value {
    const { commands, handler, variables } = pipe;
    let value: Final = ABSENT;
    for (let index = 0; index < commands.length; index++) {
      const command = commands[index]!;
      if (index < handler) this.#environment.asking++;
      value = this.#evaluateCommand(dot, command, value);
      if (index < handler) this.#environment.asking--;
    }
    const result = value === ABSENT ? undefined : value;
    for (const name of variables) {
      if (pipe.assigns) this.#variables.set(name, result);
      else this.#variables.declare(name, result);
    }
    return result;
  }

  #evaluateCommand(dot: Value, command: Command, final: Final): Value {
    const { operands } = command;
    const first = operands[0]!;
    this.#position = first.position;
    this.#budget.spend(1);
    const hasArguments = operands.length > 1 || final !== ABSENT;
    switch (first.kind) {
      case "function":
        return this.#call(dot, first.function, operands.slice(1), final, command.position);
      case "field":
        return this.#fields(dot, first.fields, hasArguments);
      case "chain":
        return this.#fields(this.#evaluate(dot, first.operand), first.fields, hasArguments);
      case "variable":
        if (first.fields.length > 0) {
          return this.#fields(this.#variables.get(first.name), first.fields, hasArguments);
        }
    }
    if (hasArguments) this.#fail("an argument is given to what is no function");
    if (first.kind === "nil") this.#fail("nil is not a command");
    return this.#evaluate(dot, first);
  }

  /** An operand without arguments. */
  #evaluate(dot: Value, operand: Operand): Value {
    this.#position = operand.position;
    this.#budget.spend(1);
    switch (operand.kind) {
      case "dot":
        return dot;
      case "nil":
        return undefined;
      case "constant":
        return this.#constant(operand);
      case "field":
        return this.#fields(dot, operand.fields);
      case "variable":
        return this.#fields(this.#variables.get(operand.name), operand.fields);
      case "pipe":
        return this.#evaluatePipe(dot, operand);
      case "function":
        return this.#call(dot, operand.function, [], ABSENT, operand.position);
      case "chain":
        return this.#fields(this.#evaluate(dot, operand.operand), operand.fields);
    }
  }

  #constant({ value }: ConstantOperand): Value {
    return value ?? this.#fail("a whole number that does not fit an int");
  }

  // Fields with arguments are an error.
  #fields(receiver: Value, fields: readonly string[], hasArguments = false): Value {
    let value = receiver;
    for (let index = 0; index < fields.length; index++) {
      const field = fields[index]!;
      if (value === undefined) continue;
      if (!(value instanceof Environment)) {
        this.#fail(`there is no field ${fromBytes(field)} in type ${typeName(value)}`);
      }
      if (hasArguments && index === fields.length - 1) {
        this.#fail(`${fromBytes(field)} is no function but has arguments`);
      }
      value = value.get(field);
    }
    return value;
  }

  #call(
    dot: Value,
    called: TemplateFunction,
    operands: readonly Operand[],
    final: Final,
    position: number,
  ): Value {
    checkCount(called, operands.length + (final === ABSENT ? 0 : 1));
    const asks = called.handlesMissing ? 1 : 0;
    this.#environment.asking += asks;
    const args = this.#arguments(dot, called, operands);
    this.#environment.asking -= asks;
    if (final !== ABSENT && !isAnswered(called, args)) {
      checkArgument(called, args.length, final);
      args.push(final);
    }
    this.#position = position;
    for (const value of args) if (typeof value === "string") this.#budget.spendBytes(value.length);
    const result = called.call(args, this.#context);
    if (typeof result !== "string") return result;
    this.#budget.checkLength(result.length);
    this.#budget.spendBytes(result.length);
    return result;
  }

  #arguments(dot: Value, called: TemplateFunction, operands: readonly Operand[]): Value[] {
    const args: Value[] = [];
    for (const operand of operands) {
      const value = this.#evaluate(dot, operand);
      this.#position = operand.position;
      checkArgument(called, args.length, value);
      args.push(value);
      if (isAnswered(called, args)) break;
    }
    return args;
  }

  #print(value: Value): void {
    if (typeof value === "string") this.#write(value);
    else this.#write(value === undefined ? "<no value>" : sprint([value], this.#budget));
  }

  #write(text: string): void {
    this.#output += text;
    this.#budget.checkLength(this.#output.length);
    this.#budget.spendBytes(text.length);
  }

  #fail(message: string): never {
    throw new TemplateFailure(message, this.#position);
  }
}

// Whether the last argument of an "and" or "or" is its answer: what comes after it is not evaluated.
function isAnswered({ stopsAt }: TemplateFunction, args: readonly Value[]): boolean {
  return stopsAt !== undefined && args.length > 0 && isTrue(args.at(-1)) === stopsAt;
}
