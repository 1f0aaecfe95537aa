/**
 * What the routes need of a client.
 *
 * @module
 */
import type { PilotedEvents, PilotedListener } from "../client/events.ts";
import type { PilotedStatus, ServiceStatus } from "../watch/status.ts";
import type { Endpoint } from "../endpoint.ts";

/** The part of `Piloted` that the routes use; anything that behaves so can be served. */
export interface LookupClient {
  /** Names of the watched services, in the configuration's order. */
  readonly services: readonly string[];
  /** Whether a refresh is under way that `service()` waits for. */
  readonly refreshing: boolean;
  /** The next endpoint, at once. */
  pick(name: string): Endpoint;
  /** The next endpoint, after a refresh under way. */
  service(name: string): Promise<Endpoint>;
  /** Every current endpoint: the same list for as long as nothing changes. */
  serviceHosts(name: string): readonly Endpoint[];
  /** What is known of all services. */
  status(): PilotedStatus;
  /** What is known of one service. */
  status(name: string): ServiceStatus;
  /** Reads everything again. */
  refresh(): Promise<void>;
  /**
   * Listens; the returned function ends it. A client that learns of changes only when it is asked
   * has no events.
   */
  on?<T extends keyof PilotedEvents>(
    type: T,
    listener: PilotedListener<T>,
    options?: { signal?: AbortSignal },
  ): () => void;
  /**
   * Makes sure that a list is there and fresh enough. A client that keeps its lists fresh by itself
   * has no need of it.
   *
   * @param name Name of a watched service.
   * @param waitUntil Takes work that goes on after the answer.
   * @returns What must be waited for, if anything.
   */
  load?(
    name: string,
    waitUntil?: (work: Promise<unknown>) => void,
  ): Promise<void> | undefined;
}
