/**
 * Where the connections of a pool go to.
 *
 * @module
 */
import { createConnection } from "node:net";
import type { Lease } from "../../balance/lease.ts";
import { follow, type Following } from "../../client/follow.ts";
import { isSelected } from "../../client/follow_options.ts";
import type { Piloted } from "../../client/piloted.ts";
import type { Endpoint } from "../../endpoint.ts";
import { onAbort } from "../../wait.ts";
import type { PilotedPoolOptions } from "./pool_options.ts";

/** An endpoint for the life of a connection. */
export type EndpointLease = Pick<Lease, "endpoint" | "report" | "release">;

/** The endpoints of a service, which of them can't be connected to, and which were left. */
export class PoolEndpoints {
  readonly #piloted: Piloted<string>;
  readonly #name: string;
  readonly #options: PilotedPoolOptions;
  readonly #following: Following<Endpoint>;
  readonly #connectionCounts = new Map<string, number>();
  readonly #failed = new Set<string>();
  readonly #left = new Set<string>();

  /**
   * @param piloted Lists endpoints.
   * @param name Name of the service.
   * @param options The user's.
   * @param leave Ends the connections to a host that was left; called when another one is open.
   */
  constructor(
    piloted: Piloted<string>,
    name: string,
    options: PilotedPoolOptions,
    leave: (host: string) => Promise<void>,
  ) {
    this.#piloted = piloted;
    this.#name = name;
    this.#options = options;
    this.#following = follow(piloted, name, {
      per: "endpoint",
      ...options,
      open: async (endpoint, signal) => {
        try {
          await tryConnection(endpoint, signal);
        } catch (error) {
          this.#failed.add(endpoint.host);
          throw error;
        }
        this.#failed.delete(endpoint.host);
        this.#left.delete(endpoint.host);
        return endpoint;
      },
      close: async ({ host }) => {
        // One that failed and is still listed is tried again; its connections may be well.
        if (this.#isWanted(host)) return;
        this.#left.add(host);
        await leave(host);
        this.#left.delete(host);
      },
    });
  }

  /**
   * Picks an endpoint for a connection; waits for one that can be connected to.
   *
   * @returns Its lease, to be released at the end of the connection.
   * @throws {PilotedError} `NO_ENDPOINTS`, `CLOSED`.
   */
  async acquire(): Promise<EndpointLease> {
    const lease = await this.#pick();
    const { host } = lease.endpoint;
    const count = (change: 1 | -1) => {
      const next = (this.#connectionCounts.get(host) ?? 0) + change;
      if (next === 0) this.#connectionCounts.delete(host);
      else this.#connectionCounts.set(host, next);
    };
    count(1);
    return {
      endpoint: lease.endpoint,
      report: (outcome) => lease.report?.(outcome),
      release(outcome) {
        count(-1);
        lease.release(outcome);
      },
    };
  }

  async #pick(): Promise<EndpointLease> {
    // Those that were not tried yet are as good as others, so that the first connections of a pool do
    // not all go to the endpoint that was fastest.
    const lease = this.#options.per === "service"
      ? undefined
      : this.#acquire(this.#fewest()) ?? this.#acquire(() => true);
    if (lease !== undefined) return lease;
    await this.#following.ready();
    const endpoint = this.#following.current;
    // Without a lease: it is not listed at this moment.
    return this.#acquire(({ host }) => host === endpoint.host) ?? { endpoint, release() {} };
  }

  /**
   * Selects the endpoints with the fewest connections, for their weight. The latency of connecting,
   * which is all that the balancer would learn, says nothing about queries.
   */
  #fewest(): (endpoint: Endpoint) => boolean {
    const load = ({ host, weight }: Endpoint) =>
      (this.#connectionCounts.get(host) ?? 0) / (weight || 1);
    const listed = this.#piloted.has(this.#name) ? this.#piloted.serviceHosts(this.#name) : [];
    const least = Math.min(...listed.filter((one) => this.#isUsable(one)).map(load));
    return (endpoint) => load(endpoint) <= least;
  }

  /** Says that a connection to a host could not be opened. */
  fail(host: string): void {
    for (const failed of this.#failed) if (!this.#isWanted(failed)) this.#failed.delete(failed);
    this.#failed.add(host);
    const found = this.#following.clients.find(({ endpoint }) => endpoint.host === host);
    if (found !== undefined) this.#following.replace(found.client);
  }

  #acquire(accept: (endpoint: Endpoint) => boolean): Lease | undefined {
    const exclude = (one: Endpoint) => !this.#isUsable(one) || !accept(one);
    try {
      return this.#piloted.acquire(this.#name, { exclude });
    } catch {
      return undefined;
    }
  }

  /** Whether connections to a host are to end. */
  hasLeft(host: string): boolean {
    return this.#left.has(host);
  }

  /** Ends following. */
  close(): Promise<void> {
    return this.#following.close();
  }

  #isUsable(endpoint: Endpoint): boolean {
    return !this.#failed.has(endpoint.host) && isSelected(this.#options, endpoint);
  }

  #isWanted(host: string): boolean {
    if (this.#piloted.closeSignal.aborted || !this.#piloted.has(this.#name)) return true;
    return this.#piloted.serviceHosts(this.#name)
      .some((one) => one.host === host && isSelected(this.#options, one));
  }
}

/** Connects to an endpoint, and closes the connection again. */
function tryConnection({ address, port }: Endpoint, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host: address, port });
    const remove = onAbort(signal, (reason) => socket.destroy(reason as Error));
    socket.once("connect", () => socket.destroy());
    socket.once("error", reject);
    socket.once("close", () => {
      remove();
      resolve();
    });
  });
}
