/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * The page: all services, or one.
 *
 * @module
 */
import type { LoggedEvent } from "../events/event_log.ts";
import { Bar, Document } from "./document.tsx";
import { ServiceCard, type ServiceView } from "./service_card.tsx";
import { Timeline } from "./timeline.tsx";
import { many } from "./format.ts";
import type { Html } from "./html.ts";

/** What the page shows. */
export interface PageView {
  /** The services, all or one. */
  readonly services: readonly ServiceView[];
  /** What happened to them, oldest first. */
  readonly events: readonly LoggedEvent[];
  /** Address of the registry. */
  readonly registry: string | undefined;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  /** Name of the service, on a page of its own. */
  readonly only?: string;
  /** What is searched for. */
  readonly query: string;
  /** Relative path to where the routes begin. */
  readonly root: string;
  /** Whether there are events to follow. */
  readonly live: boolean;
}

/** The page. */
export function ServicesPage({ view }: { view: PageView }): Html {
  const { services, events, registry, now, only, query, root, live } = view;
  const troubled =
    services.filter(({ status }) => status.state !== "live" || status.endpointCount === 0).length;
  const health = troubled === 0 ? "all live with endpoints" : `${troubled} in trouble`;
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
            {only === undefined && `${many(services.length, "service")}, ${health}, `}
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
            {services.length === 0 && <p class="empty">The configuration watches no service.</p>}
            {services.map((service) => (
              <ServiceCard view={service} now={now} root={root} all={only !== undefined} />
            ))}
            <p id="no-match" class="empty" hidden={!(query !== "" && services.length === 0)}>
              Nothing matches the search.
            </p>
          </div>
          <section class="card" id="changes" aria-labelledby="changes-title">
            <h2 id="changes-title">Latest changes</h2>
            <Timeline events={events} now={now} root={root} />
          </section>
        </div>
      </main>
      <noscript>
        <p class="empty">Without JavaScript this page shows the moment when it was loaded.</p>
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
