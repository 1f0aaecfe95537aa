/**
 * Why a list is not fresher, and why it is empty, in words.
 *
 * @module
 */
import type { InstanceCounts, PilotedError } from "../errors.ts";
import type { Query } from "../source/source.ts";
import type { Doubt } from "./empty_list_guard.ts";
import type { HealthPolicy } from "./policies.ts";
import type { WatchStateName } from "./status.ts";
import { reasonAfter } from "./unusable_list.ts";

const DOUBTS: Readonly<Record<Doubt, string>> = {
  empty: "the registry suddenly lists no instance",
  smaller: "the registry suddenly lists few instances",
  nodes: "every instance is critical by the check of its node alone",
};
const DENIED_BY_DEFAULT =
  "the registry denies by default and no token is sent, so it may hide every instance";

/** What {@linkcode stateReason} is made of. */
export interface StateFacts {
  /** How the list stands. */
  readonly state: WatchStateName;
  /** The last failure since the last success. */
  readonly error: PilotedError | undefined;
  /** Whether the list may be empty because no token was sent. */
  readonly isDeniedByDefault: boolean;
}

/** Why a list is not fresher; `undefined` when there is nothing to say. */
export function stateReason(
  { state, error, isDeniedByDefault, doubt, override }: StateFacts & {
    readonly doubt: Doubt | undefined;
    readonly override?: string | undefined;
  },
): string | undefined {
  switch (state) {
    case "live":
      if (override !== undefined) return `overridden by ${override}; the registry is not read`;
      return isDeniedByDefault ? DENIED_BY_DEFAULT : undefined;
    case "unconfirmed":
      return `${DOUBTS[doubt ?? "empty"]}; the last list stays until that is confirmed`;
    case "closed":
      return "the client was closed";
    default:
      return failedReason(error);
  }
}

/** State of a list that was read, but whose source cannot vouch for it. */
export function stateAfter(failure: PilotedError | undefined): WatchStateName {
  if (failure === undefined) return "live";
  return failure.code === "REGISTRY_DENIED" ? "denied" : "stale";
}

function failedReason(error: PilotedError | undefined): string {
  if (error === undefined) return "the registry has not responded yet";
  const { message, limit } = error;
  return limit === "rate" ? `the registry limits the rate of reads: ${message}` : message;
}

/** What {@linkcode emptyReason} is made of. */
export interface EmptyFacts extends StateFacts {
  /** What the last reading listed. */
  readonly instances: InstanceCounts;
  /** Why instances were left out. */
  readonly skipped: readonly PilotedError[];
  /** How many instances there are without the tag, where that is known. */
  readonly untagged: number | undefined;
  /** Which instances may be handed out. */
  readonly health: HealthPolicy;
}

/** Why there is no endpoint to hand out, with counts. */
export function emptyReason({ service, tag }: Query, facts: EmptyFacts): string {
  const { listed, skipped, passing, warning, critical, maintenance } = facts.instances;
  if (listed > 0 && skipped === listed && facts.error?.code === "REGISTRY_RESPONSE") {
    return reasonAfter(service, listed, facts.skipped[0]);
  }
  if (facts.error !== undefined) return failedReason(facts.error);
  if (facts.state === "pending") return "the registry has not responded yet";
  if (listed === 0) {
    if (tag && facts.untagged) return `${count(facts.untagged)}, none with tag ${tag}`;
    if (facts.isDeniedByDefault) return DENIED_BY_DEFAULT;
    return `the registry lists no instance of ${JSON.stringify(service)}; check the name`;
  }
  const parts = Object.entries({ passing, warning, critical, maintenance, skipped })
    .filter(([, number]) => number > 0);
  const [name, number] = parts[0]!;
  const policy = warning > 0 ? `, and the health policy is ${facts.health}` : "";
  return number === listed
    ? `${count(listed)}, all ${name === "maintenance" ? "in maintenance" : name}${policy}`
    : `${count(listed)}: ${parts.map(([name, number]) => `${number} ${name}`).join(", ")}${policy}`;
}

function count(instances: number): string {
  return instances === 1 ? "1 instance" : `${instances} instances`;
}
