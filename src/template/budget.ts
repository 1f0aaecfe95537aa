import { TemplateFailure } from "./failure.ts";
import type { TemplateLimits } from "./limits.ts";

// Bytes that cost as much as one step of evaluation.
const BYTES_PER_STEP = 32;

/** What is left of the limits of one rendering. */
export class Budget {
  readonly #limits: TemplateLimits;
  #steps: number;
  #depth = 0;

  constructor(limits: TemplateLimits) {
    this.#limits = limits;
    this.#steps = limits.steps;
  }

  /**
   * Takes steps.
   *
   * @throws {TemplateFailure} when there are not so many left.
   */
  spend(steps: number): void {
    this.#steps -= steps;
    if (this.#steps < 0) {
      throw new TemplateFailure(`more work than the limit of ${this.#limits.steps} steps`);
    }
  }

  /** Takes the steps of text that is read or made, before it is. */
  spendBytes(bytes: number): void {
    this.spend(Math.ceil(bytes / BYTES_PER_STEP));
  }

  /**
   * Checks the length of a text, before it is made if the length is known.
   *
   * @throws {TemplateFailure} when it is too long.
   */
  checkLength(bytes: number): void {
    if (bytes > this.#limits.outputBytes) {
      throw new TemplateFailure(`more text than the limit of ${this.#limits.outputBytes} bytes`);
    }
  }

  /**
   * Checks the size of a compiled regular expression.
   *
   * @throws {TemplateFailure} when it is too large.
   */
  checkRegexp(instructions: number): void {
    if (instructions > this.#limits.regexpSize) {
      throw new TemplateFailure(
        `a larger regular expression than the limit of ${this.#limits.regexpSize} instructions`,
      );
    }
  }

  /**
   * Goes one level deeper.
   *
   * @throws {TemplateFailure} when that is too deep.
   */
  enter(): void {
    if (++this.#depth > this.#limits.nesting) {
      throw new TemplateFailure(`deeper nesting than the limit of ${this.#limits.nesting} levels`);
    }
  }

  /** Comes back from one level. */
  leave(): void {
    this.#depth--;
  }
}
