/**
 * How many instances of a service there are, and in which status.
 *
 * @module
 */
import type { Endpoint } from "../endpoint.ts";
import type { InstanceCounts } from "../errors.ts";

/** Counts what a registry lists, including `skipped` instances that were left out. */
export function countInstances(endpoints: readonly Endpoint[], skipped: number): InstanceCounts {
  const counts = { passing: 0, warning: 0, critical: 0, maintenance: 0 };
  for (const { status } of endpoints) counts[status]++;
  return Object.freeze({ listed: endpoints.length + skipped, ...counts, skipped });
}
