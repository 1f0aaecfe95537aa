/**
 * When a second request is sent in parallel.
 *
 * @module
 */
import { checkOptions } from "../check_options.ts";

/** When a second request is sent in parallel to one that takes long. */
export interface HedgeOptions {
  /** It is sent when the first one takes longer than this percentage of the recent requests. @default {95} */
  percentile?: number | undefined;
  /** Hedges per hundred requests; they also count as retries. @default {5} */
  percent?: number | undefined;
}

/** {@linkcode HedgeOptions} with all defaults filled in. */
export interface ResolvedHedge {
  /** Percentage of the recent requests. */
  readonly percentile: number;
  /** Hedges per hundred requests. */
  readonly percent: number;
}

/**
 * Checks the options and fills in the defaults.
 *
 * @param given The user's.
 * @param caller What takes them, for messages.
 * @returns All of them; `undefined` for no hedges.
 * @throws {TypeError} when an option is unknown or of the wrong type.
 * @throws {RangeError} when a number is out of its range.
 */
export function resolveHedge(
  given: boolean | HedgeOptions = false,
  caller: string,
): ResolvedHedge | undefined {
  if (given === false) return undefined;
  const hedge = given === true ? {} : given;
  checkOptions(`hedge in ${caller}`, hedge, {
    percentile: { type: "number", min: 0, max: 100 },
    percent: { type: "number", min: 0 },
  });
  const { percentile = 95, percent = 5 } = hedge;
  return { percentile, percent };
}
