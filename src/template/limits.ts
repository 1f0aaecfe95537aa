/** How much work one rendering may do. Going over any of them is a `TEMPLATE_INVALID` error. */
export interface TemplateLimits {
  /**
   * Bytes of the rendered text, and of every string that a function makes on the way.
   *
   * @default {10485760} 10 MiB
   */
  readonly outputBytes: number;
  /**
   * Steps of evaluation; a million takes about half a second. One for each node evaluated,
   * each pass of a `range`, each item of a list and each character that is escaped or quoted, and one
   * for every 32 bytes of any other text that is read or made. A regular expression takes its size
   * times the length of the text by 16, and with each match its size times what is left by 64.
   *
   * @default {2000000}
   */
  readonly steps: number;
  /**
   * Control structures, parentheses and `template` calls inside each other.
   *
   * @default {500}
   */
  readonly nesting: number;
  /**
   * Instructions that one regular expression compiles to.
   *
   * @default {10000}
   */
  readonly regexpSize: number;
}

/** The default limits: far more than any configuration needs, far less than freezes a process. */
export const DEFAULT_TEMPLATE_LIMITS: TemplateLimits = Object.freeze({
  outputBytes: 10 * 1024 * 1024,
  steps: 2_000_000,
  nesting: 500,
  regexpSize: 10_000,
});
