/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * One service at a glance.
 *
 * @module
 */
import type { ServiceStatus } from "../../watch/status.ts";
import { EndpointTable, type EndpointView } from "./endpoint_table.tsx";
import type { Count } from "./endpoint_history.ts";
import { Sparkline } from "./sparkline.tsx";
import { duration, many, STATE_WORDS } from "./format.ts";
import type { Html } from "./html.ts";

/** One service as the page shows it. */
export interface ServiceView {
  /** What is known of it. */
  readonly status: ServiceStatus;
  /** Its endpoints. */
  readonly endpoints: readonly EndpointView[];
  /** How many it had. */
  readonly counts: readonly Count[];
}

// The overview shows the first ones, the service's own page as many as a browser likes to show.
const FIRST_ENDPOINTS = 10;
const MOST_ENDPOINTS = 1_000;

/** A section with the service's freshness, history and endpoints. */
export function ServiceCard({ view, now, root, all = false }: {
  view: ServiceView;
  now: number;
  root: string;
  all?: boolean;
}): Html {
  const { status, endpoints, counts } = view;
  const { service, state } = status;
  const shown = endpoints.slice(0, all ? MOST_ENDPOINTS : FIRST_ENDPOINTS);
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
        <p class="count">{many(status.endpointCount, "endpoint")}</p>
        <Sparkline counts={counts} now={now} />
      </header>
      <Freshness status={status} />
      {endpoints.length === 0
        ? <p class="empty">No endpoint can be handed out: lookups answer 503.</p>
        : <EndpointTable service={service} endpoints={shown} />}
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
  const { state, ageMs, reason, failover } = status;
  return (
    <p class={`freshness ${state}`}>
      <strong>{STATE_WORDS[state]}</strong>
      {ageMs === undefined ? ", never confirmed" : (
        <>
          , confirmed <span data-age={Math.round(ageMs)}>{duration(ageMs)} ago</span>
        </>
      )}
      {reason !== undefined && <span class="reason">{reason}</span>}
      {failover !== undefined && <span class="reason">Datacenter {failover} stands in.</span>}
    </p>
  );
}
