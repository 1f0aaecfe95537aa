/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * One service at a glance.
 *
 * @module
 */
import type { ServiceStatus } from "../../watch/status.ts";
import type { CountSince } from "./endpoint_history.ts";
import { EndpointTable, type EndpointView } from "./endpoint_table.tsx";
import { formatCount, formatDuration, formatInstances, STATE_LABELS } from "./format.ts";
import type { Html } from "./html.ts";
import { Sparkline } from "./sparkline.tsx";

/** One service as the page shows it. */
export interface ServiceView {
  /** Its status. */
  readonly status: ServiceStatus;
  /** Its endpoints. */
  readonly endpoints: readonly EndpointView[];
  /** How many endpoints it had. */
  readonly counts: readonly CountSince[];
  /** Why it has no endpoint: the message of `NO_ENDPOINTS`; `undefined` when it has some. */
  readonly noEndpoints: string | undefined;
}

// The overview shows the first ones, the page of a service as many as a browser can display.
const OVERVIEW_ENDPOINTS = 10;
const MAX_ENDPOINTS = 1_000;

/** A section with the service's freshness, history and endpoints. */
export function ServiceCard({ view, now, root, all = false }: {
  view: ServiceView;
  now: number;
  root: string;
  all?: boolean;
}): Html {
  const { status, endpoints, counts, noEndpoints } = view;
  const { service, state } = status;
  const shown = endpoints.slice(0, all ? MAX_ENDPOINTS : OVERVIEW_ENDPOINTS);
  const href = `${root}services/${encodeURIComponent(service)}`;
  const id = `service-${encodeURIComponent(service)}`;
  const words = [service, state, ...endpoints.flatMap(({ endpoint }) => searchWords(endpoint))];
  return (
    <section
      class={`card ${state}`}
      id={id}
      aria-labelledby={`${id}-name`}
      data-search={[...new Set(words)].join(" ").toLowerCase()}
    >
      <header>
        <h2 id={`${id}-name`}>
          <a href={href}>{service}</a>
        </h2>
        <p class="count">{formatCount(status.endpointCount, "endpoint")}</p>
        <Sparkline counts={counts} now={now} />
      </header>
      <Freshness status={status} />
      {noEndpoints === undefined
        ? <EndpointTable service={service} endpoints={shown} />
        : <p class="empty">Lookups respond 503. {noEndpoints}.</p>}
      {shown.length < endpoints.length && (
        <p>
          {all
            ? <a href={`${root}v1/services/${encodeURIComponent(service)}`}>All as JSON</a>
            : <a href={href}>All {endpoints.length} endpoints of {service}</a>}
        </p>
      )}
    </section>
  );
}

function searchWords({ host, id, zone, tags }: EndpointView["endpoint"]): string[] {
  return [host, id, zone, ...tags];
}

function Freshness({ status }: { status: ServiceStatus }): Html {
  const { state, ageMs, reason, failover, watches } = status;
  const counts = watches.map(({ instanceCounts }) => instanceCounts);
  const hasUnpicked = counts.some(({ listed, passing }) => listed > passing);
  return (
    <p class={`freshness ${state}`}>
      <strong>{STATE_LABELS[state]}</strong>
      {ageMs === undefined ? ", never confirmed" : (
        <>
          , confirmed <span data-age={Math.round(ageMs)}>{formatDuration(ageMs)} ago</span>
        </>
      )}
      {hasUnpicked && <span class="reason">{formatInstances(counts)}</span>}
      {reason !== undefined && <span class="reason">{reason}</span>}
      {failover !== undefined && (
        <span class="reason">Using endpoints of datacenter {failover}.</span>
      )}
    </p>
  );
}
