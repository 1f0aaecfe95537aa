/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * The number of endpoints over time, with scale and label.
 *
 * @module
 */
import { type CountSince, HISTORY_MS } from "./endpoint_history.ts";
import { formatDuration, formatNumber } from "./format.ts";
import type { Html } from "./html.ts";
import { spanOf, Sparkline } from "./sparkline.tsx";

/** The history of a service's endpoints. */
export function HistoryChart({ counts, now }: {
  counts: readonly CountSince[];
  now: number;
}): Html {
  const { from, min, max } = spanOf(counts, now);
  const top = Math.max(max, 1);
  const middle = max % 2 === 0 && max > 0 ? max / 2 : undefined;
  const span = formatDuration(now - from);
  const range = min === max
    ? `always ${formatNumber(max)}`
    : `between ${formatNumber(min)} and ${formatNumber(max)}, now ${
      formatNumber(counts.at(-1)!.count)
    }`;
  const since = now - from >= HISTORY_MS ? "" : " (since this process started)";
  return (
    <figure class="chart">
      <figcaption>{`Endpoints in the last ${span}${since}: ${range}`}</figcaption>
      <div class="plot">
        <div class="scale y" aria-hidden="true">
          <span>{formatNumber(top)}</span>
          {middle !== undefined && <span>{formatNumber(middle)}</span>}
          <span>0</span>
        </div>
        <Sparkline counts={counts} now={now} decorative />
        <div class="scale x" aria-hidden="true">
          <span>{`${span} ago`}</span>
          <span>now</span>
        </div>
      </div>
    </figure>
  );
}
