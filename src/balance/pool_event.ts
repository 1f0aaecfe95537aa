/**
 * Events of a pool.
 *
 * @module
 */
import type { Endpoint } from "../endpoint.ts";

/** Why an endpoint was ejected. */
export type EjectionReason =
  | "consecutive_failures"
  | "probe_failed"
  | "success_rate"
  | "failure_percentage";

/** An endpoint was ejected for its failures although the registry lists it as healthy. */
export interface EjectedEvent {
  /** Type of the event. */
  readonly type: "ejected";
  /** The endpoint. */
  readonly endpoint: Endpoint;
  /** Which rule ejected it. */
  readonly reason: EjectionReason;
  /** How often it was ejected, less one for each interval without an ejection. */
  readonly ejectionCount: number;
  /** When it may be probed, in milliseconds since the Unix epoch. */
  readonly ejectedUntil: number;
}

/** An ejected endpoint gets requests again. */
export interface ReadmittedEvent {
  /** Type of the event. */
  readonly type: "readmitted";
  /** The endpoint. */
  readonly endpoint: Endpoint;
}

/** Panic began or ended: while too few endpoints are usable, ejections are ignored. */
export interface PanicEvent {
  /** Type of the event. */
  readonly type: "panic";
  /** Whether ejections are ignored from now on. */
  readonly on: boolean;
  /** How many endpoints are not ejected. */
  readonly usableCount: number;
  /** How many endpoints there are, not counting those in maintenance. */
  readonly totalCount: number;
}

/** Any event of a pool. */
export type PoolEvent = EjectedEvent | ReadmittedEvent | PanicEvent;
