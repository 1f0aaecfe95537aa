/**
 * What a pool tells of its own decisions.
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

/** An endpoint was taken out for its failures, though the registry calls it healthy. */
export interface EjectedEvent {
  /** Which event. */
  readonly type: "ejected";
  /** The endpoint. */
  readonly endpoint: Endpoint;
  /** Why. */
  readonly reason: EjectionReason;
  /** How often by now, less what it has earned back. */
  readonly ejections: number;
  /** When it is probed, in milliseconds since the Unix epoch. */
  readonly ejectedUntil: number;
}

/** An endpoint is back. */
export interface ReadmittedEvent {
  /** Which event. */
  readonly type: "readmitted";
  /** The endpoint. */
  readonly endpoint: Endpoint;
}

/** So few endpoints are usable that ejections are ignored from now on, or no longer are. */
export interface PanicEvent {
  /** Which event. */
  readonly type: "panic";
  /** Whether ejections are ignored now. */
  readonly on: boolean;
  /** How many endpoints are not ejected. */
  readonly usable: number;
  /** How many there are. */
  readonly total: number;
}

/** What a pool tells of its own decisions. */
export type PoolEvent = EjectedEvent | ReadmittedEvent | PanicEvent;
