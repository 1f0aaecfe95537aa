/**
 * What goes into the state of a list, and what comes out of it.
 *
 * @module
 */
import type { Endpoint } from "../endpoint.ts";
import type { PilotedError } from "../errors.ts";
import type { Change } from "../snapshot.ts";
import type { EmptyPolicy, HealthPolicy, NodeFailurePolicy } from "./policies.ts";

/** A list of a former run. */
export interface Restored {
  /** Endpoints as they were. */
  readonly endpoints: readonly Endpoint[];
  /** When the registry had confirmed them, in milliseconds since the Unix epoch. */
  readonly confirmedAt: number;
}

/** Options of a a `WatchState`. */
export interface WatchStateOptions {
  /** Which instances may be handed out. */
  readonly health: HealthPolicy;
  /** Whether a list that is suddenly empty is accepted. */
  readonly emptyPolicy: EmptyPolicy;
  /** Whether it is accepted that every instance is critical by the check of its node alone. */
  readonly nodeFailurePolicy?: NodeFailurePolicy | undefined;
  /** Own zone: with one, every listed instance is kept, since zones need them. */
  readonly zone?: string | undefined;
}

/** What an update led to. */
export interface StateUpdate {
  /** Whether the registry's list is in use now. */
  readonly accepted: boolean;
  /** What changed in the list. */
  readonly change: Change | undefined;
  /** Whether the state is another one now. */
  readonly stateChanged: boolean;
  /** Failures that were not reported before. */
  readonly errors: readonly PilotedError[];
  /** Why the response was no list that can be used; the state has taken it already. */
  readonly refusal?: PilotedError | undefined;
}
