/**
 * What it costs to keep many services current.
 *
 * @module
 */
import { startConsul } from "../../../tests/support/consul.ts";
import { registerMany, registerNode } from "../../../tests/support/consul_services.ts";
import { builtPackage } from "../built_package.ts";
import type { Comparison, RowFamily } from "../comparison.ts";
import type { ScaleFigures } from "../processes/scale_process.ts";
import { runProcess } from "../run_process.ts";

/** Memory, processor time, connections and delay with up to 1,000 watched services. */
export const scale: RowFamily = {
  name: "scale",
  title: "Watching 1 to 1,000 services",
  async run({ isShort, has }): Promise<Comparison[]> {
    const sizes = isShort ? [1, 20] : [1, 100, 1_000];
    const rounds = isShort ? 1 : 3;
    const peers = [
      { peer: "piloted, live", argument: "ours" },
      ...has("consul") ? [{ peer: "npm consul, watches", argument: "consul" }] : [],
      ...has("piloted") ? [{ peer: "npm piloted, SIGHUP", argument: "piloted" }] : [],
    ];
    const { main } = await builtPackage();
    await using consul = await startConsul();
    await registerNode(consul, "elsewhere", "10.0.0.1");
    await registerMany(
      consul,
      Array.from({ length: sizes.at(-1)! }, (_, i) => ({
        node: "elsewhere",
        name: `app-${i}`,
        id: `app-${i}`,
        port: 80,
        address: "10.0.0.1",
      })),
    );
    const comparisons: Comparison[] = [];
    for (const size of sizes) {
      const figures: ScaleFigures[][] = peers.map(() => []);
      for (let round = 0; round < rounds; round++) {
        for (const [index, { argument }] of peers.entries()) {
          const changes = isShort ? 3 : 30;
          const args = [consul.url, argument, size, changes, main];
          figures[index]!.push(await runProcess<ScaleFigures>("scale_process.ts", args));
        }
      }
      const compare = (title: string, unit: string, key: keyof ScaleFigures, note?: string) =>
        comparisons.push({
          title: `${size.toLocaleString("en-US")} services: ${title}`,
          unit,
          better: key === "seenPercent" ? "more" : "less",
          samples: peers.map(({ peer }, index) => ({
            peer,
            isOurs: peer === "piloted, live",
            values: figures[index]!.map((one) => one[key] ?? NaN),
          })),
          isDrawn: size === 1_000 && (key === "cpuMsPerSecond" || key === "seenPercent"),
          note,
        });
      compare(
        "changes seen within 3 s",
        "%",
        "seenPercent",
        size > 200
          ? "The agent accepts 200 connections of one address, its default; a watch of npm consul " +
            "holds one"
          : undefined,
      );
      compare("change to visible, median", "ms", "delayMs");
      compare(
        "processor time, with 4 changes per second",
        "ms/s",
        "cpuMsPerSecond",
        size === 1
          ? "The process itself makes the changes, which is part of every figure"
          : undefined,
      );
      compare(
        "memory that the client adds (resident)",
        "MB",
        "memoryMb",
        size === 1 ? "In a process on Node that has used fetch before" : undefined,
      );
      compare("connections to the agent", "connections", "connections");
    }
    return comparisons;
  },
};
