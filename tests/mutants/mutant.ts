/** One break of the code on purpose; see `scripts/mutants.ts`. */
export interface Mutant {
  /** What no longer works. */
  readonly what: string;
  /** Path of the file from the root of the project. */
  readonly file: string;
  /** Text that is in the file exactly once. */
  readonly original: string;
  /** What it is replaced by. */
  readonly replacement: string;
  /** Test files, at least one of which has to fail. */
  readonly tests: readonly string[];
}
