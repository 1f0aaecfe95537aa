/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * The endpoints of one service.
 *
 * @module
 */
import type { EndpointLoad } from "../../balance/pool_status.ts";
import { type Endpoint, endpointIdentity } from "../../endpoint.ts";
import type { Html } from "./html.ts";

/** One endpoint as the page shows it. */
export interface EndpointView {
  /** The endpoint. */
  readonly endpoint: Endpoint;
  /** What the balancer measured. */
  readonly load: EndpointLoad | undefined;
  /** How often it was picked over HTTP. */
  readonly picks: number;
}

const COLUMNS = ["Address", "Status", "Weight", "Tags", "Picks", "Latency"];

/** A table; narrow screens show it as a list, and the roles keep it a table for screen readers. */
export function EndpointTable({ service, endpoints }: {
  service: string;
  endpoints: readonly EndpointView[];
}): Html {
  const picks = endpoints.reduce((sum, each) => sum + each.picks, 0);
  return (
    <table role="table" aria-label={`Endpoints of ${service}`}>
      <thead role="rowgroup">
        <tr role="row">
          {COLUMNS.map((column) => <th role="columnheader" scope="col">{column}</th>)}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {endpoints.map((view) => <Row view={view} allPicks={picks} />)}
      </tbody>
    </table>
  );
}

function Row({ view, allPicks }: { view: EndpointView; allPicks: number }): Html {
  const { endpoint, load, picks } = view;
  const { host, id, node, zone, status, weight, tags } = endpoint;
  const ejected = load?.ejectedUntil !== undefined;
  const share = allPicks === 0 ? "none yet" : `${Math.round(picks / allPicks * 100)} %`;
  const latency = load?.latencyMs === undefined ? "unknown" : `${load.latencyMs.toFixed(0)} ms`;
  return (
    <tr role="row" data-key={endpointIdentity(endpoint).replaceAll("\u0000", "/")}>
      <td role="cell">
        <code>{host}</code>
        <span class="quiet">{[id, node, zone].filter((part) => part !== "").join(" · ")}</span>
      </td>
      <td role="cell" data-label={COLUMNS[1]}>
        <span class={`badge ${ejected ? "ejected" : status}`}>{ejected ? "ejected" : status}</span>
      </td>
      <td role="cell" data-label={COLUMNS[2]}>{weight}</td>
      <td role="cell" data-label={COLUMNS[3]}>
        {tags.length === 0
          ? <span class="quiet">none</span>
          : tags.map((tag) => <span class="tag">{tag}</span>)}
      </td>
      <td role="cell" data-label={COLUMNS[4]}>{share}</td>
      <td role="cell" data-label={COLUMNS[5]}>{latency}</td>
    </tr>
  );
}
