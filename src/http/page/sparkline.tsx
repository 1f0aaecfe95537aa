/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * A small chart of a number over time.
 *
 * @module
 */
import { type CountSince, HISTORY_MS } from "./endpoint_history.ts";
import { formatDuration } from "./format.ts";
import type { Html } from "./html.ts";

const WIDTH = 160;
const HEIGHT = 28;
const MARGIN = 3;

// A shorter history fills only a part of the width.
const MIN_SPAN_MS = 60_000;

/** The number of endpoints over the last half hour. */
export function Sparkline({ counts, now }: { counts: readonly CountSince[]; now: number }): Html {
  const values = counts.map(({ count }) => count);
  const [min, max] = [Math.min(...values), Math.max(...values)];
  const from = Math.max(now - HISTORY_MS, counts[0]!.at);
  const span = Math.max(now - from, MIN_SPAN_MS);
  const x = (at: number) => ((Math.max(at, from) - from) / span * WIDTH).toFixed(1);
  // The scale starts at 0, so that losing half of the endpoints looks like half.
  const y = (count: number) =>
    (HEIGHT - MARGIN - count / Math.max(max, 1) * (HEIGHT - 2 * MARGIN)).toFixed(1);
  const steps = counts.map(({ at, count }, index) =>
    index === 0 ? `M${x(at)} ${y(count)}` : `H${x(at)}V${y(count)}`
  );
  const range = min === max ? `always ${max}` : `between ${min} and ${max}`;
  return (
    <svg
      class="spark"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`Endpoints in the last ${formatDuration(now - from)}: ${range}`}
    >
      <path d={`${steps.join("")}H${x(now)}`} />
    </svg>
  );
}
