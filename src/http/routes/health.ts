/**
 * Whether this process lives and whether it can be sent traffic.
 *
 * @module
 */
import type { ServiceStatus } from "../../watch/status.ts";
import { jsonResponse } from "./json_body.ts";
import type { LookupClient } from "../lookup_client.ts";
import { problem } from "./problem.ts";

/**
 * Answers that the process lives.
 *
 * @returns 200, always.
 */
export function liveness(): Response {
  return jsonResponse(`{"status":"live"}`);
}

/**
 * Answers whether lookups can be answered: every watched service was answered once, by the
 * registry or from the snapshot file.
 *
 * @param piloted The client.
 * @param stop Aborted once the server stops.
 * @returns 200, or a 503 that names the services that are waited for.
 */
export function readiness(piloted: LookupClient, stop: AbortSignal | undefined): Response {
  if (stop?.aborted) return problem(503, "Cannot serve lookups any more: the server stops");
  const { state, services } = piloted.status();
  if (state === "closed") return problem(503, "Cannot serve lookups: the client was closed");
  const waiting = services.filter(isWaiting).map(({ service, state, reason }) => ({
    service,
    state,
    reason,
  }));
  if (waiting.length === 0) return jsonResponse(`{"status":"ready"}`);
  const names = waiting.map(({ service }) => service).join(", ");
  return problem(
    503,
    `Cannot serve every lookup yet: the registry has not answered for ${names}`,
    { waiting },
    { "retry-after": "1" },
  );
}

function isWaiting(service: ServiceStatus): boolean {
  return service.ageMs === undefined;
}
