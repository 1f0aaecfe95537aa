import type { Output } from "./output.ts";

/** Lines on a terminal that are written over by the next ones. */
export class LiveView {
  readonly #output: Output;
  #height = 0;
  #width = 0;

  /** @param output The terminal. */
  constructor(output: Output) {
    this.#output = output;
  }

  /**
   * Shows lines in place of the last ones.
   *
   * @param lines Lines, each shorter than the terminal is wide.
   */
  show(lines: readonly string[]): void {
    const { columns } = this.#output.size();
    // A terminal of another width has wrapped the old lines anew: nobody knows how high they are.
    const back = this.#height === 0
      ? ""
      : columns === this.#width
      ? `\x1b[${this.#height}A\r\x1b[J`
      : "\x1b[H\x1b[2J";
    this.#output.write(back + lines.map((line) => `${line}\n`).join(""));
    this.#height = lines.length;
    this.#width = columns;
  }
}
