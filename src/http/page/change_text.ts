/**
 * Events as sentences.
 *
 * @module
 */
import type { Endpoint } from "../../endpoint.ts";
import type { ChangedEndpoint } from "../../snapshot.ts";
import type { LoggedEvent } from "../events/event_log.ts";
import { formatCount, formatDuration } from "./format.ts";

const MAX_NAMED = 5;

/**
 * Describes an event for the timeline.
 *
 * @param event The event.
 * @returns A sentence without the name of the service.
 */
export function describeEvent({ type, data }: LoggedEvent): string {
  switch (type) {
    case "status":
      return describeStatus(data as { state: string; reason?: string });
    case "refresh":
      return describeRefresh(data as { services: string[]; failed: string[]; durationMs: number });
    case "balance":
      return describeBalance(data as unknown as BalanceData);
    default:
      return describeChange(data as unknown as ChangeData);
  }
}

interface BalanceData {
  readonly decision: string;
  readonly endpoint?: Endpoint;
  readonly reason?: string;
  readonly on?: boolean;
}

interface ChangeData {
  readonly added: readonly Endpoint[];
  readonly removed: readonly Endpoint[];
  readonly changed: readonly ChangedEndpoint[];
  readonly endpointCount: number;
}

function describeStatus({ state, reason }: { state: string; reason?: string }): string {
  return reason === undefined ? `is ${state}` : `is ${state}: ${reason}`;
}

function describeRefresh(
  { services, failed, durationMs }: { services: string[]; failed: string[]; durationMs: number },
): string {
  if (failed.length > 0) return `refresh failed for ${failed.join(", ")}`;
  const seconds = durationMs < 1_000 ? "" : ` in ${formatDuration(durationMs)}`;
  return `${formatCount(services.length, "service")} refreshed${seconds}`;
}

function describeBalance({ decision, endpoint, reason, on }: BalanceData): string {
  if (decision === "panic") {
    return on
      ? "too few endpoints are left: ejected ones are used as well"
      : "enough endpoints are left: ejected ones are no longer used";
  }
  return `${endpoint?.host} ${decision}${reason ? `: ${reason.replaceAll("_", " ")}` : ""}`;
}

function describeChange({ added, removed, changed, endpointCount }: ChangeData): string {
  const parts = [
    describeList(added.map(({ host }) => host), " joined"),
    describeList(removed.map(({ host }) => host), " left"),
    describeList(changed.map(describeDifference), ""),
  ];
  const text = parts.filter((part) => part !== "").join("; ");
  return `${text} (${formatCount(endpointCount, "endpoint")})`;
}

function describeList(items: readonly string[], verb: string): string {
  if (items.length === 0) return "";
  const more = items.length - MAX_NAMED;
  return `${items.slice(0, MAX_NAMED).join(", ")}${more > 0 ? ` and ${more} more` : ""}${verb}`;
}

/**
 * Describes what differs between two descriptions of an endpoint.
 *
 * @param change Both.
 * @returns Such as `10.0.0.1:80 status passing → warning`.
 */
export function describeDifference({ before, after }: ChangedEndpoint): string {
  const facts: [string, string, string][] = [
    ["address", before.host, after.host],
    ["status", before.status, after.status],
    ["weight", String(before.weight), String(after.weight)],
    ["zone", before.zone, after.zone],
    ["tags", before.tags.join(" "), after.tags.join(" ")],
    ["meta", metaText(before), metaText(after)],
  ];
  const differences = facts
    .filter(([, old, now]) => old !== now)
    .map(([name, old, now]) => `${name} ${old || "none"} → ${now || "none"}`);
  return `${after.host} ${differences.join(", ")}`;
}

function metaText({ meta }: Endpoint): string {
  return Object.entries(meta).map(([key, value]) => `${key}=${value}`).sort().join(" ");
}
