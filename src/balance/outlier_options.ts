/**
 * When an endpoint is ejected for its failures.
 *
 * @module
 */
import { checkOptions, type OptionRule } from "../check_options.ts";

/**
 * Ejects endpoints that succeed much less often than the others. The defaults are those of gRPC's
 * "A50: gRPC xDS Outlier Detection Support".
 */
export interface SuccessRateOptions {
  /** Number of standard deviations below the mean, times 1,000. @default {1900} */
  stdevFactor?: number | undefined;
  /** Probability in percent that an outlier is ejected. @default {100} */
  enforcementPercent?: number | undefined;
  /** Minimum number of endpoints that had enough requests. @default {5} */
  minimumHosts?: number | undefined;
  /** Minimum number of requests in an interval. @default {100} */
  requestVolume?: number | undefined;
}

/** Ejects endpoints that fail more often than a limit, with A50's defaults. */
export interface FailurePercentageOptions {
  /** Percentage of the requests in an interval that may fail. @default {85} */
  threshold?: number | undefined;
  /** Probability in percent that an outlier is ejected. @default {100} */
  enforcementPercent?: number | undefined;
  /** Minimum number of endpoints. @default {5} */
  minimumHosts?: number | undefined;
  /** Minimum number of requests in an interval. @default {50} */
  requestVolume?: number | undefined;
}

/** When an endpoint is ejected, for how long, and when ejections are ignored. */
export interface OutlierOptions {
  /** Failures in a row after which an endpoint is ejected, at least 1. @default {5} */
  consecutiveFailures?: number | undefined;
  /** Duration of the first ejection in milliseconds; the n-th lasts n times as long. @default {30_000} */
  baseEjectionMs?: number | undefined;
  /** Maximum duration of an ejection in milliseconds. @default {300_000} */
  maxEjectionMs?: number | undefined;
  /** Percentage of the endpoints that may be ejected; never the last one. @default {50} */
  maxEjectedPercent?: number | undefined;
  /** Ejections are ignored while less than this percentage of the endpoints is usable. @default {50} */
  panicPercent?: number | undefined;
  /**
   * Interval of the two detectors below, in milliseconds. Each interval without an ejection also
   * reduces the ejection count by one. @default {10_000}
   */
  intervalMs?: number | undefined;
  /** Whether, and how, endpoints are compared by their success rates. @default {false} */
  successRate?: boolean | SuccessRateOptions | undefined;
  /** Whether, and how, endpoints are ejected by their percentage of failures. @default {false} */
  failurePercentage?: boolean | FailurePercentageOptions | undefined;
}

type Filled<T> = { readonly [Key in keyof T]-?: Exclude<T[Key], undefined> };

/** {@linkcode SuccessRateOptions} with all defaults filled in. */
export type ResolvedSuccessRate = Filled<SuccessRateOptions>;

/** {@linkcode FailurePercentageOptions} with all defaults filled in. */
export type ResolvedFailurePercentage = Filled<FailurePercentageOptions>;

/** {@linkcode OutlierOptions} with all defaults filled in. */
export interface ResolvedOutlierOptions {
  readonly consecutiveFailures: number;
  readonly baseEjectionMs: number;
  readonly maxEjectionMs: number;
  readonly maxEjectedPercent: number;
  readonly panicPercent: number;
  readonly intervalMs: number;
  readonly successRate: ResolvedSuccessRate | undefined;
  readonly failurePercentage: ResolvedFailurePercentage | undefined;
}

const AMOUNT: OptionRule = { type: "number", min: 0 };
const PERCENT: OptionRule = { type: "number", min: 0, max: 100 };
const DETECTOR: Readonly<Record<string, OptionRule>> = {
  enforcementPercent: PERCENT,
  minimumHosts: AMOUNT,
  requestVolume: AMOUNT,
};

/**
 * Checks the options and fills in the defaults.
 *
 * @param options The user's.
 * @returns All of them.
 * @throws {TypeError} when an option is unknown or of the wrong type.
 * @throws {RangeError} when a number is out of its range.
 */
export function resolveOutlierOptions(options: OutlierOptions): ResolvedOutlierOptions {
  checkOptions("outliers", options, {
    consecutiveFailures: { type: "number", min: 1 },
    baseEjectionMs: AMOUNT,
    maxEjectionMs: AMOUNT,
    maxEjectedPercent: PERCENT,
    panicPercent: PERCENT,
    intervalMs: AMOUNT,
    successRate: { type: "any" },
    failurePercentage: { type: "any" },
  });
  return {
    consecutiveFailures: options.consecutiveFailures ?? 5,
    baseEjectionMs: options.baseEjectionMs ?? 30_000,
    maxEjectionMs: options.maxEjectionMs ?? 300_000,
    maxEjectedPercent: options.maxEjectedPercent ?? 50,
    panicPercent: options.panicPercent ?? 50,
    intervalMs: options.intervalMs ?? 10_000,
    successRate: successRate(options.successRate),
    failurePercentage: failurePercentage(options.failurePercentage),
  };
}

function successRate(
  given: boolean | SuccessRateOptions = false,
): ResolvedSuccessRate | undefined {
  if (given === false) return undefined;
  const options = given === true ? {} : given;
  checkOptions("successRate in outliers", options, { ...DETECTOR, stdevFactor: AMOUNT });
  const { stdevFactor = 1900, enforcementPercent = 100, minimumHosts = 5 } = options;
  return {
    stdevFactor,
    enforcementPercent,
    minimumHosts,
    requestVolume: options.requestVolume ?? 100,
  };
}

function failurePercentage(
  given: boolean | FailurePercentageOptions = false,
): ResolvedFailurePercentage | undefined {
  if (given === false) return undefined;
  const options = given === true ? {} : given;
  checkOptions("failurePercentage in outliers", options, { ...DETECTOR, threshold: PERCENT });
  const { threshold = 85, enforcementPercent = 100, minimumHosts = 5 } = options;
  return {
    threshold,
    enforcementPercent,
    minimumHosts,
    requestVolume: options.requestVolume ?? 50,
  };
}
