/**
 * What the outlier detection knows of one endpoint.
 *
 * @module
 */

/** How the requests to one endpoint ended, and whether it is ejected for it. */
export class OutlierRecord {
  /** Failures since the last success. */
  failuresInARow = 0;
  /** Successes in the current interval. */
  successes = 0;
  /** Failures in the current interval. */
  failures = 0;
  /** How often it was ejected, less what it has earned back since. */
  ejections = 0;
  /** When its next probe is due, in milliseconds since the Unix epoch; 0 while it is not ejected. */
  ejectedUntil = 0;
  /** When it came back last. */
  readmittedAt = 0;

  /** Forgets how requests ended in the interval that is over. */
  startInterval(): void {
    this.successes = 0;
    this.failures = 0;
  }
}
