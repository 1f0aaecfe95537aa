/**
 * The contract between the discovery and a registry.
 *
 * @module
 */
import type { Endpoint } from "../endpoint.ts";
import type { PilotedError } from "../errors.ts";

/** What is asked of a registry. */
export interface Query {
  /** Name of the service. */
  readonly service: string;
  /** Only instances that carry this tag. */
  readonly tag?: string;
  /** Datacenter to ask; the agent's own where left out. */
  readonly datacenter?: string;
}

/**
 * How fresh an answer must be, in Consul's words ("Consistency Modes" and "Agent Caching" of its
 * HTTP API documentation): `default` the leader as it knows itself, `stale` any server, `consistent`
 * the leader after asking its peers, `cached` the local agent's cache.
 */
export type Consistency = "default" | "stale" | "consistent" | "cached";

/** How a question is asked. */
export interface ReadOptions {
  /** Answer only when the registry has gone past this index: a blocking query. */
  readonly index?: string;
  /** How long the registry may hold a blocking query, in milliseconds. */
  readonly waitMs?: number;
  /** How fresh the answer must be. @default {"stale"} */
  readonly consistency?: Consistency;
  /** Ends the question. Aborting closes the connection, but the registry works on until `waitMs` ends. */
  readonly signal?: AbortSignal;
}

/** What the registry says about the freshness of an answer; absent what it does not say. */
export interface Freshness {
  /** Milliseconds since the answering server last heard from the leader (`X-Consul-LastContact`). */
  readonly lastContactMs?: number;
  /** Whether the answering server knows a leader (`X-Consul-KnownLeader`). */
  readonly knownLeader?: boolean;
  /** Whether the agent's cache answered (`X-Cache`). */
  readonly cache?: "hit" | "miss";
  /** Age of the cached answer in milliseconds (`Age`). */
  readonly ageMs?: number;
}

/** One answer of a registry. */
export interface Reading {
  /** Every instance, in whatever health; the caller applies the health policy. Each identity at most once. */
  readonly endpoints: readonly Endpoint[];
  /** The registry's index: a decimal string, at least `"1"`; `"0"` where the registry has no index. */
  readonly index: string;
  /** What the registry says about the age of this answer. */
  readonly freshness: Freshness;
  /** One `ENDPOINT_INVALID` for every entry that was left out. */
  readonly skipped: readonly PilotedError[];
}

/** What a registry lists, service by service. */
export interface Summary {
  /** The registry's index: a decimal string. */
  readonly index: string;
  /** A text by service that is another one when instances come, go, or change their health. */
  readonly services: ReadonlyMap<string, string>;
}

/** Asks a registry. The only thing that knows a wire format; it never loops, waits or retries. */
export interface Source {
  /** Short name for messages and metrics, such as `"consul"`. */
  readonly name: string;
  /**
   * Asks once.
   *
   * @throws {PilotedError} `REGISTRY_UNREACHABLE` when nothing answered or there is no leader,
   * `REGISTRY_DENIED` on 401 and 403, `REGISTRY_RESPONSE` on any other answer that can't be taken.
   * @throws The signal's own reason when it aborts.
   */
  read(query: Query, options?: ReadOptions): Promise<Reading>;
  /**
   * Asks for a fingerprint of every service at once, where the registry has such a question: a
   * cheap way to learn which of many services changed.
   *
   * @throws as {@linkcode Source.read}.
   */
  summarize?(options?: ReadOptions): Promise<Summary>;
}
