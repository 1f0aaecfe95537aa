import { assertEquals, assertThrows } from "@std/assert";
import { type OutlierOptions, resolveOutlierOptions } from "../../src/balance/outlier_options.ts";
import {
  failurePercentageOutliers,
  successRateOutliers,
} from "../../src/balance/outlier_statistics.ts";
import type { Member } from "../../src/balance/member.ts";
import { test } from "../support/test.ts";
import { members } from "./support.ts";

const { successRate, failurePercentage } = resolveOutlierOptions({
  successRate: true,
  failurePercentage: true,
});

/** Members with so many successes and failures each. */
function counted(...counts: [successCount: number, failureCount: number][]): Member[] {
  return counts.map(([successCount, failureCount], i) => {
    const [member] = members(`m${i}`);
    Object.assign(member!.outlier, { successCount, failureCount });
    return member!;
  });
}

function ids(list: readonly Member[]): string {
  return list.map((member) => member.endpoint.id).join(" ");
}

test("resolveOutlierOptions() has the defaults of the issue and of gRPC's A50", () => {
  assertEquals(resolveOutlierOptions({ successRate: true, failurePercentage: true }), {
    consecutiveFailures: 5,
    baseEjectionMs: 30_000,
    maxEjectionMs: 300_000,
    maxEjectedPercent: 50,
    panicPercent: 50,
    intervalMs: 10_000,
    successRate: {
      stdevFactor: 1900,
      enforcementPercent: 100,
      minimumHosts: 5,
      requestVolume: 100,
    },
    failurePercentage: {
      threshold: 85,
      enforcementPercent: 100,
      minimumHosts: 5,
      requestVolume: 50,
    },
  });
  const { successRate, failurePercentage } = resolveOutlierOptions({ successRate: false });
  assertEquals([successRate, failurePercentage], [undefined, undefined]);
});

test("resolveOutlierOptions() keeps what is given", () => {
  assertEquals(resolveOutlierOptions({ consecutiveFailures: 3 }).consecutiveFailures, 3);
  assertEquals(resolveOutlierOptions({ successRate: { minimumHosts: 3 } }).successRate, {
    ...successRate!,
    minimumHosts: 3,
  });
});

test("resolveOutlierOptions() names the option, the object and the value that it refuses", () => {
  const of = (name: string) => `Cannot use option ${name} of `;
  const cases: [unknown, ErrorConstructor, string][] = [
    [{ maxEjectedPercent: 101 }, RangeError, `${of("maxEjectedPercent")}outliers`],
    [{ panicPercent: 100.5 }, RangeError, "0 to 100, received 100.5"],
    [{ intervalMs: -1 }, RangeError, "at least 0, received -1"],
    [{ baseEjectionMs: -1 }, RangeError, "baseEjectionMs"],
    [{ maxEjectionMs: -1 }, RangeError, "maxEjectionMs"],
    [{ consecutiveFailures: 0 }, RangeError, "at least 1, received 0"],
    [{ panicPercent: NaN }, TypeError, "a number, received NaN"],
    [{ consecutiveFailures: "5" }, TypeError, `a number, received "5"`],
    [{ consecutiveFailure: 5 }, TypeError, "Did you mean consecutiveFailures?"],
    [{ failurePercentage: { threshold: 120 } }, RangeError, "failurePercentage in outliers"],
    [{ failurePercentage: { stdevFactor: 1 } }, TypeError, of("stdevFactor")],
    [{ successRate: { enforcementPercent: -1 } }, RangeError, "successRate in outliers"],
    [{ successRate: { threshold: 5 } }, TypeError, of("threshold")],
    [{ successRate: "yes" }, TypeError, "options of successRate in outliers"],
    [null, TypeError, "options of outliers"],
  ];
  for (const [options, type, words] of cases) {
    assertThrows(() => resolveOutlierOptions(options as OutlierOptions), type, words);
  }
});

test("successRateOutliers() finds what lies 1.9 standard deviations below the mean", () => {
  // Mean 0.9, deviation 0.2: everything below 0.52 is an outlier.
  const good: [number, number][] = Array.from({ length: 4 }, () => [100, 0]);
  assertEquals(ids(successRateOutliers(counted(...good, [50, 50]), successRate!)), "m4");
  // Of five, one alone lies at most 2 deviations below; two share the blame and are not outliers.
  const two = counted(...good.slice(1), [50, 50], [50, 50]);
  assertEquals(ids(successRateOutliers(two, successRate!)), "");
});

test("successRateOutliers() says nothing without five endpoints of 100 requests each", () => {
  const good: [number, number][] = Array.from({ length: 4 }, () => [100, 0]);
  assertEquals(ids(successRateOutliers(counted(...good, [0, 99]), successRate!)), "");
  assertEquals(ids(successRateOutliers(counted(...good.slice(1), [0, 100]), successRate!)), "");
  assertEquals(ids(successRateOutliers(counted(...good, [0, 100]), successRate!)), "m4");
});

test("successRateOutliers() needs the minimum of endpoints", () => {
  const four = counted([100, 0], [100, 0], [100, 0], [50, 50]);
  const options = { ...successRate!, stdevFactor: 1_000 };
  assertEquals(ids(successRateOutliers(four, options)), "");
  assertEquals(ids(successRateOutliers(four, { ...options, minimumHosts: 4 })), "m3");
});

test("failurePercentageOutliers() finds what fails more than 85 % of at least 50 requests", () => {
  const all = counted([15, 85], [14, 86], [0, 49], [0, 50], [100, 0]);
  assertEquals(ids(failurePercentageOutliers(all, failurePercentage!)), "m1 m3");
});

test("failurePercentageOutliers() says nothing of fewer than five endpoints", () => {
  const all = counted([0, 100], [0, 100], [0, 100], [0, 100]);
  assertEquals(ids(failurePercentageOutliers(all, failurePercentage!)), "");
});
