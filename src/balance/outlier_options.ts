/**
 * When an endpoint is taken out for its failures.
 *
 * @module
 */

/**
 * Ejects endpoints that succeed much less often than the others. The defaults are those of gRPC's
 * "A50: gRPC xDS Outlier Detection Support".
 */
export interface SuccessRateOptions {
  /** How many standard deviations below the mean, times 1,000. @default {1900} */
  stdevFactor?: number;
  /** Chance in per cent that an outlier is ejected. @default {100} */
  enforcementPercent?: number;
  /** How many endpoints must have had enough requests. @default {5} */
  minimumHosts?: number;
  /** How many requests in an interval are enough. @default {100} */
  requestVolume?: number;
}

/** Ejects endpoints that fail more often than a limit, with A50's defaults. */
export interface FailurePercentageOptions {
  /** Per cent of the requests in an interval that may fail. @default {85} */
  threshold?: number;
  /** Chance in per cent that an outlier is ejected. @default {100} */
  enforcementPercent?: number;
  /** How many endpoints there must be. @default {5} */
  minimumHosts?: number;
  /** How many requests in an interval are enough. @default {50} */
  requestVolume?: number;
}

/** When an endpoint is ejected, for how long, and when ejections are ignored. */
export interface OutlierOptions {
  /** Failures in a row after which an endpoint is ejected. @default {5} */
  consecutiveFailures?: number;
  /** How long the first ejection lasts, in milliseconds; the n-th lasts n times as long. @default {30_000} */
  baseEjectionMs?: number;
  /** How long an ejection lasts at most, in milliseconds. @default {300_000} */
  maxEjectionMs?: number;
  /** How many of the endpoints may be ejected, in per cent; never the last one. @default {50} */
  maxEjectedPercent?: number;
  /** Ejections are ignored while less than so many per cent of the endpoints are usable. @default {50} */
  panicPercent?: number;
  /**
   * Interval of the two detectors below, in milliseconds. After each such interval without an
   * ejection one earlier ejection is forgiven. @default {10_000}
   */
  intervalMs?: number;
  /** Whether, and how, endpoints are compared by their success rates. @default {false} */
  successRate?: boolean | SuccessRateOptions;
  /** Whether, and how, endpoints are ejected by their share of failures. @default {false} */
  failurePercentage?: boolean | FailurePercentageOptions;
}

/** {@linkcode OutlierOptions} with defaults in place of what was left out. */
export interface ResolvedOutlierOptions {
  readonly consecutiveFailures: number;
  readonly baseEjectionMs: number;
  readonly maxEjectionMs: number;
  readonly maxEjectedPercent: number;
  readonly panicPercent: number;
  readonly intervalMs: number;
  readonly successRate: Required<SuccessRateOptions> | undefined;
  readonly failurePercentage: Required<FailurePercentageOptions> | undefined;
}

/**
 * Fills in the defaults.
 *
 * @param options The user's.
 * @returns All of them.
 * @throws {RangeError} when a number is not in its range.
 */
export function resolveOutlierOptions(options: OutlierOptions): ResolvedOutlierOptions {
  const { successRate, failurePercentage, ...plain } = options;
  const resolved = {
    ...withDefaults(plain, {
      consecutiveFailures: 5,
      baseEjectionMs: 30_000,
      maxEjectionMs: 300_000,
      maxEjectedPercent: 50,
      panicPercent: 50,
      intervalMs: 10_000,
    }),
    successRate: detector(successRate, {
      stdevFactor: 1900,
      enforcementPercent: 100,
      minimumHosts: 5,
      requestVolume: 100,
    }),
    failurePercentage: detector(failurePercentage, {
      threshold: 85,
      enforcementPercent: 100,
      minimumHosts: 5,
      requestVolume: 50,
    }),
  };
  return resolved;
}

function detector<T extends Record<string, number>>(
  given: boolean | Partial<T> | undefined,
  defaults: T,
): T | undefined {
  if (given === undefined || given === false) return undefined;
  return withDefaults(given === true ? {} : given, defaults);
}

function withDefaults<T extends Record<string, number>>(given: Partial<T>, defaults: T): T {
  const result: Record<string, number> = { ...defaults };
  for (const name in defaults) {
    const value: unknown = given[name];
    if (value === undefined) continue;
    const most = /Percent$|^threshold$/.test(name) ? 100 : Infinity;
    if (typeof value !== "number" || !(value >= 0 && value <= most)) {
      throw new RangeError(
        `Cannot detect outliers: ${name} must be a number from 0 to ${most}, received ${value}`,
      );
    }
    result[name] = value;
  }
  return result as T;
}
