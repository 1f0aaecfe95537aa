/**
 * Texts that must not be shown.
 *
 * @module
 */

/** What is shown in place of a secret. */
export const HIDDEN_TEXT = "***";

/**
 * A text that is never printed by accident: `console.log`, `inspect` with `showHidden`,
 * `JSON.stringify`, string conversion and `structuredClone` show none of it. Only
 * {@linkcode Secret.reveal} gives it away.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Secret } from "./secret.ts";
 *
 * const token = new Secret("hunter2");
 * assertEquals(`${token} ${JSON.stringify({ token })}`, '*** {"token":"***"}');
 * assertEquals(token.reveal(), "hunter2");
 * ```
 */
export class Secret {
  readonly #text: string;

  static {
    // Node, Bun and Deno call these when they print an object.
    for (const name of ["nodejs.util.inspect.custom", "Deno.customInspect"]) {
      Object.defineProperty(this.prototype, Symbol.for(name), { value: () => HIDDEN_TEXT });
    }
  }

  /**
   * Hides a text.
   *
   * @param text The text.
   */
  constructor(text: string) {
    this.#text = text;
    Object.freeze(this);
  }

  /** The text itself. */
  reveal(): string {
    return this.#text;
  }

  /** Stars, for string conversion. */
  toString(): string {
    return HIDDEN_TEXT;
  }

  /** Stars, for `JSON.stringify()`. */
  toJSON(): string {
    return HIDDEN_TEXT;
  }
}

/**
 * Whether a value is a secret, also one of another copy of this package.
 *
 * @param value Any value.
 */
export function isSecret(value: unknown): value is Secret {
  if (typeof value !== "object" || value === null) return false;
  return value instanceof Secret || typeof (value as Partial<Secret>).reveal === "function";
}

/**
 * The text of what may be a secret.
 *
 * @param value A text, a secret, or nothing.
 * @returns The text, `undefined` for nothing.
 */
export function revealSecret(value: string | Secret | undefined): string | undefined {
  return typeof value === "object" ? value.reveal() : value;
}
