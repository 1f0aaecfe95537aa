/**
 * Options of failover.
 *
 * @module
 */
import type { Target } from "./failover.ts";

/** What stands in for the own datacenter: the name of a datacenter, or a datacenter or a peer. */
export type FailoverTarget =
  | string
  | {
    /** Name of the datacenter. */
    readonly datacenter: string;
    /** Tagged address to use there, such as `"wan"`. @default {that of the watch} */
    readonly address?: string | undefined;
  }
  | {
    /** Name of the cluster peer. */
    readonly peer: string;
    /** Tagged address to use there, such as `"wan"`. @default {that of the watch} */
    readonly address?: string | undefined;
  };

/**
 * Checks the option `failover`.
 *
 * @param failover The user's.
 * @param caller What takes it, for messages.
 * @returns The targets by service.
 * @throws {TypeError} when a target is not valid.
 */
export function resolveFailover(
  failover: readonly FailoverTarget[] | Readonly<Record<string, readonly FailoverTarget[]>>,
  caller: string,
): (service: string) => readonly Target[] {
  const isList = (value: unknown): value is readonly FailoverTarget[] => Array.isArray(value);
  const resolve = (list: unknown): readonly Target[] => {
    const targets = isList(list) ? list.map(resolveTarget) : [undefined];
    if (targets.every((target) => target !== undefined)) return targets;
    throw new TypeError(
      `Cannot use option failover of ${caller}: it must be a list of names of datacenters, ` +
        "{ datacenter } or { peer }, or one list for each service",
    );
  };
  if (isList(failover)) {
    const targets = resolve(failover);
    return () => targets;
  }
  // Names are compared without regard to case, as in lookups.
  const byService = new Map(
    Object.entries(failover).map(([service, list]) => [service.toLowerCase(), resolve(list)]),
  );
  return (service) => byService.get(service.toLowerCase()) ?? [];
}

function resolveTarget(target: unknown): Target | undefined {
  const isName = (value: unknown) => typeof value === "string" && value !== "";
  if (typeof target === "string") return target === "" ? undefined : { datacenter: target };
  if (typeof target !== "object" || target === null) return undefined;
  const { datacenter, peer, address, ...unknown } = target as Record<string, unknown>;
  const given = [datacenter, peer].filter((value) => value !== undefined);
  const isTarget = given.length === 1 && isName(given[0]) && Object.keys(unknown).length === 0 &&
    (address === undefined || isName(address));
  return isTarget ? { datacenter, peer, address } as Target : undefined;
}
