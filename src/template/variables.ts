import { TemplateFailure } from "./failure.ts";
import { fromBytes } from "./utf8.ts";
import type { Value } from "./value.ts";

interface Variable {
  readonly name: string;
  value: Value;
}

/** The variables of a template, the innermost last. */
export class Variables {
  readonly #stack: Variable[];

  /** @param dot What `$` is. */
  constructor(dot: Value) {
    this.#stack = [{ name: "$", value: dot }];
  }

  /** How many there are. Setting it removes those that were declared since it was read. */
  get length(): number {
    return this.#stack.length;
  }
  set length(length: number) {
    this.#stack.length = length;
  }

  /** Declares one, which may hide another of the same name. */
  declare(name: string, value: Value): void {
    this.#stack.push({ name, value });
  }

  /**
   * The value of the innermost one of a name.
   *
   * @throws {TemplateFailure} when there is none.
   */
  get(name: string): Value {
    return this.#find(name).value;
  }

  /**
   * Gives the innermost one of a name another value.
   *
   * @throws {TemplateFailure} when there is none.
   */
  set(name: string, value: Value): void {
    this.#find(name).value = value;
  }

  /**
   * Gives the last one, or the one that many before the end, another value, whatever its name.
   *
   * @throws {TemplateFailure} when there are fewer.
   */
  setLast(depth: number, value: Value): void {
    const variable = this.#stack.at(-depth);
    if (variable === undefined) throw new TemplateFailure("range has no variables to assign to");
    variable.value = value;
  }

  #find(name: string): Variable {
    for (let index = this.#stack.length - 1; index >= 0; index--) {
      const variable = this.#stack[index]!;
      if (variable.name === name) return variable;
    }
    throw new TemplateFailure(`variable ${fromBytes(name)} is not defined`);
  }
}
