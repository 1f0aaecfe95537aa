/**
 * What the outlier detection knows about one endpoint.
 *
 * @module
 */

/** How the requests to one endpoint ended, and whether it is ejected. */
export class OutlierRecord {
  /** Failures since the last success. */
  consecutiveFailureCount = 0;
  /** Successes in the current interval. */
  successCount = 0;
  /** Failures in the current interval. */
  failureCount = 0;
  /** How often it was ejected, less one for each interval without an ejection. */
  ejectionCount = 0;
  /** When its next probe is due, in milliseconds since the Unix epoch; 0 while it is not ejected. */
  ejectedUntil = 0;
  /** When it was readmitted last, in milliseconds since the Unix epoch. */
  readmittedAt = 0;

  /** Resets the counts of the interval. */
  startInterval(): void {
    this.successCount = 0;
    this.failureCount = 0;
  }
}
