/**
 * What it costs to keep many services current.
 *
 * @module
 */
import { startConsul } from "../../../tests/support/consul.ts";
import { registerMany, registerNode } from "../../../tests/support/consul_services.ts";
import { builtPackage } from "../built_package.ts";
import type { Comparison, RowFamily } from "../comparison.ts";
import type { ScaleFigures, StartFailure } from "../processes/scale_process.ts";
import { runBuiltProcess } from "../run_process.ts";

interface Case {
  readonly services: number;
  /** Connections that the agent accepts from one address; its default is 200. */
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
      comparisons.push(...await measure(one, peers, isShort ? [1, 3] : [3, 30]));
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
  const limits = { http_max_conns_per_client: maxConnections };
  await using consul = await startConsul(
    maxConnections === undefined ? {} : { config: { limits } },
  );
  await registerNode(consul, "elsewhere", "10.0.0.1");
  await registerMany(
    consul,
    Array.from({ length: services }, (_, i) => ({
      node: "elsewhere",
      name: `app-${i}`,
      id: `app-${i}`,
      port: 80,
      address: "10.0.0.1",
    })),
  );
  const figures = new Map(peers.map((peer) => [peer, [] as Partial<ScaleFigures>[]]));
  const failures = new Set<string>();
  for (let round = 0; round < rounds; round++) {
    for (const peer of peers) {
      const args = [consul.url, peer.argument, services, changes, main];
      const result = await runBuiltProcess<ScaleFigures | StartFailure>("scale_process.ts", args);
      if ("failed" in result) {
        failures.add(`${peer.name} cannot start: ${result.failed}`);
        figures.get(peer)!.push({ seenPercent: 0 });
      } else figures.get(peer)!.push(result);
    }
  }
  const limited = maxConnections === undefined
    ? "the agent accepts 200 connections, its default"
    : `the agent accepts ${maxConnections.toLocaleString("en-US")} connections`;
  const compare = (
    title: string,
    unit: string,
    key: keyof ScaleFigures,
    note?: string,
  ): Comparison => ({
    title: `${services.toLocaleString("en-US")} services` +
      (services > 200 ? ` (${limited}): ${title}` : `: ${title}`),
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
        "changes seen within 3 s",
        "%",
        "seenPercent",
        [...failures].join(". ") || undefined,
      ),
      isDrawn: services > 200,
    },
    compare("change to visible, median", "ms", "delayMs"),
    compare(
      "processor time, with 4 changes per second",
      "ms/s",
      "cpuMsPerSecond",
      "The process makes the changes, too, with fetch: that is what it uses with nothing watched",
    ),
    compare("resident memory of the process", "MB", "memoryMb"),
    compare("connections to the agent", "connections", "connections"),
  ];
}

/** Whether a figure is one of a process that watches nothing, too. */
function isOfProcess(key: keyof ScaleFigures): boolean {
  return key === "cpuMsPerSecond" || key === "memoryMb";
}
