/**
 * A rolling deployment as callers see it.
 *
 * @module
 */
import { startConsul } from "../../../tests/support/consul.ts";
import type { Comparison, RowFamily } from "../comparison.ts";
import { runProcess } from "../run_process.ts";
import type { DeployFigures } from "../processes/deploy_process.ts";

/** Requests to backends that are gone, with Piloted, npm `consul` and a polled list. */
export const deploy: RowFamily = {
  name: "deploy",
  title: "Replacing five backends",
  async run({ isShort, has }): Promise<Comparison[]> {
    await using consul = await startConsul();
    // The short run is the full one, ten times as fast.
    const scale = isShort ? 10 : 1;
    const args = [consul.url, isShort ? 1 : 3, scale, has("consul") ? "consul" : ""];
    const figures = await runProcess<Record<string, DeployFigures>>("deploy_process.ts", args);
    const samples = (key: keyof DeployFigures) =>
      Object.entries(figures).map(([peer, values]) => ({
        peer,
        isOurs: peer.startsWith("piloted"),
        values: values[key],
      }));
    const note =
      "100 requests per second; a backend answers for 2 s after its deregistration; polled " +
      "lists are read each 30 s, as Spring's cache does" +
      (isShort ? ". SHORT: all times divided by 10" : "");
    return [
      {
        title: "Requests lost in a rolling deployment",
        unit: "%",
        better: "less",
        samples: samples("lostPercent"),
        isDrawn: true,
        note,
      },
      {
        title: "Requests lost when backends are killed",
        unit: "%",
        better: "less",
        samples: samples("lostToKillsPercent"),
        isDrawn: true,
        note:
          "No deregistration: Consul connects to each backend every second, and another one is " +
          "started 3 s after the kill. createFetch() sends idempotent requests again, elsewhere",
      },
      {
        title: "Deregistered to the last request there, slowest of five",
        unit: "ms",
        better: "less",
        samples: samples("lastRequestMs").filter(({ values }) => values.length > 0),
        isDrawn: true,
        note:
          "0: no request was sent there after the deregistration. createFetch() chooses inside a " +
          "call, from the same list as pick()",
      },
    ];
  },
};
