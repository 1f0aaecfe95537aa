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

// Without a scale, a shorter history fills only a part of the width.
const MIN_SPAN_MS = 60_000;

/** What a chart spans. */
export interface ChartSpan {
  /** Its left end, in milliseconds since the Unix epoch. */
  readonly from: number;
  /** Lowest count. */
  readonly min: number;
  /** Highest count. */
  readonly max: number;
}

/**
 * What a chart of some counts spans.
 *
 * @param counts The counts, oldest first.
 * @param now Milliseconds since the Unix epoch.
 */
export function spanOf(counts: readonly CountSince[], now: number): ChartSpan {
  const values = counts.map(({ count }) => count);
  const from = Math.max(now - HISTORY_MS, counts[0]!.at);
  return { from, min: Math.min(...values), max: Math.max(...values) };
}

/** The number of endpoints over the last half hour; `decorative` where words beside it say the same. */
export function Sparkline({ counts, now, decorative = false }: {
  counts: readonly CountSince[];
  now: number;
  decorative?: boolean;
}): Html {
  const { from, min, max } = spanOf(counts, now);
  const span = Math.max(now - from, decorative ? 1 : MIN_SPAN_MS);
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
      role={decorative ? undefined : "img"}
      aria-hidden={decorative ? "true" : undefined}
      aria-label={decorative
        ? undefined
        : `Endpoints in the last ${formatDuration(now - from)}: ${range}`}
    >
      <path d={`${steps.join("")}H${x(now)}`} />
    </svg>
  );
}
