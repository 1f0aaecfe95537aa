/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * Services, one line each.
 *
 * @module
 */
import type { CountSince } from "./endpoint_history.ts";
import { formatDuration, formatNumber, STATE_LABELS, sumOf } from "./format.ts";
import type { Html } from "./html.ts";
import { Sparkline } from "./sparkline.tsx";
import type { ServiceView } from "./trouble.ts";

/** A table; narrow screens show it as a list, and the roles keep it a table for screen readers. */
export function ServiceTable({ views, cause, counts, now, root }: {
  views: readonly ServiceView[];
  /** A reason that is shown above the table, and not again in each line. */
  cause: string | undefined;
  counts: (service: string) => readonly CountSince[];
  now: number;
  root: string;
}): Html {
  const histories = new Map(views.map(({ status: { service } }) => [service, counts(service)]));
  const hasHistory = [...histories.values()].some(hasChanged);
  return (
    <table role="table" class="lines" aria-label="Services">
      <thead role="rowgroup">
        <tr role="row">
          <Heading text="Service" />
          <Heading text="State" />
          <Heading text="Endpoints" kind="number" />
          <Heading text="Changed" kind="number" />
          {hasHistory && <Heading text="30 minutes" kind="spark" />}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {views.map((view) => (
          <Line
            view={view.why === cause ? { ...view, why: "" } : view}
            now={now}
            root={root}
            counts={hasHistory ? histories.get(view.status.service) : undefined}
          />
        ))}
      </tbody>
    </table>
  );
}

function Heading({ text, kind }: { text: string; kind?: string }): Html {
  return <th role="columnheader" scope="col" class={kind}>{text}</th>;
}

function hasChanged(counts: readonly CountSince[]): boolean {
  return counts.some(({ count }) => count !== counts[0]!.count);
}

function Line({ view, now, root, counts }: {
  view: ServiceView;
  now: number;
  root: string;
  counts: readonly CountSince[] | undefined;
}): Html {
  const { status, troubles, failing, why } = view;
  const { service, endpointCount, watches } = status;
  const listed = sumOf(watches.map(({ instanceCounts }) => instanceCounts), "listed");
  const changedAt = Math.max(...watches.map((watch) => watch.changedAt ?? -Infinity));
  const [worst] = troubles;
  const tone = worst !== undefined ? toneOf(view) : failing === "" ? undefined : "some";
  return (
    <tr role="row" id={`service-${encodeURIComponent(service)}`} class={tone}>
      <th role="rowheader" scope="row">
        <a href={`${root}services/${encodeURIComponent(service)}`}>{service}</a>
      </th>
      {worst === undefined && why === ""
        ? <td role="cell" class="state">Live</td>
        : (
          <td role="cell" class="state" title={why}>
            {worst === undefined ? "Live" : <b>{label(view)}</b>}
            {why !== "" && <span>{why}</span>}
          </td>
        )}
      <td role="cell" class="number">
        {listed > endpointCount
          ? `${formatNumber(endpointCount)} of ${formatNumber(listed)}`
          : formatNumber(endpointCount)}
      </td>
      {changedAt > 0
        ? (
          <td role="cell" class="number age" data-age={Math.round(now - changedAt)}>
            {`${formatDuration(now - changedAt)} ago`}
          </td>
        )
        : <td role="cell" class="number age">never</td>}
      {counts !== undefined && (
        <td role="cell" class="spark">
          {hasChanged(counts) && <Sparkline counts={counts} now={now} />}
        </td>
      )}
    </tr>
  );
}

const WARNINGS: readonly string[] = ["unconfirmed", "ejected", "restored", "pending"];

/**
 * How bad a service in trouble is.
 *
 * @param view The service.
 * @returns `bad` when lookups fail or the list is not kept up to date, else `warn`.
 */
export function toneOf({ troubles }: ServiceView): "bad" | "warn" {
  return troubles.every((trouble) => WARNINGS.includes(trouble)) ? "warn" : "bad";
}

/** The troubles of a service in words, such as `Empty, stale for 4m`. */
function label({ troubles, status: { ageMs } }: ServiceView): string {
  const words = troubles.map((trouble) =>
    trouble === "stale" && ageMs !== undefined ? `stale for ${formatDuration(ageMs)}` : trouble
  );
  const text = words.join(", ");
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/**
 * The state of a service in words, without its reason.
 *
 * @param view The service.
 */
export function describeState(view: ServiceView): string {
  const { troubles, status: { state } } = view;
  const parts: string[] = [];
  if (troubles.includes("empty")) parts.push("Empty: no endpoint can be handed out");
  if (state !== "live") parts.push(STATE_LABELS[state]);
  if (troubles.includes("ejected")) parts.push("Some endpoints are ejected by this process");
  return parts.length === 0 ? STATE_LABELS.live : parts.join(". ");
}
