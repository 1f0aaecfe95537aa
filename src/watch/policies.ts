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
 * - `"keep"`: as `"confirm"` for a list that is smaller; an empty one is never accepted.
 * - `"accept"`: every response is accepted.
 */
export type EmptyPolicy = "confirm" | "keep" | "accept";

/**
 * When it is accepted that every instance is critical by the check of its node alone (Consul's
 * `serfHealth`). That says that other agents do not hear from a node. When it hits every instance of
 * a service within a few seconds, it is more often the network between the agents than the service.
 *
 * - `"confirm"` (default): the last list stays until the leader has confirmed it twice.
 * - `"keep"`: the last list stays until at least one instance is back, or a check of the service
 *   itself fails.
 * - `"accept"`: every response is accepted.
 */
export type NodeFailurePolicy = "confirm" | "keep" | "accept";

/** Whether the policy lets an instance of this status be handed out. */
export function isUsable(status: EndpointStatus, policy: HealthPolicy): boolean {
  if (status === "passing") return true;
  if (status === "warning") return policy !== "passing";
  return status === "critical" && policy === "any";
}
