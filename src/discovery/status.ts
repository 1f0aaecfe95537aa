/**
 * What is known of a service, how fresh it is, and why it is not fresher.
 *
 * @module
 */
import type { PoolStatus } from "../balance/pool_status.ts";
import type { PilotedError } from "../errors.ts";
import type { Freshness } from "../source/source.ts";

/**
 * How a list stands:
 *
 * | state | meaning |
 * |---|---|
 * | `pending` | the registry has not answered yet |
 * | `live` | the last question was answered, and the list is that answer |
 * | `held` | the registry answered with an empty or much smaller list that is not believed (yet) |
 * | `stale` | the last question failed; the list is the last good one |
 * | `denied` | the registry refused the token; the list is the last good one |
 * | `restored` | the list comes from the snapshot file; the registry has not answered yet |
 * | `closed` | the client was closed |
 */
export type WatchState =
  | "pending"
  | "live"
  | "held"
  | "stale"
  | "denied"
  | "restored"
  | "closed";

/** One watch: a service, under a tag and in a datacenter where the configuration says so. */
export interface WatchStatus {
  /** Name of the service. */
  readonly service: string;
  /** Tag of the watch; `undefined` for all instances. */
  readonly tag: string | undefined;
  /** Datacenter of the watch; `undefined` for the agent's own. */
  readonly datacenter: string | undefined;
  /** How the list stands. */
  readonly state: WatchState;
  /** How many endpoints may be handed out. */
  readonly endpoints: number;
  /** How many instances the registry listed by status, whether handed out or not. */
  readonly statuses: Readonly<Record<"passing" | "warning" | "critical" | "maintenance", number>>;
  /** The registry's index of the list, a decimal string. */
  readonly index: string;
  /** When the registry last confirmed the list, in milliseconds since the Unix epoch. */
  readonly confirmedAt: number | undefined;
  /** Milliseconds since then. */
  readonly ageMs: number | undefined;
  /** When the list last changed, in milliseconds since the Unix epoch. */
  readonly changedAt: number | undefined;
  /** Why the list is not fresher, in words; `undefined` while `live`. */
  readonly reason: string | undefined;
  /** The last failure since the last success. */
  readonly error: PilotedError | undefined;
  /** Failures in a row. */
  readonly failures: number;
  /** When the registry is asked again, in milliseconds since the Unix epoch, while backing off. */
  readonly nextAttemptAt: number | undefined;
  /** What the registry said of the age of its last answer. */
  readonly freshness: Freshness;
}

/** One service that can be asked for: all its watches together. */
export interface ServiceStatus {
  /** Name of the service. */
  readonly service: string;
  /** The worst state of its watches. */
  readonly state: WatchState;
  /** How many endpoints are handed out. */
  readonly endpoints: number;
  /** Age of its oldest list in milliseconds; `undefined` until every watch was answered. */
  readonly ageMs: number | undefined;
  /** Why it is not fresher, in words; `undefined` while `live`. */
  readonly reason: string | undefined;
  /** The datacenter that stands in for the own one at present, with the option `failover`. */
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
}
