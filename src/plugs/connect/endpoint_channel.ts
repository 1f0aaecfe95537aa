/**
 * The transport of one endpoint.
 *
 * @module
 */
import type { Transport } from "@connectrpc/connect";
import type { Http2SessionManager } from "@connectrpc/connect-node";
import { type Clock, systemClock } from "../../clock.ts";
import type { Endpoint } from "../../endpoint.ts";
import { schemeOf } from "../../endpoint_scheme.ts";
import { PilotedError } from "../../errors.ts";
import { abortable, deadline } from "../../wait.ts";
import { GuardedSessions } from "./guarded_sessions.ts";
import type { EndpointTarget, PilotedTransportOptions } from "./transport_options.ts";

/** A transport, its connection, and how many calls use it. */
export class EndpointChannel {
  /** The transport. */
  readonly transport: Transport;
  readonly #service: string;
  readonly #endpoint: Endpoint;
  readonly #sessions: Http2SessionManager;
  readonly #clock: Clock;
  readonly #options: PilotedTransportOptions;
  #callCount = 0;
  #idle: (() => void) | undefined;

  /**
   * @param service Name of the service.
   * @param endpoint The endpoint.
   * @param create Makes its transport.
   * @param options The user's.
   */
  constructor(
    service: string,
    endpoint: Endpoint,
    create: (target: EndpointTarget, endpoint: Endpoint) => Transport,
    options: PilotedTransportOptions,
  ) {
    const { scheme = "http", session, nodeOptions, clock = systemClock } = options;
    const baseUrl = `${schemeOf(endpoint, scheme)}://${endpoint.host}`;
    this.#service = service;
    this.#endpoint = endpoint;
    this.#options = options;
    this.#clock = clock;
    this.#sessions = new GuardedSessions(baseUrl, session, nodeOptions);
    const target = { baseUrl, httpVersion: "2", sessionManager: this.#sessions } as const;
    this.transport = create(target, endpoint);
  }

  /**
   * Connects, unless it is connected.
   *
   * @param signal Ends the wait.
   * @param limitMs How long it may take, in milliseconds.
   * @throws What made it fail; `TIMEOUT`; the signal's own reason when it aborts.
   */
  async connect(signal: AbortSignal | undefined, limitMs: number): Promise<void> {
    if (this.#sessions.state() === "open") return;
    const { connectTimeoutMs = 3_000 } = this.#options;
    const timeoutMs = Math.min(connectTimeoutMs, limitMs);
    const error = () =>
      new PilotedError(
        "TIMEOUT",
        `Cannot connect to ${this.#endpoint.host}: not connected within ${timeoutMs} ms`,
        { service: this.#service },
      );
    const state = await abortable(
      deadline(this.#clock, () => this.#sessions.connect(), { timeoutMs, error }),
      signal,
    );
    if (state === "error") throw this.#sessions.error();
  }

  /** Counts a call. Call what it returns at its end, once. */
  use(): () => void {
    this.#callCount++;
    return () => {
      if (--this.#callCount === 0) this.#idle?.();
    };
  }

  /** Closes the connection when no call uses it any more, or after `drainMs`. */
  async drain(): Promise<void> {
    const { drainMs = 30_000 } = this.#options;
    if (this.#callCount > 0) {
      await new Promise<void>((resolve) => {
        const timer = this.#clock.start(() => resolve(), drainMs, true);
        this.#idle = () => {
          timer.cancel();
          resolve();
        };
      });
    }
    this.#sessions.abort();
  }
}
