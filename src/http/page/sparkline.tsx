/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * A small drawing of a number over time.
 *
 * @module
 */
import { type Count, HISTORY_MS } from "./endpoint_history.ts";
import { duration } from "./format.ts";
import type { Html } from "./html.ts";

const WIDTH = 160;
const HEIGHT = 28;
const MARGIN = 3;

// A history that is shorter fills a part of the drawing only.
const LEAST_MS = 60_000;

/** Draws how many endpoints there were, for half an hour at most. */
export function Sparkline({ counts, now }: { counts: readonly Count[]; now: number }): Html {
  const values = counts.map(({ count }) => count);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const from = Math.max(now - HISTORY_MS, counts[0]!.at);
  const span = Math.max(now - from, LEAST_MS);
  const x = (at: number) => ((Math.max(at, from) - from) / span * WIDTH).toFixed(1);
  // The scale begins at 0, so that a list that is half gone looks half gone.
  const y = (count: number) =>
    (HEIGHT - MARGIN - count / Math.max(most, 1) * (HEIGHT - 2 * MARGIN)).toFixed(1);
  const steps = counts.map(({ at, count }, index) =>
    index === 0 ? `M${x(at)} ${y(count)}` : `H${x(at)}V${y(count)}`
  );
  const range = least === most ? `always ${most}` : `between ${least} and ${most}`;
  return (
    <svg
      class="spark"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`Endpoints in the last ${duration(now - from)}: ${range}`}
    >
      <path d={`${steps.join("")}H${x(now)}`} />
    </svg>
  );
}
