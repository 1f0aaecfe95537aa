/**
 * From the PUT that registers a service to the moment when a client has the new endpoint.
 *
 * @module
 */
import { startConsul } from "../../../tests/support/consul.ts";
import type { Comparison, RowFamily } from "../comparison.ts";
import { spreadOf } from "../comparison.ts";
import { runProcess } from "../run_process.ts";

/** A live watch beside a bare blocking query, npm `consul` and npm `piloted`. */
export const visible: RowFamily = {
  name: "visible",
  title: "From Consul's PUT to visible",
  async run({ isShort, has }): Promise<Comparison[]> {
    await using consul = await startConsul();
    const peers = ["piloted", "consul"].filter(has).join();
    const [rounds, changes] = isShort ? [1, 3] : [7, 15];
    const args = [consul.url, rounds, changes, peers];
    // Milliseconds of every change, by peer and round.
    const delays = await runProcess<Record<string, number[][]>>("visible_process.ts", args);
    const samples = (summary: (values: number[]) => number) =>
      Object.entries(delays).map(([peer, byRound]) => ({
        peer,
        isOurs: peer === "piloted, live",
        values: byRound.map(summary),
      }));
    const note = "npm piloted reads again when a SIGHUP is sent, here each second";
    return [
      {
        title: "PUT to visible, median of a round",
        unit: "ms",
        better: "less",
        samples: samples((values) => spreadOf(values).median),
        isDrawn: true,
        note,
      },
      {
        title: "PUT to visible, slowest of a round",
        unit: "ms",
        better: "less",
        samples: samples((values) => Math.max(...values)),
      },
    ];
  },
};
