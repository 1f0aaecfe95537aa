/**
 * Options of routing by service.
 *
 * @module
 */
import { checkSplit, type TrafficSplit } from "../balance/split.ts";
import { checkHealthCheck, type HealthCheckOptions } from "./health_check_options.ts";

/**
 * Checks the option `split`.
 *
 * @param splits Splits by service.
 * @param caller What takes it, for messages.
 * @returns The split of a service; names are compared without case.
 * @throws {TypeError} when one is not valid.
 * @throws {RangeError} when a weight is out of its range.
 */
export function resolveSplits(
  splits: Readonly<Record<string, TrafficSplit>>,
  caller: string,
): (service: string) => TrafficSplit | undefined {
  return byService(splits, (split, service) => {
    checkSplit(split, `${caller} for ${JSON.stringify(service)}`);
    // A copy, so that a later change by the caller does not go unchecked.
    return Object.fromEntries(Object.entries(split).map(([key, values]) => [key, { ...values }]));
  });
}

/**
 * Checks the option `healthChecks`.
 *
 * @param checks Checks by service.
 * @param caller What takes it, for messages.
 * @returns The check of a service; names are compared without case.
 * @throws {TypeError} when one is not valid.
 * @throws {RangeError} when a number is out of its range.
 */
export function resolveHealthChecks(
  checks: Readonly<Record<string, HealthCheckOptions>>,
  caller: string,
): (service: string) => HealthCheckOptions | undefined {
  return byService(checks, (check, service) => {
    checkHealthCheck(check, `healthChecks of ${caller} for ${JSON.stringify(service)}`);
    return { ...check };
  });
}

function byService<T>(
  given: Readonly<Record<string, T>>,
  resolve: (value: T, service: string) => T,
): (service: string) => T | undefined {
  const resolved = new Map<string, T>();
  for (const [service, value] of Object.entries(given)) {
    if (value !== undefined) resolved.set(service.toLowerCase(), resolve(value, service));
  }
  return (service) => resolved.get(service.toLowerCase());
}
