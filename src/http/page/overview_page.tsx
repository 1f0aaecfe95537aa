/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * All services, one line each, trouble first.
 *
 * @module
 */
import type { RegistrationStatus } from "../../registration_status.ts";
import type { LoggedEvent } from "../events/event_log.ts";
import { Bar, Document } from "./document.tsx";
import type { CountSince } from "./endpoint_history.ts";
import { Pager, type Part, partLink, type Shown, type Tab, Tabs } from "./filters.tsx";
import { formatCount, formatNumber } from "./format.ts";
import type { Html } from "./html.ts";
import { RegistrationList } from "./registration_list.tsx";
import { ServiceTable } from "./service_table.tsx";
import { Timeline } from "./timeline.tsx";
import {
  type CommonCause,
  commonCause,
  type ServiceView,
  type Trouble,
  TROUBLES,
} from "./trouble.ts";

/** What the page shows. */
export interface OverviewView {
  /** Every service that the search finds. */
  readonly found: readonly ServiceView[];
  /** Those of the tab that are on this page. */
  readonly shown: Shown<ServiceView>;
  /** How many services are watched. */
  readonly watchedCount: number;
  /** Which part of them is shown. */
  readonly part: Part;
  /** How many endpoints each had. */
  readonly counts: (service: string) => readonly CountSince[];
  /** The last events, oldest first. */
  readonly events: readonly LoggedEvent[];
  /** What this process has registered. */
  readonly registrations: readonly RegistrationStatus[];
  /** Address of the registry. */
  readonly registry: string | undefined;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  /** Relative path to the root of the routes. */
  readonly root: string;
  /** Whether there are events to follow. */
  readonly live: boolean;
}

const LABELS: Readonly<Record<Trouble, string>> = {
  empty: "Empty",
  denied: "Denied",
  stale: "Stale",
  unconfirmed: "Unconfirmed",
  ejected: "Ejected",
  restored: "Restored",
  pending: "Pending",
  closed: "Closed",
};

/**
 * The services of a tab.
 *
 * @param views The services.
 * @param show Name of the tab; any other shows all.
 */
export function servicesOf(views: readonly ServiceView[], show: string): readonly ServiceView[] {
  if (show === "trouble") return views.filter(({ troubles }) => troubles.length > 0);
  if (show === "failing") return views.filter(({ failing }) => failing !== "");
  const trouble = TROUBLES.find((each) => each === show);
  return trouble === undefined ? views : views.filter(({ troubles }) => troubles.includes(trouble));
}

/** Names of the tabs but `all`. */
export const SERVICE_TABS: readonly string[] = ["trouble", ...TROUBLES, "failing"];

/** The page. */
export function OverviewPage({ view }: { view: OverviewView }): Html {
  const { found, shown, part, events, registrations, registry, now, root, live } = view;
  const count = (show: string) => servicesOf(found, show).length;
  const troubled = count("trouble");
  const tabs: Tab[] = [
    { show: "", label: "All", count: found.length },
    { show: "trouble", label: "In trouble", count: troubled, tone: "bad" },
    ...TROUBLES.map((show) => ({ show, label: LABELS[show], count: count(show) })),
    { show: "failing", label: "Failing instances", count: count("failing"), tone: "warn" },
  ];
  const cause = commonCause(found);
  return (
    <Document
      title={`${troubled > 0 ? `(${troubled}) ` : ""}Services · Piloted`}
      root={root}
      live={live}
    >
      <Bar root={root} now={now} />
      <main id="main" tabindex={-1}>
        <div class="intro">
          <h1>Services</h1>
          <p id="summary">
            {troubled > 0
              ? (
                <a class="bad" href={partLink({ ...part, show: "trouble", page: 1 })}>
                  {`${formatNumber(troubled)} of ${
                    formatCount(found.length, "service")
                  } in trouble`}
                </a>
              )
              : <span class="good">{allWell(view)}</span>}
            {registry !== undefined && ` Read from ${registry}`}
          </p>
          <Search part={part} />
        </div>
        {cause !== undefined && <Cause cause={cause} />}
        <Tabs tabs={tabs} part={part} label="Filter services" />
        <div class="columns">
          <div id="services" class="card">
            {view.watchedCount === 0
              ? <p class="empty">The configuration watches no services.</p>
              : shown.total === 0
              ? <p id="no-match" class="quiet">{nothing(part)}</p>
              : (
                <ServiceTable
                  views={shown.items}
                  cause={cause?.why}
                  counts={view.counts}
                  now={now}
                  root={root}
                />
              )}
            {shown.pages > 1 && <Pager shown={shown} part={part} label="Pages of services" />}
          </div>
          <div class="side">
            {registrations.length > 0 && <RegistrationList registrations={registrations} />}
            <section class="card" id="changes" aria-labelledby="changes-title">
              <h2 id="changes-title">Latest changes</h2>
              <Timeline events={events} now={now} root={root} />
            </section>
          </div>
        </div>
      </main>
      <noscript>
        <p class="quiet note">Without JavaScript this page does not update itself.</p>
      </noscript>
    </Document>
  );
}

function allWell({ found, watchedCount, part }: OverviewView): string {
  if (part.query !== "") return `${formatCount(found.length, "service")} found, none in trouble.`;
  return watchedCount === 1
    ? "1 service, live."
    : `${formatCount(watchedCount, "service")}, all live with endpoints.`;
}

function nothing({ query, show }: Part): string {
  if (query !== "") return "No service matches the search.";
  return show === "trouble" ? "No service is in trouble." : "There are no such services now.";
}

function Cause({ cause: { why, count } }: { cause: CommonCause }): Html {
  return (
    <p class="banner bad" id="cause">
      <b>{formatCount(count, "service")} with the same cause:</b>
      {` ${why}`}
    </p>
  );
}

function Search({ part }: { part: Part }): Html {
  return (
    <form role="search" method="get">
      <label for="search">Search</label>
      <input
        id="search"
        type="search"
        name="q"
        value={part.query}
        placeholder="Service, address, node or tag"
        autocomplete="off"
        spellcheck={false}
      />
      {part.show !== "" && <input type="hidden" name="show" value={part.show} />}
      <button type="submit">Search</button>
    </form>
  );
}
