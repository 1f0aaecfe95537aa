/**
 * The agents.
 *
 * @module
 */
import * as http from "node:http";
import * as https from "node:https";
import type { Socket } from "node:net";
import type { Piloted } from "../../client/piloted.ts";
import { type PilotedAgentOptions, resolveAgentOptions } from "./agent_options.ts";
import type { AgentRequest, ConnectCallback, ConnectOptions } from "./agent_request.ts";
import { AgentRequests } from "./agent_requests.ts";

/** What Node's agents have and their types do not: called with every request. */
interface AddRequest {
  addRequest(request: AgentRequest, options: ConnectOptions): void;
}

/** What both of Node's agents have and their types describe differently. */
interface CreateConnection {
  createConnection(options: ConnectOptions): Socket;
}

const httpAgent = http.Agent.prototype as unknown as AddRequest & CreateConnection;
const httpsAgent = https.Agent.prototype as unknown as AddRequest & CreateConnection;

/**
 * An agent for `node:http` whose requests for a watched service go to a healthy endpoint, chosen for
 * each request. Connections are kept alive for each endpoint. An endpoint that can't be connected to is
 * replaced by another one before anything is sent; nothing is ever sent twice.
 *
 * @example
 * ```ts
 * import { createPiloted } from "@piloted/core";
 * import { PilotedAgent } from "@piloted/core/http-agent";
 * import { EmbeddedConsul } from "@piloted/core/testing";
 *
 * const consul = new EmbeddedConsul();
 * consul.register({ name: "customers", address: "10.0.0.1", port: 8080 });
 * await using piloted = await createPiloted({
 *   config: { consul: "127.0.0.1:8500", watches: [{ name: "customers" }] },
 *   fetch: consul.fetch,
 * });
 * const agent = new PilotedAgent(piloted);
 * // axios.create({ httpAgent: agent }), got.extend({ agent: { http: agent } }), fetch(url, { agent })
 * agent.destroy();
 * ```
 */
export class PilotedAgent extends http.Agent {
  readonly #requests: AgentRequests;

  /**
   * Creates an agent.
   *
   * @param piloted Gives endpoints.
   * @param options How requests for services are sent.
   * @param agentOptions Options of Node's agent. @default {{ keepAlive: true }}
   * @throws {TypeError} when an option is unknown or of the wrong type.
   * @throws {RangeError} when a number is out of its range.
   */
  constructor(
    piloted: Piloted<string>,
    options: PilotedAgentOptions = {},
    agentOptions: http.AgentOptions = {},
  ) {
    super({ keepAlive: true, ...agentOptions });
    this.#requests = new AgentRequests(piloted, resolveAgentOptions(options), this);
  }

  /** @internal Called by Node with every request. */
  addRequest(request: AgentRequest, options: ConnectOptions): void {
    const add = (options: ConnectOptions) => httpAgent.addRequest.call(this, request, options);
    this.#requests.send(request, options, add);
  }

  /** @internal Called by Node when a request needs a connection. */
  override createConnection(
    options: http.ClientRequestArgs,
    callback?: ConnectCallback,
  ): Socket {
    const socket = httpAgent.createConnection.call(this, options as ConnectOptions);
    return this.#requests.connect(options, socket, "connect", callback) as Socket;
  }

  /** Closes every connection, and stops watching for endpoints that go away. */
  override destroy(): void {
    this.#requests.close();
    super.destroy();
  }
}

/**
 * The same as {@linkcode PilotedAgent} for `node:https`: `https://customers/`. Certificates are
 * checked against the name of the service, unless `servername` says another one.
 */
export class PilotedHttpsAgent extends https.Agent {
  readonly #requests: AgentRequests;

  /**
   * Creates an agent.
   *
   * @param piloted Gives endpoints.
   * @param options How requests for services are sent.
   * @param agentOptions Options of Node's agent, such as `ca`. @default {{ keepAlive: true }}
   * @throws {TypeError} when an option is unknown or of the wrong type.
   * @throws {RangeError} when a number is out of its range.
   */
  constructor(
    piloted: Piloted<string>,
    options: PilotedAgentOptions = {},
    agentOptions: https.AgentOptions = {},
  ) {
    super({ keepAlive: true, ...agentOptions });
    this.#requests = new AgentRequests(piloted, resolveAgentOptions(options), this);
  }

  /** @internal Called by Node with every request. */
  addRequest(request: AgentRequest, options: ConnectOptions): void {
    const add = (options: ConnectOptions) => httpsAgent.addRequest.call(this, request, options);
    this.#requests.send(request, options, add);
  }

  /** @internal Called by Node when a request needs a connection. */
  override createConnection(
    options: http.ClientRequestArgs,
    callback?: ConnectCallback,
  ): Socket {
    const socket = httpsAgent.createConnection.call(this, options as ConnectOptions);
    return this.#requests.connect(options, socket, "secureConnect", callback) as Socket;
  }

  /** Closes every connection, and stops watching for endpoints that go away. */
  override destroy(): void {
    this.#requests.close();
    super.destroy();
  }
}
