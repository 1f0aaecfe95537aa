/**
 * All requests of one agent.
 *
 * @module
 */
import type * as http from "node:http";
import type { Socket } from "node:net";
import { systemClock } from "../../clock.ts";
import { HostLookup } from "../../client/host_lookup.ts";
import type { Piloted } from "../../client/piloted.ts";
import type { Endpoint } from "../../endpoint.ts";
import { PilotedError } from "../../errors.ts";
import { AgentCall } from "./agent_call.ts";
import type { ResolvedAgentOptions } from "./agent_options.ts";
import {
  type Add,
  type AgentContext,
  type AgentRequest,
  CALL,
  type ConnectCallback,
  type ConnectOptions,
} from "./agent_request.ts";

/** Sends requests for services to endpoints. */
export class AgentRequests implements AgentContext {
  /** Gives endpoints. */
  readonly piloted: Piloted<string>;
  /** Options. */
  readonly options: ResolvedAgentOptions;
  readonly #agent: http.Agent;
  readonly #hosts: HostLookup;
  readonly #removeListener: () => void;
  readonly #calls = new WeakMap<AgentRequest, AgentCall>();

  /**
   * @param piloted Gives endpoints.
   * @param options Options.
   * @param agent The agent, whose idle connections to endpoints that went away are closed.
   */
  constructor(piloted: Piloted<string>, options: ResolvedAgentOptions, agent: http.Agent) {
    this.piloted = piloted;
    this.options = options;
    this.#agent = agent;
    this.#hosts = new HostLookup(piloted);
    this.#removeListener = piloted.on("change", ({ removed, changed }) => {
      const moved = changed.filter(({ before, after }) => before.host !== after.host);
      this.#closeIdle([...removed, ...moved.map(({ before }) => before)]);
    });
  }

  /**
   * Sends a request.
   *
   * @param request The request.
   * @param options Where to, as the client says.
   * @param add Adds it to Node's agent.
   */
  send(request: AgentRequest, options: ConnectOptions, add: Add): void {
    // Deno sends a request again by itself when a kept connection was closed under it.
    const known = this.#calls.get(request);
    if (known !== undefined) return known.again();
    try {
      const host = options.host ?? options.hostname ?? "";
      const service = this.#hosts.find(host);
      if (service === undefined) {
        if (this.options.unknownHosts === "pass-through") return add(options);
        throw new PilotedError(
          "UNKNOWN_SERVICE",
          `Cannot send a request to ${host}: it is not a watched service, and unknownHosts is "reject"`,
          { service: host, services: this.piloted.services },
        );
      }
      checkPort(service, request, options);
      const call = new AgentCall(this, service, request, options, add);
      this.#calls.set(request, call);
      const loading = this.piloted.load(service);
      if (loading === undefined) return call.start();
      loading.then(() => call.start(), (error) => request.onSocket(undefined, error));
    } catch (error) {
      request.onSocket(undefined, error as Error);
    }
  }

  /**
   * Waits for a connection to an endpoint, so that another one can be tried when there will be none.
   *
   * @param options What the connection is for.
   * @param socket The connection.
   * @param event Emitted by it when something can be sent.
   * @param callback Called when it is made, or can't be made.
   * @returns The connection, when there is nothing to wait for.
   */
  connect(
    options: object,
    socket: Socket,
    event: "connect" | "secureConnect",
    callback: ConnectCallback | undefined,
  ): Socket | undefined {
    const call = (options as ConnectOptions)[CALL];
    const { maxSockets, maxTotalSockets } = this.#agent;
    // Node counts only sockets that it gets at once.
    const isLimited = maxSockets < Infinity || maxTotalSockets < Infinity;
    if (call === undefined || callback === undefined || isLimited) return socket;
    const { connectTimeoutMs } = this.options;
    const timer = systemClock.start(() => {
      socket.destroy(
        new PilotedError(
          "TIMEOUT",
          `Cannot connect to ${call.endpoint?.host}: no connection within ${connectTimeoutMs} ms`,
          { service: call.service },
        ),
      );
    }, connectTimeoutMs);
    let failure: Error | undefined;
    const failed = (error: Error) => failure ??= error;
    // Stays: an error may come before the request has added its own listener.
    socket.on("error", failed);
    const end = (error: Error | null) => {
      timer.cancel();
      socket.off(event, connected);
      socket.off("close", closed);
      call.connecting = undefined;
      if (error !== null) {
        call.connectError = error;
        // Node made an empty list for the connection, and would keep it for ever.
        const name = this.#agent.getName(options);
        if (this.#agent.sockets[name]?.length === 0) {
          delete (this.#agent.sockets as Record<string, unknown>)[name];
        }
      }
      callback(error, error === null ? socket : undefined);
    };
    const connected = () => end(null);
    const closed = () => end(failure ?? new Error("Connection closed before it was made"));
    socket.once(event, connected);
    socket.once("close", closed);
    call.connecting = socket;
    return undefined;
  }

  /** Stops watching. */
  close(): void {
    this.#removeListener();
  }

  #closeIdle(gone: readonly Endpoint[]): void {
    for (const { address, port } of gone) {
      const start = `${address}:${port}:`;
      for (const [name, sockets] of Object.entries(this.#agent.freeSockets)) {
        if (name.startsWith(start)) { for (const socket of sockets ?? []) socket.destroy(); }
      }
    }
  }
}

function checkPort(service: string, request: AgentRequest, options: ConnectOptions): void {
  const { port } = options;
  const standard = request.protocol === "https:" ? 443 : 80;
  if (!port || Number(port) === standard) return;
  throw new PilotedError(
    "UNKNOWN_SERVICE",
    `Cannot send a request to ${service}:${port}: ${service} is a watched service, whose ports ` +
      "come from the registry; leave the port out of the URL",
    { service },
  );
}
