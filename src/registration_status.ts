/**
 * What is known of a registration of this process.
 *
 * @module
 */
import type { PilotedError } from "./errors.ts";

/** Status of a check, as in Consul. */
export type CheckHealth = "passing" | "warning" | "critical";

/**
 * State of a registration:
 *
 * | state | meaning |
 * |---|---|
 * | `pending` | not registered yet: the first attempt is under way, or a first passing check is awaited |
 * | `registered` | the agent has it, and accepted the last heartbeat |
 * | `lost` | the agent does not respond, or refuses; registering goes on |
 * | `denied` | the agent rejects the token; registering goes on |
 * | `misrouted` | heartbeats reach different agents: the address is that of a load balancer |
 * | `stopping` | being deregistered and drained |
 * | `closed` | deregistered for good |
 */
export type RegistrationState =
  | "pending"
  | "registered"
  | "lost"
  | "denied"
  | "misrouted"
  | "stopping"
  | "closed";

/** Who was late when a TTL expired before the next heartbeat was accepted. */
export type LateParty = "event-loop" | "check" | "agent" | "network";

/** A TTL that expired between two heartbeats. */
export interface MissedTtl {
  /** When the heartbeat after it was accepted, in milliseconds since the Unix epoch. */
  readonly at: number;
  /** Milliseconds between the two heartbeats. */
  readonly gapMs: number;
  /** What took most of the time. */
  readonly late: LateParty;
  /** The same in words, with what was measured. */
  readonly reason: string;
}

/** Durations of heartbeats, as a histogram. */
export interface HeartbeatLatency {
  /** Number of heartbeats that were accepted. */
  readonly count: number;
  /** Sum of their durations in milliseconds. */
  readonly sumMs: number;
  /** Upper limit of each bucket in milliseconds and how many heartbeats fell into it, not cumulated. */
  readonly buckets: readonly { readonly maxMs: number; readonly count: number }[];
  /** Duration of the last one in milliseconds. */
  readonly lastMs: number | undefined;
}

/** One registration, as it stands. */
export interface RegistrationStatus {
  /** Name of the service. */
  readonly service: string;
  /** Id of the instance, unique on its agent. */
  readonly id: string;
  /** Registered address; `""` for the agent's own. */
  readonly address: string;
  /** Registered port. */
  readonly port: number;
  /** How it stands. */
  readonly state: RegistrationState;
  /** What the heartbeats report. */
  readonly health: CheckHealth;
  /** Output of the check. */
  readonly output: string;
  /** Why it is in maintenance by `maintenance()` of the handle; `undefined` when it is not. */
  readonly maintenance: string | undefined;
  /** Whether the catalog was seen to list it since it was last registered. */
  readonly listed: boolean;
  /** Name of the agent's node, where the agent tells. */
  readonly node: string | undefined;
  /** When the agent last accepted it or a heartbeat, in milliseconds since the Unix epoch. */
  readonly confirmedAt: number | undefined;
  /** How often it was registered again after the first time. */
  readonly reregistrationCount: number;
  /** Failures in a row. */
  readonly failureCount: number;
  /** Why it is not registered, in words; `undefined` while `registered`. */
  readonly reason: string | undefined;
  /** The last failure since the last success. */
  readonly error: PilotedError | undefined;
  /** The last TTL that expired between two heartbeats. */
  readonly missedTtl: MissedTtl | undefined;
  /** How many TTLs expired between two heartbeats. */
  readonly missedTtlCount: number;
  /** How long heartbeats take. */
  readonly latency: HeartbeatLatency;
}
