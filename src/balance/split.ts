/**
 * Traffic by weight over the values of a key of the metadata.
 *
 * @module
 */

/** Weights by value of one key of the metadata, as in `{ version: { stable: 95, canary: 5 } }`. */
export type TrafficSplit = Readonly<Record<string, Readonly<Record<string, number>>>>;

/**
 * Checks a split.
 *
 * @param split What the caller gave.
 * @param caller What takes it, for messages.
 * @throws {TypeError} when it is no object with one key and numbers by value.
 * @throws {RangeError} when a weight is negative or not finite, or all are 0.
 */
export function checkSplit(split: TrafficSplit, caller: string): void {
  const wrong = (why: string) => `Cannot use option split of ${caller}: ${why}`;
  const keys = isRecord(split) ? Object.keys(split) : [];
  const weights = keys.length === 1 ? split[keys[0]!] : undefined;
  if (!isRecord(weights) || Object.keys(weights).length === 0) {
    throw new TypeError(
      wrong(
        "it must have one key of the metadata with weights by value, as in " +
          `{ version: { stable: 95, canary: 5 } }, received ${JSON.stringify(split)}`,
      ),
    );
  }
  let sum = 0;
  for (const [value, weight] of Object.entries(weights)) {
    if (typeof weight !== "number" || Number.isNaN(weight)) {
      throw new TypeError(
        wrong(`the weight of ${JSON.stringify(value)} must be a number, received ${weight}`),
      );
    }
    if (weight < 0 || weight === Infinity) {
      throw new RangeError(
        wrong(`the weight of ${JSON.stringify(value)} must be 0 or more, received ${weight}`),
      );
    }
    sum += weight;
  }
  if (sum === 0 || sum === Infinity) {
    throw new RangeError(wrong(`the sum of the weights must be more than 0, received ${sum}`));
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
