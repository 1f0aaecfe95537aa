/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * One service: every instance whatever its health, its watches, its requests, its history.
 *
 * @module
 */
import type { LoggedEvent } from "../events/event_log.ts";
import { Bar, Document } from "./document.tsx";
import type { CountSince } from "./endpoint_history.ts";
import { FetchFacts, type FetchView } from "./fetch_facts.tsx";
import { Pager, type Part, type Shown, Tabs } from "./filters.tsx";
import { formatCount, formatDuration, formatInstances } from "./format.ts";
import { HistoryChart } from "./history_chart.tsx";
import type { Html } from "./html.ts";
import { InstanceTable, type InstanceView, isFailing } from "./instance_table.tsx";
import { describeState, toneOf } from "./service_table.tsx";
import { Timeline } from "./timeline.tsx";
import type { ServiceView } from "./trouble.ts";
import { WatchTable } from "./watch_table.tsx";

/** What the page shows. */
export interface ServicePageView {
  /** The service. */
  readonly service: ServiceView;
  /** All its instances. */
  readonly instances: readonly InstanceView[];
  /** Why some of them may be missing. */
  readonly failures: readonly string[];
  /** Those of the tab that are on this page. */
  readonly shown: Shown<InstanceView>;
  /** Which part of them is shown. */
  readonly part: Part;
  /** Its requests from this process, where there are any. */
  readonly requests: FetchView | undefined;
  /** How many endpoints it had. */
  readonly counts: readonly CountSince[];
  /** Its last events, oldest first. */
  readonly events: readonly LoggedEvent[];
  /** The command that looks it up. */
  readonly command: string;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  /** Relative path to the root of the routes. */
  readonly root: string;
  /** Whether there are events to follow. */
  readonly live: boolean;
}

/** The page. */
export function ServicePage({ view }: { view: ServicePageView }): Html {
  const { service: { status }, instances, shown, part, now, root, live } = view;
  const { service } = status;
  const failingCount = instances.filter(isFailing).length;
  return (
    <Document title={`${service} · Piloted`} root={root} live={live} service={service}>
      <Bar root={root} now={now} />
      <main id="main" tabindex={-1}>
        <p class="path">
          <a href={root}>All services</a>
        </p>
        <h1>{service}</h1>
        <Headline view={view.service} />
        <section class="card" aria-labelledby="instances-title">
          <h2 id="instances-title">Instances</h2>
          {view.failures.map((failure) => (
            <p class="banner warn">
              <b>Instances could not be read now.</b>
              {` Endpoints in use are shown, without their checks: ${failure}`}
            </p>
          ))}
          <Tabs
            tabs={[
              { show: "", label: "All", count: instances.length },
              { show: "failing", label: "Not passing", count: failingCount, tone: "bad" },
            ]}
            part={part}
            label="Filter instances"
          />
          {shown.total === 0
            ? (
              <p class="quiet">
                {part.show === "failing"
                  ? "All instances pass."
                  : "The registry lists no instance."}
              </p>
            )
            : <InstanceTable service={service} views={shown.items} all={instances} now={now} />}
          {shown.pages > 1 && <Pager shown={shown} part={part} label="Pages of instances" />}
        </section>
        {view.requests !== undefined && <FetchFacts requests={view.requests} />}
        <div class="halves">
          <section class="card" aria-labelledby="history-title">
            <h2 id="history-title">History</h2>
            <HistoryChart counts={view.counts} now={now} />
            <h3>Look it up</h3>
            <pre class="command" id="command" tabindex={0}>{view.command}</pre>
            <p class="quiet">
              <a href={`${root}v1/services/${encodeURIComponent(service)}`}>
                All endpoints as JSON
              </a>
              {" · "}
              <a href={`${root}docs`}>Every route</a>
            </p>
          </section>
          <section class="card" id="changes" aria-labelledby="changes-title">
            <h2 id="changes-title">Latest changes</h2>
            <Timeline events={view.events} now={now} root={root} only={service} />
          </section>
        </div>
        <section class="card" aria-labelledby="watches-title">
          <h2 id="watches-title">{status.watches.length === 1 ? "Watch" : "Watches"}</h2>
          <WatchTable watches={status.watches} now={now} />
        </section>
      </main>
      <noscript>
        <p class="quiet note">Without JavaScript this page does not update itself.</p>
      </noscript>
    </Document>
  );
}

/** What to know first: whether lookups work, how many instances are used, how fresh that is. */
function Headline({ view }: { view: ServiceView }): Html {
  const { status, troubles, noEndpoints } = view;
  const { ageMs, reason, failover, endpointCount, watches } = status;
  const tone = troubles.length === 0 ? "good" : toneOf(view);
  const counts = watches.map(({ instanceCounts }) => instanceCounts);
  return (
    <div class={`banner ${tone}`} id="headline">
      <p>
        <b>{describeState(view)}</b>
        {noEndpoints === undefined
          ? `. ${formatCount(endpointCount, "endpoint")} handed out; ${formatInstances(counts)}`
          : `. Lookups respond 503: ${noEndpoints}`}
      </p>
      {reason !== undefined && noEndpoints?.includes(reason) !== true && <p>{reason}</p>}
      {failover !== undefined && <p>{`Using endpoints of ${place(failover)}.`}</p>}
      <p>
        {ageMs === undefined ? "The registry has not confirmed the list yet." : (
          <>
            {"The registry confirmed the list "}
            <span data-age={Math.round(ageMs)}>{`${formatDuration(ageMs)} ago`}</span>
            .
          </>
        )}
      </p>
    </div>
  );
}

function place(failover: string): string {
  return failover.startsWith("peer:")
    ? `cluster peer ${failover.slice("peer:".length)}`
    : `datacenter ${failover}`;
}
