/**
 * What the rows measure, and how it is compared: medians of rounds, and ratios within each round.
 *
 * @module
 */

/** One participant of a comparison. */
export interface Sample {
  readonly peer: string;
  /** Whether it is Piloted. The first of ours is what the others are compared with. */
  readonly isOurs: boolean;
  /** Whether it only shows what the others start from, and cannot win. @default {false} */
  readonly isFloor?: boolean | undefined;
  /** One figure for each round; NaN where it has none. */
  readonly values: readonly number[];
}

/** One question, with everybody's answers. */
export interface Comparison {
  readonly title: string;
  readonly unit: string;
  /** Which figures win. */
  readonly better: "less" | "more";
  readonly samples: readonly Sample[];
  /** What must be known to read it. */
  readonly note?: string | undefined;
  /** Whether it is drawn. @default {false} */
  readonly isDrawn?: boolean | undefined;
}

/** How a family of rows runs. */
export interface RowOptions {
  /** Seconds instead of minutes. */
  readonly isShort: boolean;
  /** Whether an npm package is installed; those that are not are left out. */
  has(name: string): boolean;
}

/** A family of rows: one file in `rows/`. */
export interface RowFamily {
  readonly name: string;
  readonly title: string;
  run(options: RowOptions): Promise<Comparison[]>;
}

/** A figure with the least and the greatest of all rounds. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** Summarizes figures; those that are NaN are left out. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  const at = (index: number) => sorted[index] ?? NaN;
  const middle = (sorted.length - 1) / 2;
  return {
    median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    least: at(0),
    most: at(sorted.length - 1),
  };
}

/** Figures of a sample divided by ours, round by round. None where ours is 0 in most rounds. */
export function ratioOf(sample: Sample, ours: Sample): Spread {
  if (spreadOf(ours.values).median === 0) return spreadOf([]);
  const { length } = ours.values;
  const values = sample.values.length === length
    ? sample.values.map((value, round) => value / ours.values[round]!)
    : [spreadOf(sample.values).median / spreadOf(ours.values).median];
  return spreadOf(values.filter(Number.isFinite));
}

/** The sample that the others are compared with. */
export function oursOf({ title, samples }: Comparison): Sample {
  const ours = samples.find(({ isOurs }) => isOurs);
  if (ours === undefined) throw new Error(`Cannot compare "${title}": no sample is ours`);
  return ours;
}

/** Who has the best median. With equal medians ours, since nobody is better. */
export function winnerOf({ better, samples }: Comparison): Sample | undefined {
  const sign = better === "less" ? 1 : -1;
  return samples.filter(({ isFloor }) => !isFloor)
    .map((sample) => ({ sample, cost: sign * spreadOf(sample.values).median }))
    .filter(({ cost }) => !Number.isNaN(cost))
    .sort((a, b) => a.cost - b.cost || Number(b.sample.isOurs) - Number(a.sample.isOurs))[0]
    ?.sample;
}

/** A sentence for a comparison that a peer wins, and nothing where we do. */
export function lossOf(comparison: Comparison): string | undefined {
  const winner = winnerOf(comparison);
  const best = comparison.samples.filter(({ isOurs }) => isOurs)
    .map(({ values }) => spreadOf(values).median)
    .sort((a, b) => comparison.better === "less" ? a - b : b - a)[0];
  if (winner === undefined || winner.isOurs || best === undefined) return undefined;
  const { median } = spreadOf(winner.values);
  const [more, less] = comparison.better === "less" ? [best, median] : [median, best];
  const ratio = more / less;
  return Number.isFinite(ratio)
    ? `${winner.peer} wins, ${figure(ratio)} times`
    : `${winner.peer} wins`;
}

/** A figure with three digits. */
export function figure(value: number): string {
  if (Number.isNaN(value)) return "-";
  const size = Math.abs(value);
  const digits = size === 0 || size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  return value.toLocaleString("en-US", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}
