/**
 * The contract between a client and a registry.
 *
 * @module
 */
import type { Endpoint, EndpointStatus } from "../endpoint.ts";
import type { PilotedError } from "../errors.ts";
import type { Reach } from "../reach.ts";

/** What is read from a registry. */
export interface Query extends Reach {
  /** Name of the service; its case does not matter, as in Consul. */
  readonly service: string;
  /** Only instances that carry this tag, in any case, as Consul compares. */
  readonly tag?: string | undefined;
  /** Datacenter to read from; the agent's own where left out. */
  readonly datacenter?: string | undefined;
}

/**
 * How fresh a response must be, in Consul's words ("Consistency Modes" and "Agent Caching" of its
 * HTTP API documentation): `default` the leader as it knows itself, `stale` any server, `consistent`
 * the leader after checking with its peers, `cached` the local agent's cache.
 */
export type Consistency = "default" | "stale" | "consistent" | "cached";

/** Options of {@linkcode Source.read}. */
export interface ReadOptions {
  /** Respond only when the registry has moved past this position: a blocking query. */
  readonly position?: string | undefined;
  /** Maximum time that the registry may hold a blocking query, in milliseconds. */
  readonly waitMs?: number | undefined;
  /** How fresh the response must be. @default {"stale"} */
  readonly consistency?: Consistency | undefined;
  /** Whether the response has the checks of every instance as well. @default {false} */
  readonly checks?: boolean | undefined;
  /** Aborts the read. That closes the connection, but the registry works on until `waitMs` ends. */
  readonly signal?: AbortSignal | undefined;
}

/** One health check of an instance, as the registry has it. */
export interface CheckResult {
  /** Name for people, such as `"disk space"`; its id where it has none. */
  readonly name: string;
  /** Its status. */
  readonly status: EndpointStatus;
  /** What it last said, at most 4,096 characters; `""` for nothing. */
  readonly output: string;
}

/** What the registry says about the freshness of a response; absent what it does not say. */
export interface Freshness {
  /** Milliseconds since the responding server last heard from the leader (`X-Consul-LastContact`). */
  readonly lastContactMs?: number | undefined;
  /** Whether the responding server knows a leader (`X-Consul-KnownLeader`). */
  readonly knownLeader?: boolean | undefined;
  /** Whether the response came from the agent's cache (`X-Cache`). */
  readonly cache?: "hit" | "miss" | undefined;
  /** Age of the cached response in milliseconds (`Age`). */
  readonly ageMs?: number | undefined;
  /**
   * What the agent made the response of (`X-Consul-Query-Backend`): its own copy, which the servers
   * keep up to date by a stream, or a query of the servers.
   */
  readonly backend?: "streaming" | "blocking-query" | undefined;
}

/** What another Piloted, whose list this is, knows of its age. */
export interface Standing {
  /** Milliseconds since the registry itself confirmed the list. */
  readonly ageMs: number;
  /** Why the list could not be confirmed since; `undefined` while it is confirmed. */
  readonly failure: PilotedError | undefined;
  /** Whether the other's guard has let this list replace the one that was read before. */
  readonly isAccepted: boolean;
}

/** One response of a registry. */
export interface Reading {
  /** Every instance, whatever its status; the caller applies the health policy. Each identity at most once. */
  readonly endpoints: readonly Endpoint[];
  /** `ENDPOINT_INVALID` for the first few entries that were left out. */
  readonly skipped: readonly PilotedError[];
  /** Number of entries that were left out. */
  readonly skippedCount: number;
  /** Where to wait for the next change, opaque to the caller; `undefined` where the source cannot wait. */
  readonly position: string | undefined;
  /** What the registry says about the age of this response. */
  readonly freshness: Freshness;
  /** Whether the registry left out instances that the token may not read. @default {false} */
  readonly hidden?: boolean | undefined;
  /**
   * Whether the registry shows nothing to those without a token, and no token was sent.
   *
   * @default {false}
   */
  readonly deniedByDefault?: boolean | undefined;
  /**
   * Number of endpoints that are critical only because the check of their node is: Consul's gossip
   * (`serfHealth`) says so, and not a check of the service.
   *
   * @default {0}
   */
  readonly nodeFailedCount?: number | undefined;
  /** What overrides the registry, such as `$PILOTED_STATIC_CUSTOMERS`; absent where nothing does. */
  readonly override?: string | undefined;
  /**
   * The checks of each endpoint, in the order of `endpoints`, where the read wanted them and the registry
   * has checks.
   *
   * @default {undefined}
   */
  readonly checks?: readonly (readonly CheckResult[])[] | undefined;
  /** What is known of the list where it comes from another Piloted. @default {undefined} */
  readonly standing?: Standing | undefined;
}

/** What a registry lists, service by service. */
export interface Summary {
  /** Where to wait for the next change; `undefined` where the source cannot wait. */
  readonly position: string | undefined;
  /** For each service a text that differs when instances come, go, or change their health. */
  readonly services: ReadonlyMap<string, string>;
}

/** Names of the services in a registry. */
export interface Listing {
  /** Where to wait for the next change; `undefined` where the source cannot wait. */
  readonly position: string | undefined;
  /** For each service the tags of its instances. */
  readonly services: ReadonlyMap<string, readonly string[]>;
}

/** What {@linkcode Source.list} lists. */
export type ListQuery = Pick<Query, "datacenter" | "peer" | "namespace" | "partition">;

/** Reads a registry. The only thing that knows a wire format; it never loops, waits or retries. */
export interface Source {
  /** Short name for messages and metrics, such as `"consul"`. */
  readonly name: string;
  /** Where it reads, for messages, such as `"Consul at http://consul:8500"`. @default {its name} */
  readonly place?: string;
  /**
   * Reads a service once.
   *
   * @throws {PilotedError} `REGISTRY_UNREACHABLE` when there was no response or there is no leader,
   * `REGISTRY_DENIED` for 401 and 403, `REGISTRY_RESPONSE` for any other response that can't be used.
   * @throws The signal's own reason when it aborts.
   */
  read(query: Query, options?: ReadOptions): Promise<Reading>;
  /**
   * Reads a fingerprint of every service at once, where the registry has such a query: a cheap way
   * to learn which of many services changed.
   *
   * @throws as {@linkcode Source.read}.
   */
  summarize?(options?: ReadOptions): Promise<Summary>;
  /**
   * Lists the names of all services, where the registry can: for watches that follow a pattern.
   *
   * @param query Where to list.
   * @throws as {@linkcode Source.read}.
   */
  list?(query?: ListQuery, options?: ReadOptions): Promise<Listing>;
  /**
   * Whether one position lies behind another, where positions can be compared: the sign of a
   * registry that was restored or replaced, or of a server that lags. Without it no position ever does.
   *
   * @param position A position that was just read.
   * @param known A position that was read before.
   */
  isBehind?(position: string, known: string): boolean;
}
