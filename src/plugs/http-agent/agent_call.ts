/**
 * One request of an agent.
 *
 * @module
 */
import { errorMonitor } from "node:events";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Lease, Outcome } from "../../balance/lease.ts";
import { systemClock, type Timer } from "../../clock.ts";
import type { Endpoint } from "../../endpoint.ts";
import { PilotedError } from "../../errors.ts";
import {
  type Add,
  type AgentContext,
  type AgentRequest,
  CALL,
  type ConnectingCall,
  type ConnectOptions,
} from "./agent_request.ts";

// "HTTP Semantics", RFC 9110, 9.2.2.
const IDEMPOTENT = ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"];

/** Chooses an endpoint for a request and holds its lease. */
export class AgentCall implements ConnectingCall {
  /** Name of the service. */
  readonly service: string;
  /** The connection that is being made for it. */
  connecting: Socket | undefined;
  /** Why the last connection could not be made. */
  connectError: Error | undefined;
  readonly #requests: AgentContext;
  readonly #request: AgentRequest;
  readonly #options: ConnectOptions;
  readonly #add: Add;
  readonly #tried: Endpoint[] = [];
  #lease: Lease | undefined;
  #timer: Timer | undefined;
  #destroyedByCaller = false;
  #reason: Error | undefined;

  /**
   * @param requests All requests of the agent.
   * @param service Name of the service.
   * @param request The request.
   * @param options Where to, as the client says.
   * @param add Adds it to Node's agent.
   */
  constructor(
    requests: AgentContext,
    service: string,
    request: AgentRequest,
    options: ConnectOptions,
    add: Add,
  ) {
    this.#requests = requests;
    this.service = service;
    this.#request = request;
    this.#options = options;
    this.#add = add;
  }

  /** Its endpoint at present. */
  get endpoint(): Endpoint | undefined {
    return this.#lease?.endpoint;
  }

  /** Sends it to a first endpoint. */
  start(): void {
    const request = this.#request;
    const { onSocket, destroy } = request;
    request.onSocket = (socket, error) => {
      // Only what certainly was not sent yet may be sent elsewhere.
      if (error && error === this.connectError && this.#next()) return;
      if (!error) this.#connected();
      onSocket.call(request, socket, error);
    };
    request.destroy = (error) => {
      this.#destroyedByCaller = true;
      this.#reason = error;
      destroy.call(request, error);
      // Node knows nothing of this connection yet.
      this.connecting?.destroy(error);
      return request;
    };
    request.prependOnceListener("response", (response) => this.#responded(response));
    request.once(errorMonitor, () => this.#failed());
    request.once("close", () => this.#closed());
    this.#send();
  }

  /** Sends it once more, when the platform does so: never for the caller who gave it up. */
  again(): void {
    this.#settle("unknown");
    const request = this.#request;
    if (this.#destroyedByCaller || !IDEMPOTENT.includes(request.method)) {
      const hangUp = Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });
      return request.onSocket(undefined, this.#reason ?? hangUp);
    }
    try {
      this.#send();
    } catch (error) {
      request.onSocket(undefined, error as Error);
    }
  }

  #send(): void {
    const { piloted, options } = this.#requests;
    const exclude = (endpoint: Endpoint) => this.#tried.some(({ host }) => host === endpoint.host);
    const key = options.key?.(this.#request);
    this.#lease = piloted.acquire(this.service, { key, exclude });
    const { address, port, host } = this.#lease.endpoint;
    if (options.hostHeader === "endpoint" && !this.#request.headersSent) {
      this.#request.setHeader("Host", host);
    }
    const servername = this.#options.servername ?? this.service;
    this.#add({
      ...this.#options,
      host: address,
      hostname: address,
      port,
      servername,
      [CALL]: this,
    });
  }

  /** Sends it to another endpoint, when the last one could not be connected to. */
  #next(): boolean {
    const lease = this.#lease;
    if (lease === undefined || this.#destroyedByCaller) return false;
    lease.release("failure");
    this.#tried.push(lease.endpoint);
    if (this.#tried.length >= this.#requests.options.maxAttempts) return false;
    try {
      this.#send();
      return true;
    } catch {
      // None is left, or the client was closed: the failed connection says more.
      return false;
    }
  }

  #connected(): void {
    const { attemptTimeoutMs } = this.#requests.options;
    if (attemptTimeoutMs === Infinity || this.#request.destroyed) return;
    this.#timer = systemClock.start(() => {
      this.#lease?.release("failure");
      this.#request.destroy(
        new PilotedError(
          "TIMEOUT",
          `Cannot request ${this.service}: no response from ${this.endpoint?.host} within ` +
            `${attemptTimeoutMs} ms`,
          { service: this.service },
        ),
      );
    }, attemptTimeoutMs);
  }

  #responded(response: IncomingMessage): void {
    this.#settle(outcomeOf(response.statusCode ?? 0));
    // Without any listener Node reads the body away, and this one must not change that.
    if (this.#request.listenerCount("response") === 0) response.resume();
  }

  #failed(): void {
    // A kept connection that the endpoint closed at this moment says nothing about the endpoint.
    const isUnknown = this.#destroyedByCaller || this.#request.reusedSocket;
    this.#settle(isUnknown ? "unknown" : "failure");
  }

  #closed(): void {
    const { socket, upgradeOrConnect } = this.#request as AgentRequest & {
      upgradeOrConnect?: boolean;
    };
    if (!upgradeOrConnect || !socket || socket.destroyed) return this.#settle("unknown");
    // It counts as busy for as long as the connection lives, and a long life is no latency.
    this.#timer?.cancel();
    socket.once("close", () => this.#settle("unknown"));
  }

  #settle(outcome: Outcome): void {
    this.#timer?.cancel();
    this.#lease?.release(outcome);
  }
}

// A 429 says that the endpoint works, and nothing about its latency.
function outcomeOf(status: number): Outcome {
  if (status === 429) return "unknown";
  return status >= 500 ? "failure" : "success";
}
