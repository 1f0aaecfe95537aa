/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * The instances of one service, those that fail first, with the output of their failing checks.
 *
 * @module
 */
import type { EndpointLoad } from "../../balance/pool_status.ts";
import type { Instance } from "../../client/inspect.ts";
import { endpointIdentity } from "../../endpoint.ts";
import type { CheckResult } from "../../source/source.ts";
import { formatDuration, formatLatency, formatNumber, formatShare } from "./format.ts";
import type { Html } from "./html.ts";
import { compareNames } from "./trouble.ts";

/** One instance as the page shows it. */
export interface InstanceView extends Instance {
  /** What the balancer measured. */
  readonly load: EndpointLoad | undefined;
  /** How often it was picked over HTTP. */
  readonly picks: number;
  /** Whether lookups return it. */
  readonly used: boolean;
  /** Whether the registry lists it; also where that could not be read. */
  readonly listed: boolean;
}

/**
 * Sorts instances: those that fail first, the worst of them at the top, then by address.
 *
 * @param views The instances.
 * @returns A new list.
 */
export function failingFirst(views: readonly InstanceView[]): InstanceView[] {
  return [...views].sort((a, b) =>
    rank(a) - rank(b) || compareNames(a.endpoint.host, b.endpoint.host) ||
    compareNames(a.endpoint.id, b.endpoint.id)
  );
}

/**
 * Whether an instance is one to look at: it does not pass, is ejected, or is not handed out.
 *
 * @param view The instance.
 */
export function isFailing(view: InstanceView): boolean {
  return rank(view) < RANKS.length - 1;
}

const RANKS: readonly string[] = [
  "critical",
  "maintenance",
  "unlisted",
  "warning",
  "ejected",
  "passing",
];

function rank(view: InstanceView): number {
  return RANKS.indexOf(statusOf(view));
}

function statusOf({ endpoint: { status }, load, listed }: InstanceView): string {
  if (!listed) return "unlisted";
  return status === "passing" && load?.ejectedUntil !== undefined ? "ejected" : status;
}

interface Facts {
  readonly now: number;
  readonly allPicks: number;
}

/** A column, which is shown where at least one instance has something in it. */
interface Column {
  readonly label: string;
  readonly kind?: string;
  readonly isUsed: (view: InstanceView, facts: Facts) => boolean;
  readonly show: (view: InstanceView, facts: Facts) => Html | string;
}

const COLUMNS: readonly Column[] = [
  {
    label: "Status",
    isUsed: () => true,
    show: (view) => <Status view={view} />,
  },
  {
    label: "Node",
    isUsed: ({ endpoint }) => endpoint.node !== "",
    show: ({ endpoint }) => endpoint.node,
  },
  {
    label: "Zone",
    isUsed: ({ endpoint }) => endpoint.zone !== "",
    show: ({ endpoint }) => endpoint.zone,
  },
  {
    label: "Tags",
    isUsed: ({ endpoint }) => endpoint.tags.length > 0,
    show: ({ endpoint: { tags } }) => <>{tags.map((tag) => <span class="tag">{tag}</span>)}</>,
  },
  {
    label: "Meta",
    isUsed: ({ endpoint }) => Object.keys(endpoint.meta).length > 0,
    show: ({ endpoint: { meta } }) => (
      <>
        {Object.entries(meta).map(([key, value]) => <span class="tag">{`${key}=${value}`}</span>)}
      </>
    ),
  },
  {
    label: "Ports",
    isUsed: ({ endpoint }) => Object.keys(endpoint.ports).length > 0,
    show: ({ endpoint: { ports } }) =>
      Object.entries(ports).map(([name, port]) => `${name} ${port}`).join(", "),
  },
  {
    label: "Weight",
    kind: "number",
    isUsed: ({ endpoint }) => endpoint.weight !== 1,
    show: ({ endpoint }) => formatNumber(endpoint.weight),
  },
  {
    label: "Picks",
    kind: "number",
    isUsed: (_, { allPicks }) => allPicks > 0,
    show: ({ picks }, { allPicks }) =>
      picks === 0 ? "0" : `${formatNumber(picks)} (${formatShare(picks, allPicks)})`,
  },
  {
    label: "Expected latency",
    kind: "number",
    isUsed: ({ load }) => load?.latencyMs !== undefined,
    show: ({ load }) => load?.latencyMs === undefined ? "" : formatLatency(load.latencyMs),
  },
  {
    label: "In flight",
    kind: "number",
    isUsed: ({ load }) => (load?.pendingCount ?? 0) > 0,
    show: ({ load }) => load === undefined ? "" : formatNumber(load.pendingCount),
  },
  {
    label: "Failures in a row",
    kind: "number",
    isUsed: ({ load }) => (load?.consecutiveFailureCount ?? 0) > 0,
    show: ({ load }) => load === undefined ? "" : formatNumber(load.consecutiveFailureCount),
  },
  {
    label: "Ejections",
    kind: "number",
    isUsed: ({ load }) => (load?.ejectionCount ?? 0) > 0,
    show: ({ load }, { now }) => {
      if (load === undefined) return "";
      const left = load.ejectedUntil === undefined ? 0 : load.ejectedUntil - now;
      const count = formatNumber(load.ejectionCount);
      return left > 0 ? `${count}, next try in ${formatDuration(left)}` : count;
    },
  },
];

/** A table; narrow screens show it as a list, and the roles keep it a table for screen readers. */
export function InstanceTable({ service, views, all, now }: {
  service: string;
  /** Those of this page. */
  views: readonly InstanceView[];
  /** Those of all pages: they decide about the columns. */
  all: readonly InstanceView[];
  now: number;
}): Html {
  const allPicks = all.reduce((sum, { picks }) => sum + picks, 0);
  const facts = { now, allPicks };
  const columns = COLUMNS.filter(({ isUsed }) => all.some((view) => isUsed(view, facts)));
  return (
    <table role="table" class="instances" aria-label={`Instances of ${service}`}>
      <thead role="rowgroup">
        <tr role="row">
          <th role="columnheader" scope="col">Address</th>
          {columns.map(({ label, kind }) => (
            <th role="columnheader" scope="col" class={kind}>{label}</th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {views.map((view) => <Row view={view} columns={columns} facts={facts} />)}
      </tbody>
    </table>
  );
}

function Row({ view, columns, facts }: {
  view: InstanceView;
  columns: readonly Column[];
  facts: Facts;
}): Html {
  const { endpoint, checks } = view;
  const key = endpointIdentity(endpoint).replaceAll("\u0000", "/");
  const failing = checks.filter(({ status }) => status !== "passing");
  return (
    <>
      <tr role="row" data-key={key}>
        <th role="rowheader" scope="row">
          <code>{endpoint.host}</code>
          <span class="quiet">{endpoint.id}</span>
        </th>
        {columns.map(({ label, kind, show }) => (
          <td role="cell" class={kind} data-label={label}>{show(view, facts)}</td>
        ))}
      </tr>
      {failing.length > 0 && (
        <tr role="row" class="checks" data-key={`${key} checks`}>
          <td role="cell" colspan={columns.length + 1}>
            {failing.map((check) => <Check check={check} />)}
          </td>
        </tr>
      )}
    </>
  );
}

function Status({ view }: { view: InstanceView }): Html {
  const status = statusOf(view);
  const isSurprise = status === "passing" && !view.used;
  return (
    <>
      <span class={`badge ${status}`}>{status}</span>
      {isSurprise && <span class="quiet">not handed out</span>}
      {status === "unlisted" && <span class="quiet">still handed out</span>}
      {status === "warning" && view.used && <span class="quiet">handed out</span>}
    </>
  );
}

// The rest of a long output, such as a stack trace, is rarely what is looked for.
const MAX_OUTPUT = 1_000;

function Check({ check: { name, status, output } }: { check: CheckResult }): Html {
  const text = output.trim();
  const rest = text.length - MAX_OUTPUT;
  return (
    <div class={`check ${status}`}>
      <p>
        <b>{name || "Check without a name"}</b>
        {` ${status}${text === "" ? ", without output" : ""}`}
      </p>
      {text !== "" && (
        <pre>{text.slice(0, MAX_OUTPUT) + (rest > 0 ? `… and ${formatNumber(rest)} more characters` : "")}</pre>
      )}
    </div>
  );
}
