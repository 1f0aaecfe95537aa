/**
 * Which watched service a host name means, for clients that pass the name of a service as a host.
 *
 * @module
 */
import { PilotedError } from "../errors.ts";

/** What is asked of a client. */
export interface NamedServices {
  /** Whether a service is watched now. */
  has(name: string): boolean;
  /** Names of the watched services. */
  readonly services: readonly string[];
  /** Aborts with a `CLOSED` error. */
  readonly closeSignal: AbortSignal;
  /** The configuration in use, which a closed client still has. */
  readonly config: { readonly watches: readonly { readonly name: string }[] };
}

/**
 * Finds services by host name. URLs lower their hosts and Consul compares names without case, so
 * `myservice` finds the watch `myService`. A name that was ever watched is never left to DNS: a request
 * with the caller's credentials would go to whatever host has that name.
 */
export class HostLookup {
  readonly #client: NamedServices;
  readonly #known = new Map<string, string>();

  /**
   * @param client Whose services are looked up.
   */
  constructor(client: NamedServices) {
    this.#client = client;
    this.#learn();
  }

  /**
   * Finds the service of a host.
   *
   * @param host Host name, without a port.
   * @returns Name of the service as it is watched; `undefined` when that host never was one.
   * @throws {PilotedError} `CLOSED` when it was watched by a client that is closed now,
   * `UNKNOWN_SERVICE` when it is not watched any more.
   */
  find(host: string): string | undefined {
    const client = this.#client;
    let known = this.#known.get(host);
    if (known === undefined || !client.has(known)) {
      this.#learn();
      const lower = host.toLowerCase();
      known = client.has(host) ? host : this.#known.get(lower);
      if (known === undefined) return undefined;
    }
    if (client.has(known)) return known;
    client.closeSignal.throwIfAborted();
    throw new PilotedError(
      "UNKNOWN_SERVICE",
      `Cannot send a request to ${known}: it was watched and is not any more; no other host of ` +
        "that name is asked",
      { service: known, services: client.services },
    );
  }

  #learn(): void {
    const names = [
      ...this.#client.services,
      ...this.#client.config.watches.map(({ name }) => name),
    ];
    for (const name of names) {
      this.#known.set(name, name);
      const lower = name.toLowerCase();
      // Of two names that differ in case only, each is found as it is written.
      if (!this.#client.has(this.#known.get(lower) ?? "")) this.#known.set(lower, name);
    }
  }
}
