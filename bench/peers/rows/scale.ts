/**
 * What it costs to keep many services current.
 *
 * @module
 */
import { type Consul, startConsul } from "../../../tests/support/consul.ts";
import { registerMany, registerNode } from "../../../tests/support/consul_services.ts";
import { builtPackage } from "../built_package.ts";
import type { Comparison, RowFamily } from "../comparison.ts";
import type { ScaleFigures, StartFailure } from "../processes/scale_process.ts";
import { runBuiltProcess } from "../run_process.ts";

interface Case {
  readonly services: number;
  /** Connections that the agent accepts from one address. @default {200} */
  readonly maxConnections?: number;
}

const SHORT: readonly Case[] = [{ services: 1 }, { services: 20 }];
const FULL: readonly Case[] = [
  { services: 1 },
  { services: 100 },
  { services: 1_000 },
  { services: 1_000, maxConnections: 5_000 },
];

interface Peer {
  readonly name: string;
  /** How `scale_process.ts` calls it. */
  readonly argument: string;
}

/** Makes the changes, as all of them do, and watches nothing. */
const NOTHING: Peer = { name: "nothing watched", argument: "nothing" };

/** Memory, processor time, connections and delay with up to 1,000 watched services. */
export const scale: RowFamily = {
  name: "scale",
  title: "Watching 1 to 1,000 services",
  async run({ isShort, has }): Promise<Comparison[]> {
    const peers: Peer[] = [
      { name: "piloted, live", argument: "ours" },
      ...has("consul") ? [{ name: "npm consul, watches", argument: "consul" }] : [],
      ...has("piloted") ? [{ name: "npm piloted, SIGHUP", argument: "piloted" }] : [],
      NOTHING,
    ];
    const comparisons: Comparison[] = [];
    for (const one of isShort ? SHORT : FULL) {
      comparisons.push(...await measure(one, peers, isShort ? [1, 3] : [3, 20]));
    }
    return comparisons;
  },
};

async function measure(
  { services, maxConnections }: Case,
  peers: readonly Peer[],
  [rounds, changes]: readonly [number, number],
): Promise<Comparison[]> {
  const { main } = await builtPackage();
  const figures = new Map(peers.map((peer) => [peer, [] as Partial<ScaleFigures>[]]));
  const failures = new Set<string>();
  for (let round = 0; round < rounds; round++) {
    for (const peer of peers) {
      // An agent of its own: queries of a process that has ended still count against its limit.
      await using consul = await startWithServices(services, maxConnections);
      const args = [consul.url, peer.argument, services, changes, main];
      const result = await runBuiltProcess<ScaleFigures | StartFailure>("scale_process.ts", args);
      if ("failed" in result) {
        failures.add(`${peer.name} cannot start: ${result.failed}`);
        figures.get(peer)!.push({ seenPercent: 0 });
      } else figures.get(peer)!.push(result);
    }
  }
  const allowed = (maxConnections ?? 200).toLocaleString("en-US");
  const compare = (
    title: string,
    unit: string,
    key: keyof ScaleFigures,
    note?: string,
  ): Comparison => ({
    title: `${title}: ${services.toLocaleString("en-US")} services` +
      (services > 200 ? `, ${allowed} connections` : ""),
    unit,
    better: key === "seenPercent" ? "more" : "less",
    samples: peers.filter((peer) => peer !== NOTHING || isOfProcess(key)).map((peer) => ({
      peer: peer.name,
      isOurs: peer.argument === "ours",
      isFloor: peer === NOTHING,
      values: figures.get(peer)!.map((one) => one[key] ?? NaN),
    })),
    note,
  });
  return [
    {
      ...compare(
        "Changes seen within 3 s",
        "%",
        "seenPercent",
        [...failures].join(". ") || undefined,
      ),
      isDrawn: services > 200,
    },
    compare("Change to visible, median", "ms", "delayMs"),
    compare(
      "Processor time, 4 changes per second",
      "ms/s",
      "cpuMsPerSecond",
      "The process makes the changes, too, with fetch: that is what it uses with nothing watched",
    ),
    compare("Resident memory", "MB", "memoryMb"),
    compare("Connections to the agent", "connections", "connections"),
  ];
}

/** Whether a figure is one of a process that watches nothing, too. */
function isOfProcess(key: keyof ScaleFigures): boolean {
  return key === "cpuMsPerSecond" || key === "memoryMb";
}

async function startWithServices(count: number, maxConnections?: number): Promise<Consul> {
  const limits = { http_max_conns_per_client: maxConnections };
  const consul = await startConsul(maxConnections === undefined ? {} : { config: { limits } });
  await registerNode(consul, "elsewhere", "10.0.0.1");
  await registerMany(
    consul,
    Array.from({ length: count }, (_, i) => ({
      node: "elsewhere",
      name: `app-${i}`,
      id: `app-${i}`,
      port: 80,
      address: "10.0.0.1",
    })),
  );
  return consul;
}
