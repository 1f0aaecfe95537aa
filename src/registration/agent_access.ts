/**
 * What a registration needs to reach its Consul agent.
 *
 * @module
 */
import type { ConsulAddress, ConsulLink } from "../access/consul_access.ts";
import type { PilotedError } from "../errors.ts";
import { ConsulHttp } from "../source/consul_http.ts";

/** The agents of a configuration, of which one is used at a time. */
export interface AgentAccess {
  /** Address in the configuration, the first of several. */
  readonly url: string;
  /** The agent to use now. A configuration that is read again may name another one. */
  current(): Promise<AgentServer>;
  /** A request has failed: another agent may be used from now on. */
  failed(server: AgentServer, error: PilotedError): void;
  /** Closes the connections and gives up tokens. Never rejects. */
  close(): Promise<void>;
}

/** One agent. It is connected to when it is used, also after it was closed. */
export class AgentServer {
  /** Its address, without credentials. */
  readonly address: string;
  readonly #open: () => ConsulLink;
  #link: { readonly http: ConsulHttp; close(): Promise<void> } | undefined;
  #useCount = 0;
  #isRetired = false;

  /**
   * Creates it; nothing is opened yet.
   *
   * @param server Where it is.
   */
  constructor(server: ConsulAddress) {
    this.address = server.address;
    this.#open = () => server.open();
  }

  /**
   * Uses its connections, which stay open meanwhile.
   *
   * @param work Sends requests.
   * @throws {PilotedError} `CONFIG_INVALID` when the token can't be sent, and what `work` throws.
   */
  async use<T>(work: (http: ConsulHttp) => Promise<T>): Promise<T> {
    this.#useCount++;
    try {
      if (this.#link === undefined) {
        const link = this.#open();
        this.#link = { http: new ConsulHttp(link.http), close: () => link.close() };
      }
      return await work(this.#link.http);
    } finally {
      this.#useCount--;
      if (this.#isRetired) await this.close();
    }
  }

  /** Closes its connections once they are not used any more. Never rejects. */
  async close(): Promise<void> {
    this.#isRetired = true;
    if (this.#useCount > 0) return;
    const link = this.#link;
    this.#link = undefined;
    await link?.close().catch(() => {});
  }
}
