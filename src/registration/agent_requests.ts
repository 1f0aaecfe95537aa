/**
 * Requests to a Consul agent, a few at a time.
 *
 * All registrations of a client share a few connections: an agent accepts 200 connections of one
 * address, and two hundred services must not need them all. A request waits for its turn, then has
 * a deadline. Requests that stop a registration have no time to wait and take no turn.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import { describeNetworkError } from "../describe_network_error.ts";
import { PilotedError, type PilotedErrorCode } from "../errors.ts";
import { readBody } from "../source/read_body.ts";
import { deadline } from "../wait.ts";
import type { AgentAccess } from "./agent_access.ts";

/** An agent that knows the check or service, or does not. */
export type AgentAnswer = "ok" | "unknown";

/** Where a registration belongs in Consul Enterprise; each is sent only when it is set. */
export interface Place {
  /** Namespace. */
  readonly namespace?: string | undefined;
  /** Admin partition. */
  readonly partition?: string | undefined;
}

/** One request. */
export interface AgentRequest extends RequestOptions {
  /** HTTP method. */
  readonly method: "GET" | "PUT";
  /** Path from `/v1`, with encoded ids. */
  readonly path: string;
  /** Parameters. */
  readonly query?: Readonly<Record<string, string>> | undefined;
  /** Body, sent as JSON. */
  readonly body?: unknown;
  /** What is done, for messages. */
  readonly action: string;
}

/** How a request is sent. */
export interface RequestOptions {
  /** Where the service belongs. */
  readonly place: Place;
  /** Time for the response, in milliseconds. */
  readonly timeoutMs: number;
  /** Whether it takes no turn: the removal, and what happens within a turn. */
  readonly urgent?: boolean | undefined;
  /** Keeps it from being sent; a request that was sent is not cut off, since it may be carried out. */
  readonly unless?: AbortSignal | undefined;
  /** Called when this process itself was held up, so that the deadline was noticed late. */
  readonly late?: (() => void) | undefined;
}

interface AgentResponse {
  readonly status: number;
  readonly text: string;
}

// Few enough for 200 services and their agent, enough for none of them to wait long.
const CONNECTIONS = 8;
const EXCERPT = 120;
// The checks of an agent with thousands of services come to a few megabytes.
const LARGEST_BODY = 16 * 1024 * 1024;

// The answers of agents to a heartbeat of a check, or the removal of a service, that they do not
// know: without ACLs to 1.10, with ACLs to 1.10, from 1.11 on.
const UNKNOWN = /does not have associated TTL|Unknown check|Unknown service|No service registered/i;

/** Sends requests to one agent. */
export class AgentRequests {
  readonly #access: AgentAccess;
  readonly #clock: Clock;
  readonly #background: boolean;
  #running = 0;
  readonly #waiting: (() => void)[] = [];
  readonly #waitingLast: (() => void)[] = [];

  /**
   * Creates it; nothing is sent yet.
   *
   * @param access How the agent is reached.
   * @param clock Time.
   * @param background Whether deadlines must not keep the process alive.
   */
  constructor(access: AgentAccess, clock: Clock, background: boolean) {
    this.#access = access;
    this.#clock = clock;
    this.#background = background;
  }

  /**
   * Changes something.
   *
   * @param request The request.
   * @returns Whether the agent knows what it is about.
   * @throws {PilotedError} why it was not done.
   */
  async put(request: AgentRequest): Promise<AgentAnswer> {
    const response = await this.#send(request);
    if (response.status === 200) return "ok";
    const { status, text } = response;
    if ((status === 404 || status === 500) && UNKNOWN.test(text)) return "unknown";
    throw await this.#refusal(request, response);
  }

  /**
   * Reads JSON.
   *
   * @param request The request.
   * @returns The response, of whatever type the caller expects.
   * @throws {PilotedError} why there is none.
   */
  async get<T>(request: AgentRequest): Promise<T> {
    const response = await this.#send(request);
    if (response.status !== 200) throw await this.#refusal(request, response);
    try {
      return JSON.parse(response.text) as T;
    } catch {
      const why = `the response must be JSON, received ${await this.#excerpt(response.text)}`;
      throw this.#error("REGISTRY_RESPONSE", request, why, { status: 200 });
    }
  }

  async #send(request: AgentRequest): Promise<AgentResponse> {
    if (request.urgent) return await this.#sendNow(request);
    return await this.turn(() => this.#sendNow(request), false);
  }

  /**
   * Waits for a turn and keeps it for several requests, which must be urgent: a service that was just
   * registered must not wait behind all others before it reports.
   *
   * @param work Sends them.
   * @param isFirst Whether it goes before requests that are not a part of a heartbeat.
   */
  async turn<T>(work: () => Promise<T>, isFirst = true): Promise<T> {
    if (this.#running < CONNECTIONS) this.#running++;
    else {await new Promise<void>((next) =>
        (isFirst ? this.#waiting : this.#waitingLast).push(next)
      );}
    try {
      return await work();
    } finally {
      // A turn is handed on, so that nobody can take it in between.
      const next = this.#waiting.shift() ?? this.#waitingLast.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }

  async #sendNow(request: AgentRequest): Promise<AgentResponse> {
    const { timeoutMs } = request;
    const token = await this.#access.token();
    request.unless?.throwIfAborted();
    return await deadline(this.#clock, (signal) => this.#exchange(request, token, signal), {
      timeoutMs,
      // A read changes nothing and may be cut off.
      signal: request.method === "GET" ? request.unless : undefined,
      background: this.#background,
      late: request.late,
      error: () =>
        this.#error("TIMEOUT", request, `no response within ${Math.round(timeoutMs)} ms`),
    });
  }

  async #exchange(
    request: AgentRequest,
    token: string | undefined,
    signal: AbortSignal,
  ): Promise<AgentResponse> {
    const { method, body } = request;
    try {
      const response = await this.#access.fetch(this.#urlOf(request), {
        method,
        headers: {
          Accept: "application/json",
          ...token && { "X-Consul-Token": token },
          ...body !== undefined && { "Content-Type": "application/json" },
        },
        ...body !== undefined && { body: JSON.stringify(body) },
        // A redirect could lead the token to another host.
        redirect: "manual",
        cache: "no-store",
        signal,
      });
      return { status: response.status, text: await readBody(response, LARGEST_BODY) ?? "" };
    } catch (cause) {
      if (signal.aborted) throw signal.reason;
      const known = cause instanceof PilotedError ? cause : undefined;
      const why = known?.message ?? describeNetworkError(cause);
      throw this.#error(known?.code ?? "REGISTRY_UNREACHABLE", request, why, { cause });
    }
  }

  #urlOf({ path, query = {}, place }: AgentRequest): string {
    const { namespace: ns, partition } = place;
    const all = { ...query, ...ns && { ns }, ...partition && { partition } };
    const parameters = Object.entries(all).map(([key, value]) =>
      `${key}=${encodeURIComponent(value)}`
    );
    const url = `${this.#access.url()}${path}`;
    return parameters.length === 0 ? url : `${url}?${parameters.join("&")}`;
  }

  async #refusal(request: AgentRequest, { status, text }: AgentResponse): Promise<PilotedError> {
    const received = `received ${status} ${await this.#excerpt(text)}`;
    if (status === 401 || status === 403) {
      const why = `the token is missing or lacks service:write, ${received}`;
      return this.#error("REGISTRY_DENIED", request, why, { status });
    }
    if (status >= 300 && status < 400 || status === 0) {
      const why = `redirects are not followed, received ${status}; is this address really Consul`;
      return this.#error("REGISTRY_RESPONSE", request, why, { status });
    }
    const code = status >= 500 || status === 429 ? "REGISTRY_UNREACHABLE" : "REGISTRY_RESPONSE";
    return this.#error(code, request, received, { status });
  }

  #error(
    code: PilotedErrorCode,
    { action }: AgentRequest,
    why: string,
    facts: { cause?: unknown; status?: number } = {},
  ): PilotedError {
    const url = this.#access.url();
    return new PilotedError(code, `Cannot ${action} at Consul's agent ${url}: ${why}`, {
      ...facts,
      url,
    });
  }

  /** The beginning of a body, without the token should the other side echo it. */
  async #excerpt(text: string): Promise<string> {
    const token = await this.#access.token();
    const clean = token ? text.replaceAll(token, "<token>") : text;
    const line = clean.trim().replace(/\s+/g, " ");
    if (line === "") return "an empty body";
    return JSON.stringify(line.length > EXCERPT ? `${line.slice(0, EXCERPT)}...` : line);
  }
}
