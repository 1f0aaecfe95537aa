/**
 * Which members fail more than the others: the two algorithms of gRPC's A50.
 *
 * @module
 */
import type { Member } from "./member.ts";
import type { ResolvedFailurePercentage, ResolvedSuccessRate } from "./outlier_options.ts";

/**
 * Finds the members whose success rate is far below the mean.
 *
 * @param members All members, with their counts of the interval.
 * @param options Limits.
 * @returns Members below `mean - stdev * stdevFactor / 1000`.
 */
export function successRateOutliers(
  members: readonly Member[],
  options: ResolvedSuccessRate,
): Member[] {
  const busy = members.filter((member) => volume(member) >= options.requestVolume);
  if (busy.length === 0 || busy.length < options.minimumHosts) return [];
  const rates = busy.map((member) => member.outlier.successCount / volume(member));
  const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
  const variance = rates.reduce((sum, rate) => sum + (rate - mean) ** 2, 0) / rates.length;
  const least = mean - Math.sqrt(variance) * options.stdevFactor / 1000;
  return busy.filter((_, index) => rates[index]! < least);
}

/**
 * Finds the members that failed too large a part of their requests.
 *
 * @param members All members, with their counts of the interval.
 * @param options Limits.
 * @returns Members above the threshold.
 */
export function failurePercentageOutliers(
  members: readonly Member[],
  options: ResolvedFailurePercentage,
): Member[] {
  if (members.length < options.minimumHosts) return [];
  return members.filter((member) =>
    volume(member) > 0 && volume(member) >= options.requestVolume &&
    100 * member.outlier.failureCount / volume(member) > options.threshold
  );
}

function volume(member: Member): number {
  return member.outlier.successCount + member.outlier.failureCount;
}
