/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * The dashboard: all services, or one.
 *
 * @module
 */
import type { LoggedEvent } from "../events/event_log.ts";
import { Bar, Document } from "./document.tsx";
import { formatCount } from "./format.ts";
import type { RegistrationStatus } from "../../registration_status.ts";
import type { Html } from "./html.ts";
import { RegistrationList } from "./registration_list.tsx";
import { ServiceCard, type ServiceView } from "./service_card.tsx";
import { Timeline } from "./timeline.tsx";

/** What the page shows. */
export interface PageView {
  /** The services. */
  readonly services: readonly ServiceView[];
  /** Their events, oldest first. */
  readonly events: readonly LoggedEvent[];
  /** What this process has registered. */
  readonly registrations: readonly RegistrationStatus[];
  /** Address of the registry. */
  readonly registry: string | undefined;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  /** Name of the service, on its own page. */
  readonly only?: string | undefined;
  /** What the search box contains. */
  readonly query: string;
  /** Relative path to the root of the routes. */
  readonly root: string;
  /** Whether there are events to follow. */
  readonly live: boolean;
}

/** The page. */
export function ServicesPage({ view }: { view: PageView }): Html {
  const { services, events, registrations, registry, now, only, query, root, live } = view;
  const unhealthy =
    services.filter(({ status }) => status.state !== "live" || status.endpointCount === 0).length;
  const health = unhealthy === 0 ? "all live with endpoints" : `${unhealthy} unhealthy`;
  return (
    <Document
      title={only === undefined ? "Services · Piloted" : `${only} · Piloted`}
      root={root}
      live={live}
    >
      <Bar root={root}>
        <p id="connection" role="status" data-kind="static">
          As of <time datetime={new Date(now).toISOString()}>{clock(now)}</time>
        </p>
      </Bar>
      <main id="main" tabindex={-1}>
        <div class="intro">
          <h1>{only ?? "Services"}</h1>
          <p id="summary">
            {only === undefined && `${formatCount(services.length, "service")}, ${health}, `}
            {registry !== undefined && `from ${registry}`}
          </p>
          {only === undefined ? <Search query={query} /> : (
            <p>
              <a href={root}>All services</a>
            </p>
          )}
        </div>
        <div class="columns">
          <div id="services">
            {services.length === 0 && query === "" && (
              <p class="empty">The configuration watches no services.</p>
            )}
            {services.map((service) => (
              <ServiceCard view={service} now={now} root={root} all={only !== undefined} />
            ))}
            <p id="no-match" class="empty" hidden={!(query !== "" && services.length === 0)}>
              No service matches the search.
            </p>
          </div>
          {only === undefined && registrations.length > 0 && (
            <RegistrationList registrations={registrations} />
          )}
          <section class="card" id="changes" aria-labelledby="changes-title">
            <h2 id="changes-title">Latest changes</h2>
            <Timeline events={events} now={now} root={root} />
          </section>
        </div>
      </main>
      <noscript>
        <p class="empty">Without JavaScript this page does not update itself.</p>
      </noscript>
    </Document>
  );
}

function Search({ query }: { query: string }): Html {
  return (
    <form role="search" method="get">
      <label for="search">Search</label>
      <input
        id="search"
        type="search"
        name="q"
        value={query}
        placeholder="Service, address or tag"
        autocomplete="off"
        spellcheck={false}
      />
      <button type="submit">Search</button>
    </form>
  );
}

function clock(now: number): string {
  return `${new Date(now).toISOString().slice(11, 19)} UTC`;
}
