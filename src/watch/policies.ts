/**
 * Which instances may be handed out, and which lists are accepted.
 *
 * @module
 */
import type { EndpointStatus } from "../endpoint.ts";

/**
 * Which instances may be handed out.
 *
 * - `"passing"`: only those whose checks all pass.
 * - `"warning"` (default): passing and warning ones; Consul's weights for the two states apply.
 * - `"any"`: also critical ones, but never those in maintenance.
 */
export type HealthPolicy = "passing" | "warning" | "any";

/**
 * When a list is accepted that is suddenly empty, or from which most instances are gone at once.
 *
 * - `"confirm"` (default): the last list stays until the leader has confirmed the new one twice.
 * - `"keep"`: the last list stays until a better one arrives.
 * - `"accept"`: every response is accepted.
 */
export type EmptyPolicy = "confirm" | "keep" | "accept";

/** Whether the policy lets an instance of this status be handed out. */
export function isUsable(status: EndpointStatus, policy: HealthPolicy): boolean {
  if (status === "passing") return true;
  if (status === "warning") return policy !== "passing";
  return status === "critical" && policy === "any";
}
