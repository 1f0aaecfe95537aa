/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * The watches of one service.
 *
 * @module
 */
import type { WatchStatus } from "../../watch/status.ts";
import { formatDuration, formatInstances, formatLatency, formatNumber } from "./format.ts";
import type { Html } from "./html.ts";

interface Column {
  readonly label: string;
  readonly kind?: string;
  /** Its text; `""` for nothing. */
  readonly show: (watch: WatchStatus, now: number) => string;
}

// A column is shown where at least one watch has something in it.
const COLUMNS: readonly Column[] = [
  { label: "Service", show: ({ service }) => service },
  { label: "Tag", show: ({ tag = "" }) => tag },
  { label: "Datacenter", show: ({ datacenter = "" }) => datacenter },
  { label: "Peer", show: ({ peer = "" }) => peer },
  { label: "Namespace", show: ({ namespace = "" }) => namespace },
  { label: "Partition", show: ({ partition = "" }) => partition },
  { label: "Sameness group", show: ({ samenessGroup = "" }) => samenessGroup },
  { label: "Port", show: ({ port = "" }) => port },
  { label: "Tagged address", show: ({ address = "" }) => address },
  { label: "Filter", show: ({ filter = "" }) => filter },
  { label: "State", show: ({ state }) => state },
  { label: "Instances", show: ({ instanceCounts }) => formatInstances([instanceCounts]) },
  { label: "Confirmed", show: ({ ageMs }) => ago(ageMs) || "never" },
  {
    label: "Changed",
    show: ({ changedAt }, now) => ago(changedAt === undefined ? undefined : now - changedAt),
  },
  { label: "Index", show: ({ position = "" }) => position },
  {
    label: "Failures in a row",
    kind: "number",
    show: ({ failureCount }) => failureCount === 0 ? "" : formatNumber(failureCount),
  },
  {
    label: "Next attempt",
    show: ({ nextAttemptAt }, now) =>
      nextAttemptAt === undefined || nextAttemptAt <= now
        ? ""
        : `in ${formatDuration(nextAttemptAt - now)}`,
  },
  {
    label: "Server's last contact",
    show: ({ freshness: { lastContactMs } }) =>
      lastContactMs === undefined || lastContactMs === 0 ? "" : formatLatency(lastContactMs),
  },
];

function ago(ms: number | undefined): string {
  return ms === undefined ? "" : `${formatDuration(ms)} ago`;
}

/** A table; narrow screens show it as a list, and the roles keep it a table for screen readers. */
export function WatchTable({ watches, now }: {
  watches: readonly WatchStatus[];
  now: number;
}): Html {
  const columns = COLUMNS.filter(({ show }) => watches.some((watch) => show(watch, now) !== ""));
  return (
    <table role="table" class="instances" aria-label="Watches">
      <thead role="rowgroup">
        <tr role="row">
          {columns.map(({ label, kind }) => (
            <th role="columnheader" scope="col" class={kind}>{label}</th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {watches.map((watch) => (
          <>
            <tr role="row">
              {columns.map(({ label, kind, show }) => (
                <td role="cell" class={kind} data-label={label}>{show(watch, now)}</td>
              ))}
            </tr>
            {(watch.reason !== undefined || watch.skippedReasons.length > 0) && (
              <tr role="row" class="checks">
                <td role="cell" colspan={columns.length}>
                  {watch.reason !== undefined && <p class="check">{watch.reason}</p>}
                  {watch.skippedReasons.map((reason) => <p class="check">{reason}</p>)}
                </td>
              </tr>
            )}
          </>
        ))}
      </tbody>
    </table>
  );
}
