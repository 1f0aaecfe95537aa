/**
 * A counter with labels.
 *
 * @module
 */

/** Counts events by the values of their labels. */
export class LabelledCounter<Label extends string> {
  readonly #entries = new Map<string, { labels: Record<Label, string>; count: number }>();

  /**
   * Counts one event.
   *
   * @param labels Values of its labels.
   */
  add(labels: Record<Label, string>): void {
    const key = JSON.stringify(labels);
    const entry = this.#entries.get(key);
    if (entry === undefined) this.#entries.set(key, { labels, count: 1 });
    else entry.count++;
  }

  /** Every combination of labels so far, with its count. */
  get entries(): Iterable<{ readonly labels: Record<Label, string>; readonly count: number }> {
    return this.#entries.values();
  }
}
