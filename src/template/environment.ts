import { fromBytes, toBytes } from "./utf8.ts";

/** What was given as the environment. */
export type Env = Readonly<Record<string, string | undefined>>;

/** The template's data: the environment, read by byte strings. Inherited properties do not count. */
export class Environment {
  /** Above 0 while the template tests whether variables are set: then reading an unset one is fine. */
  asking = 0;
  readonly #env: Env;
  readonly #onMissing: ((name: string) => void) | undefined;
  #entries: readonly (readonly [name: string, value: string])[] | undefined;

  /**
   * @param env What was given.
   * @param onMissing Called with the name of each unset variable that is read.
   */
  constructor(env: Env, onMissing?: (name: string) => void) {
    this.#env = env;
    this.#onMissing = onMissing;
  }

  /** How many variables are set. */
  get length(): number {
    return this.entries().length;
  }

  /** A variable's value, the empty string if it is not set. */
  get(name: string): string {
    const key = fromBytes(name);
    // Bytes that are not UTF-8 are not the name of a variable, not even of one with U+FFFD in it.
    const isName = Object.hasOwn(this.#env, key) && toBytes(key) === name;
    const value = isName ? this.#env[key] : undefined;
    if (typeof value === "string") return toBytes(value);
    if (this.asking === 0) this.#onMissing?.(key);
    return "";
  }

  /** Every variable that is set, in the order of the names' bytes. */
  entries(): readonly (readonly [name: string, value: string])[] {
    return this.#entries ??= Object.keys(this.#env)
      .filter((name) => typeof this.#env[name] === "string")
      .map((name) => [toBytes(name), toBytes(this.#env[name] ?? "")] as const)
      .sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0);
  }
}
