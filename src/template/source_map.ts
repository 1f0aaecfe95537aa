/** Where each piece of a rendered text comes from. All offsets are in bytes. */
export class SourceMap {
  readonly #rendered: number[] = [];
  // An action's position as its bitwise complement, which is negative.
  readonly #source: number[] = [];

  /** Notes that text outside of actions follows in the output. */
  addText(renderedOffset: number, sourceOffset: number): void {
    this.#rendered.push(renderedOffset);
    this.#source.push(sourceOffset);
  }

  /** Notes that the output of an action follows. */
  addAction(renderedOffset: number, sourceOffset: number): void {
    this.#rendered.push(renderedOffset);
    this.#source.push(~sourceOffset);
  }

  /** Where a place of the output comes from; `undefined` where nothing was noted. */
  find(renderedOffset: number): number | undefined {
    let low = 0;
    let high = this.#rendered.length;
    // The last piece that begins at or before the place: pieces without length come first.
    while (low < high) {
      const middle = low + high >>> 1;
      if (this.#rendered[middle]! <= renderedOffset) low = middle + 1;
      else high = middle;
    }
    const source = this.#source[low - 1];
    if (source === undefined) return undefined;
    return source < 0 ? ~source : source + renderedOffset - this.#rendered[low - 1]!;
  }
}
