/**
 * Liveness and readiness.
 *
 * @module
 */
import type { ServiceStatus } from "../../watch/status.ts";
import type { LookupClient } from "../lookup_client.ts";
import { jsonResponse } from "./json_body.ts";
import { problem } from "./problem.ts";

/** Responds 200: the process runs. */
export function liveness(): Response {
  return jsonResponse(`{"status":"live"}`);
}

/**
 * Responds whether lookups can be answered: every watched service has a list, from the registry or
 * from the snapshot file, except those that are left out.
 *
 * @param piloted The client.
 * @param stop Aborted when the server stops.
 * @param without Names of services that may be without a list, in any case.
 * @returns 200, or a 503 that names the services without a list.
 */
export function readiness(
  piloted: LookupClient,
  stop: AbortSignal | undefined,
  without: readonly string[] = [],
): Response {
  if (stop?.aborted) return problem(503, "Cannot answer lookups: the server is stopping");
  const { state, services } = piloted.status();
  if (state === "closed") return problem(503, "Cannot answer lookups: the client was closed");
  const leftOut = new Set(without.map((name) => name.toLowerCase()));
  const needed = services.filter(({ service }) => !leftOut.has(service.toLowerCase()));
  const waiting = needed.filter(hasNoList).map(({ service, state, reason }) => ({
    service,
    state,
    reason,
  }));
  if (waiting.length === 0) return jsonResponse(`{"status":"ready"}`);
  const names = waiting.map(({ service }) => service).join(", ");
  return problem(
    503,
    `Cannot answer every lookup yet: waiting for the first list of ${names}`,
    { waiting },
    { "retry-after": "1" },
  );
}

function hasNoList(service: ServiceStatus): boolean {
  return service.ageMs === undefined;
}
