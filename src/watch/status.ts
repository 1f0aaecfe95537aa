/**
 * What is known of a service, how fresh it is, and why it is not fresher.
 *
 * @module
 */
import type { PoolStatus } from "../balance/pool_status.ts";
import type { InstanceCounts, PilotedError } from "../errors.ts";
import type { Reach } from "../reach.ts";
import type { RegistrationStatus } from "../registration_status.ts";
import type { Freshness } from "../source/source.ts";

/**
 * State of a list:
 *
 * | state | meaning |
 * |---|---|
 * | `pending` | the registry has not responded yet |
 * | `live` | the last query succeeded, and the list is its result |
 * | `unconfirmed` | the registry responded with an empty or much smaller list, or one whose nodes have all failed, which is not accepted (yet) |
 * | `stale` | the last query failed, was refused by a limit, or no entry can be used; the list is the last good one |
 * | `denied` | the registry rejected the token, or hides instances from it; the list is the last good one |
 * | `restored` | the list comes from the snapshot file; the registry has not responded yet |
 * | `closed` | the client was closed |
 */
export type WatchStateName =
  | "pending"
  | "live"
  | "unconfirmed"
  | "stale"
  | "denied"
  | "restored"
  | "closed";

/** One watch: a service, under a tag and in a datacenter where the configuration says so. */
export interface WatchStatus extends Reach {
  /** Name of the service. */
  readonly service: string;
  /** Tag of the watch; `undefined` for all instances. */
  readonly tag: string | undefined;
  /** Datacenter of the watch; `undefined` for the agent's own. */
  readonly datacenter: string | undefined;
  /** How the list stands. */
  readonly state: WatchStateName;
  /** Number of endpoints that may be handed out. */
  readonly endpointCount: number;
  /** Instances that the registry listed by status, whether handed out or not. */
  readonly instanceCounts: InstanceCounts;
  /** Why instances were skipped: the first few reasons. */
  readonly skippedReasons: readonly string[];
  /** Position of the list in the registry (Consul's index); `undefined` where it has none. */
  readonly position: string | undefined;
  /** When the registry last confirmed the list, in milliseconds since the Unix epoch. */
  readonly confirmedAt: number | undefined;
  /** Milliseconds since then. */
  readonly ageMs: number | undefined;
  /** When the list last changed, in milliseconds since the Unix epoch. */
  readonly changedAt: number | undefined;
  /**
   * Why the list is not fresher, in words. `undefined` while `live`, except when the list may be empty
   * because no token was sent.
   */
  readonly reason: string | undefined;
  /** What overrides the registry, such as `$PILOTED_STATIC_CUSTOMERS`; `undefined` where nothing does. */
  readonly override: string | undefined;
  /** The last failure since the last success. */
  readonly error: PilotedError | undefined;
  /** Failures in a row. */
  readonly failureCount: number;
  /** When the next query is due, in milliseconds since the Unix epoch, while backing off. */
  readonly nextAttemptAt: number | undefined;
  /** What the registry said of the age of its last answer. */
  readonly freshness: Freshness;
}

/** One service that can be asked for: all its watches together. */
export interface ServiceStatus {
  /** Name of the service. */
  readonly service: string;
  /** The worst state of its watches. */
  readonly state: WatchStateName;
  /** Number of endpoints that are handed out. */
  readonly endpointCount: number;
  /** Age of its oldest list in milliseconds; `undefined` until every watch was answered. */
  readonly ageMs: number | undefined;
  /** Why it is not fresher, in words; `undefined` while `live`. */
  readonly reason: string | undefined;
  /**
   * The datacenter that stands in for the own one at present, or `peer:` and the name of a peer,
   * with the option `failover`.
   */
  readonly failover: string | undefined;
  /** What was learned of its endpoints: load, latency, ejections. */
  readonly balance: PoolStatus;
  /** Its watches, in the configuration's order, then those of standby datacenters. */
  readonly watches: readonly WatchStatus[];
}

/** The client as a whole. */
export interface PilotedStatus {
  /** `idle` before `config()`, `starting` until every service was asked once, `closed` after `close()`. */
  readonly state: "idle" | "starting" | "ready" | "closed";
  /** Address of the registry, without credentials. */
  readonly registry: string | undefined;
  /** Whether a refresh is under way. */
  readonly refreshing: boolean;
  /** Every watched service, in the configuration's order. */
  readonly services: readonly ServiceStatus[];
  /** What this process has registered, in the order of registering. */
  readonly registrations: readonly RegistrationStatus[];
}
