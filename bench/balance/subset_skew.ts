/**
 * Many clients that each use a part of many endpoints.
 *
 * @module
 */
import { Member } from "../../src/balance/member.ts";
import { Subset } from "../../src/balance/subset.ts";
import type { Endpoint } from "../../src/endpoint.ts";

/** What a simulation has found. */
export interface SubsetFigures {
  /** Fewest and most endpoints of a client. */
  readonly perClient: readonly [least: number, most: number];
  /** Mean, fewest and most clients of an endpoint. */
  readonly perEndpoint: readonly [mean: number, least: number, most: number];
  /** Standard deviation of the clients of an endpoint over their mean. */
  readonly skew: number;
  /** The same for parts that are drawn by dice: what cannot be better without coordination. */
  readonly binomialSkew: number;
  /** Most endpoints that a client lost, and got, by one endpoint that went or came. */
  readonly churn: readonly [lost: number, gained: number];
  /** Clients whose part changed, per endpoint that went or came. */
  readonly touchedClients: number;
}

/** How large it is. */
export interface SubsetWorld {
  /** Number of clients. */
  readonly clients: number;
  /** Number of endpoints. */
  readonly endpoints: number;
  /** Size of a part. */
  readonly size: number;
  /** Endpoints that go, one after the other, and then come, one after the other. */
  readonly changes: number;
}

function member(number: number): Member {
  const endpoint = {
    datacenter: "dc1",
    node: `node-${number % 500}`,
    id: `app-${number}`,
    weight: 1,
    zone: "",
  };
  return new Member(endpoint as unknown as Endpoint);
}

/**
 * Lets every client select, then lets endpoints go and come.
 *
 * @param world How large it is.
 * @returns Load skew, connections and churn.
 */
export function simulateSubsets(world: SubsetWorld): SubsetFigures {
  const { clients, endpoints, size, changes } = world;
  const subsets = Array.from(
    { length: clients },
    (_, i) => new Subset({ size, key: `client-${i}` }, undefined, Math.random),
  );
  let members = Array.from({ length: endpoints }, (_, i) => member(i));
  let parts = subsets.map((subset) => new Set(subset.select(members)));
  const sizes = parts.map((part) => part.size);
  const counts = new Map(members.map((each) => [each, 0]));
  for (const part of parts) for (const each of part) counts.set(each, counts.get(each)! + 1);
  const loads = [...counts.values()];
  const mean = clients * size / endpoints;
  const variance = loads.reduce((sum, load) => sum + (load - mean) ** 2, 0) / endpoints;
  let [lost, gained, touched] = [0, 0, 0];
  for (let change = 0; change < 2 * changes; change++) {
    const place = (change * 7_919) % members.length;
    members = change < changes
      ? members.toSpliced(place, 1)
      : members.toSpliced(place, 0, member(endpoints + change));
    const next = subsets.map((subset) => new Set(subset.select(members)));
    next.forEach((part, client) => {
      const before = parts[client]!;
      const out = [...before].filter((each) => !part.has(each)).length;
      const into = [...part].filter((each) => !before.has(each)).length;
      [lost, gained] = [Math.max(lost, out), Math.max(gained, into)];
      if (out + into > 0) touched++;
    });
    parts = next;
  }
  return {
    perClient: [Math.min(...sizes), Math.max(...sizes)],
    perEndpoint: [mean, Math.min(...loads), Math.max(...loads)],
    skew: Math.sqrt(variance) / mean,
    binomialSkew: Math.sqrt(mean * (1 - size / endpoints)) / mean,
    churn: [lost, gained],
    touchedClients: touched / (2 * changes),
  };
}
