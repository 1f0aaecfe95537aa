/**
 * Choosing one of many endpoints, without sending anything.
 *
 * @module
 */
import type { Comparison, RowFamily } from "../comparison.ts";
import { type FiguresByPeer, runProcess } from "../run_process.ts";

/** `pick()` beside what peers do for every request. */
export const pick: RowFamily = {
  name: "pick",
  title: "Choosing an endpoint",
  async run({ isShort, has }): Promise<Comparison[]> {
    const comparisons: Comparison[] = [];
    const peers = ["piloted", "undici", "@grpc/grpc-js", "consul"].filter(has).join();
    for (const size of isShort ? [1, 20] : [1, 20, 1_000, 10_000]) {
      const rounds = isShort ? 3 : 21;
      const roundMs = isShort ? 2 : 20;
      const args = [size, rounds, roundMs, peers];
      const figures = await runProcess<FiguresByPeer>("pick_process.ts", args);
      comparisons.push({
        title: `One of ${size.toLocaleString("en-US")} endpoints`,
        unit: "ns",
        better: "less",
        samples: Object.entries(figures).map(([peer, values]) => ({
          peer,
          isOurs: peer === "pick()",
          values,
        })),
        isDrawn: size === 1_000,
        note: size === 1
          ? "The cache by hand is an array and a counter: no weights, no ejections, no statistics. " +
            "npm piloted copies its list at every lookup, undici looks at every upstream"
          : undefined,
      });
    }
    return comparisons;
  },
};
