/**
 * What a failed request means for the next one.
 *
 * @module
 */
import { PilotedError } from "../errors.ts";
import type { LateParty } from "../registration_status.ts";
import type { AgentClient } from "./agent_client.ts";
import type { Definition } from "./definition.ts";
import type { RouteMonitor } from "./route_monitor.ts";

const FIRST_RETRY_MS = 250;

/**
 * Milliseconds from the beginning of a failed attempt to the next. They double from 250 to the
 * interval of heartbeats, and are never longer: the agent is found again within one interval.
 *
 * @param error Why it failed.
 * @param failureCount Failures in a row, from 1.
 * @param intervalMs Milliseconds between two heartbeats.
 * @param random Random numbers in [0, 1).
 */
export function retryDelayMs(
  error: PilotedError,
  failureCount: number,
  intervalMs: number,
  random: () => number,
): number {
  const isPatient = error.code === "REGISTRY_DENIED" || error.code === "REGISTRY_RESPONSE";
  const fullMs = isPatient ? intervalMs : FIRST_RETRY_MS * 2 ** Math.min(failureCount - 1, 20);
  return Math.min(intervalMs, fullMs) * (0.8 + 0.2 * random());
}

/**
 * Whether the agent may have been restarted meanwhile, so that the service is registered again.
 *
 * @param error Why a request failed.
 */
export function isConnectionLost({ code, status }: PilotedError): boolean {
  return code === "REGISTRY_DENIED" || code === "REGISTRY_UNREACHABLE" && status === undefined;
}

const NETWORK = /host name|unreachable|cannot be resolved|connection timed out|local address/;

/**
 * Who is to blame for a heartbeat that failed.
 *
 * @param error Why it failed.
 */
export function lateParty({ message }: PilotedError): LateParty {
  return NETWORK.test(message) ? "network" : "agent";
}

/**
 * The error for an address behind which there are several agents.
 *
 * @param setup The registration.
 * @param route What responded.
 */
export function misroutedError(
  { client, definition }: { readonly client: AgentClient; readonly definition: Definition },
  route: RouteMonitor,
): PilotedError {
  const { checkId, options: { name } } = definition;
  const { nodes } = route;
  const names = nodes.length > 1 ? ` (${nodes.join(", ")})` : "";
  const why = route.isMisrouted
    ? `requests to ${client.url} reach different agents${names}, as behind a load balancer; ` +
      "register at one agent: the one on this machine"
    : `the agent ${client.url} does not know check ${JSON.stringify(checkId)} that it has just ` +
      "accepted; is it one agent, or several behind a load balancer";
  return new PilotedError(
    "REGISTRY_RESPONSE",
    `Cannot keep service ${JSON.stringify(name)} registered: ${why}`,
    { service: name, url: client.url },
  );
}
