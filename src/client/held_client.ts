/**
 * A client of one endpoint and how often it is in use.
 *
 * @module
 */
import type { Lease } from "../balance/lease.ts";
import type { Clock, Timer } from "../clock.ts";
import type { Endpoint } from "../endpoint.ts";

/** A client for the time of some work. */
export interface UsedClient<Client> extends Disposable {
  /** The client. */
  readonly client: Client;
  /** Its endpoint. */
  readonly endpoint: Endpoint;
  /** Says that the work has ended. Only the first call has an effect. */
  readonly release: () => void;
}

/** A client that was opened, until it is to be closed. */
export class HeldClient<Client> {
  /** The client. */
  readonly client: Client;
  /** Its endpoint. */
  readonly endpoint: Endpoint;
  readonly #lease: Lease | undefined;
  #useCount = 0;
  #idle: (() => void) | undefined;

  /**
   * @param client The client.
   * @param endpoint Its endpoint.
   * @param lease Held for as long as the client is.
   */
  constructor(client: Client, endpoint: Endpoint, lease: Lease | undefined) {
    this.client = client;
    this.endpoint = endpoint;
    this.#lease = lease;
  }

  /** Counts some work. */
  use(): UsedClient<Client> {
    this.#useCount++;
    let used = true;
    const release = () => {
      if (used && --this.#useCount === 0) this.#idle?.();
      used = false;
    };
    return {
      client: this.client,
      endpoint: this.endpoint,
      release,
      [Symbol.dispose]: release,
    };
  }

  /**
   * Waits until nothing uses it.
   *
   * @param clock Time.
   * @param drainMs How long at most, in milliseconds.
   * @param outcome What its end says about the endpoint.
   */
  retire(clock: Clock, drainMs: number, outcome: "failure" | "unknown" = "unknown"): Promise<void> {
    this.#lease?.release(outcome);
    if (this.#useCount === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer: Timer = clock.start(() => resolve(), drainMs, true);
      this.#idle = () => {
        timer.cancel();
        resolve();
      };
    });
  }
}
