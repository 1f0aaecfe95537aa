/**
 * The agents that a configuration names.
 *
 * A service is registered at one agent, so one is used until it is gone; then the next one is used,
 * where the service is registered as soon as its next heartbeat is sent.
 *
 * @module
 */
import { type ConsulAccess, consulAccess } from "../access/consul_access.ts";
import { isSameConsul } from "../access/same_consul.ts";
import type { Clock } from "../clock.ts";
import type { ConsulConfig } from "../config/config.ts";
import type { PilotedError } from "../errors.ts";
import type { Fetch } from "../platform_fetch.ts";
import { type AgentAccess, AgentServer } from "./agent_access.ts";

/** What is needed to reach the agents. */
export interface AgentServersOptions {
  /** Where Consul is now; a reload may change it. */
  readonly consul: () => ConsulConfig;
  /** Sends the requests. @default {the runtime's, with the configured TLS} */
  readonly fetch: Fetch | undefined;
  /** Time. */
  readonly clock: Clock;
  /** Random numbers in [0, 1). */
  readonly random: () => number;
}

/**
 * The agents of a configuration. Their connections are those of registrations alone, so that blocking
 * queries never delay a heartbeat.
 */
export class AgentServers implements AgentAccess {
  readonly #options: AgentServersOptions;
  readonly #failedAt = new Map<string, number>();
  #consul: ConsulConfig;
  #access: ConsulAccess;
  #server: Promise<AgentServer> | undefined;
  /** That of `#server`, once it is known. */
  #current: AgentServer | undefined;
  readonly #opened = new Set<AgentServer>();

  /**
   * Creates it; nothing is opened yet.
   *
   * @param options What it needs.
   */
  constructor(options: AgentServersOptions) {
    this.#options = options;
    this.#consul = options.consul();
    this.#access = accessTo(this.#consul, options);
  }

  /** Address in the configuration, the first of several. */
  get url(): string {
    return this.#options.consul().url;
  }

  /** The agent to use now. */
  current(): Promise<AgentServer> {
    const consul = this.#options.consul();
    if (!isSameConsul(consul, this.#consul)) {
      const old = [...this.#opened];
      const { close } = this.#access;
      this.#opened.clear();
      this.#access = accessTo(consul, this.#options);
      this.#server = undefined;
      void Promise.all(old.map((server) => server.close())).then(close);
    }
    this.#consul = consul;
    return this.#server ??= this.#choose();
  }

  /** Uses another agent from now on when this one is gone, unless there is no other. */
  failed(server: AgentServer, { code, status }: PilotedError): void {
    const isGone = code === "TIMEOUT" || code === "REGISTRY_UNREACHABLE" && status === undefined;
    if (!isGone || this.#access.only !== undefined || server !== this.#current) return;
    this.#failedAt.set(server.address, this.#options.clock.now());
    this.#current = undefined;
    this.#server = undefined;
  }

  /** Closes the connections and gives up tokens. */
  async close(): Promise<void> {
    await Promise.all([...this.#opened].map((server) => server.close()));
    await this.#access.close();
  }

  async #choose(): Promise<AgentServer> {
    const { only } = this.#access;
    const failedAt = ({ address }: { address: string }) => this.#failedAt.get(address) ?? 0;
    // The order stays for those that have not failed.
    const found = only === undefined ? await this.#access.find() : [only];
    const [first] = found.toSorted((a, b) => failedAt(a) - failedAt(b));
    const known = [...this.#opened].find(({ address }) => address === first!.address);
    const server = known ?? new AgentServer(first!);
    this.#opened.add(server);
    return this.#current = server;
  }
}

/** A refused heartbeat does not wait for another token, which the next one sends. */
function accessTo(consul: ConsulConfig, options: AgentServersOptions): ConsulAccess {
  return consulAccess(consul, { ...options, graceMs: 0 });
}
