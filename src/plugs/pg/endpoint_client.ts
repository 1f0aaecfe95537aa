/**
 * The clients of a pool.
 *
 * @module
 */
// @ts-types="npm:@types/pg@^8.11.0"
import type { Client } from "pg";
import { isEndpointFailure } from "./connect_failure.ts";
import type { EndpointLease, PoolEndpoints } from "./pool_endpoints.ts";

/** A class of node-postgres that the pool creates clients of. */
export type ClientClass = typeof Client;

/** Clients that are connected, and the hosts that they are connected to. */
export class PoolClients {
  readonly #hosts = new Map<Client, string>();
  readonly #ends = new Map<Client, Promise<void>>();

  /** Adds one, until it ends. */
  add(client: Client, lease: EndpointLease): void {
    this.#hosts.set(client, lease.endpoint.host);
    const ended = new Promise<void>((resolve) =>
      client.once("end", () => {
        this.#hosts.delete(client);
        this.#ends.delete(client);
        lease.release();
        resolve();
      })
    );
    this.#ends.set(client, ended);
  }

  /** The host that a client is connected to. */
  hostOf(client: object): string | undefined {
    return this.#hosts.get(client as Client);
  }

  /** Those that are connected to a host. */
  of(host: string): Client[] {
    return [...this.#hosts].filter(([, one]) => one === host).map(([client]) => client);
  }

  /** Resolves when a client has ended. */
  ended(client: Client): Promise<void> {
    return this.#ends.get(client) ?? Promise.resolve();
  }
}

/**
 * Creates the class that the pool instantiates for each connection.
 *
 * @param Base Class of node-postgres.
 * @param clients Gets those that are connected.
 * @param endpoints Says where to connect to.
 * @returns The class.
 */
export function endpointClient(
  Base: ClientClass,
  clients: PoolClients,
  endpoints: () => PoolEndpoints,
): ClientClass {
  return class EndpointClient extends Base {
    constructor(config?: ConstructorParameters<ClientClass>[0]) {
      super(config);
      // The query under way fails, and the pool removes it. A lost connection must not end the
      // process because nobody listens at that moment.
      this.on("error", () => {});
    }

    override connect(): Promise<this>;
    override connect(callback: (error: Error) => void): void;
    override connect(callback?: (error: Error) => void): Promise<this> | void {
      const connected = this.#connect();
      if (callback === undefined) return connected;
      connected.then(() => callback(undefined as unknown as Error), callback);
    }

    async #connect(): Promise<this> {
      const lease = await endpoints().acquire();
      const { address, port, host } = lease.endpoint;
      Object.assign(this, { host: address, port });
      try {
        await super.connect();
      } catch (error) {
        const hasFailed = isEndpointFailure(error);
        lease.release(hasFailed ? "failure" : "unknown");
        if (hasFailed) endpoints().fail(host);
        throw error;
      }
      lease.report?.();
      clients.add(this, lease);
      return this;
    }
  };
}
