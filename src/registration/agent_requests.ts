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
import type { ConsulHttp } from "../source/consul_http.ts";
import { readBody } from "../source/read_body.ts";
import { deadline } from "../wait.ts";
import type { AgentAccess, AgentServer } from "./agent_access.ts";

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
  /** Whether it may be refused: a token that lacks a permission is then not taken for a bad one. */
  readonly isOptional?: boolean | undefined;
}

/** How a request is sent. */
export interface RequestOptions {
  /** Where the service belongs. */
  readonly place: Place;
  /** Time for the response, in milliseconds. */
  readonly timeoutMs: number;
  /** The agent that it is sent to. @default {the one in use} */
  readonly server?: AgentServer | undefined;
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
  /** Address of the agent. */
  readonly url: string;
  /** The token that was sent, to keep it out of messages. */
  readonly token: string | undefined;
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
  #token: string | undefined;
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
    const { status } = await this.#send(request, true);
    return status === 200 ? "ok" : "unknown";
  }

  /**
   * Reads JSON.
   *
   * @param request The request.
   * @returns The response, of whatever type the caller expects.
   * @throws {PilotedError} why there is none.
   */
  async get<T>(request: AgentRequest): Promise<T> {
    const response = await this.#send(request, false);
    try {
      return JSON.parse(response.text) as T;
    } catch {
      const why = `the response must be JSON, received ${excerptOf(response)}`;
      throw failure("REGISTRY_RESPONSE", request, response.url, why, { status: 200 });
    }
  }

  /** The token that was last sent. */
  get token(): string | undefined {
    return this.#token;
  }

  /**
   * What identifies the way to the agent in use.
   *
   * @param options Deadline.
   * @returns The agent, and the token that it receives.
   * @throws {PilotedError} when there should be a token and is not.
   */
  async way(options: RequestOptions): Promise<{ server: AgentServer; token: string | undefined }> {
    const server = await this.#access.current();
    const request: AgentRequest = { ...options, method: "GET", path: "", action: "get the token" };
    const read = (signal: AbortSignal) => server.use((http) => http.token(signal));
    try {
      const token = await this.#inTime(request, server.address, read);
      return { server, token };
    } catch (error) {
      if (error instanceof PilotedError) this.#access.failed(server, error);
      throw error;
    }
  }

  async #send(request: AgentRequest, mayBeUnknown: boolean): Promise<AgentResponse> {
    if (request.urgent) return await this.#sendNow(request, mayBeUnknown);
    return await this.turn(() => this.#sendNow(request, mayBeUnknown), false);
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

  async #sendNow(request: AgentRequest, mayBeUnknown: boolean): Promise<AgentResponse> {
    const server = request.server ?? await this.#access.current();
    request.unless?.throwIfAborted();
    const exchange = (signal: AbortSignal) =>
      server.use(async (http) => {
        const send = (token: string | undefined) => {
          request.unless?.throwIfAborted();
          return this.#exchange(request, http, token, { signal, mayBeUnknown });
        };
        if (request.isOptional) return await send(await http.token(signal));
        return await http.authorized(send, signal);
      });
    try {
      return await this.#inTime(request, server.address, exchange);
    } catch (error) {
      if (error instanceof PilotedError && error.code !== "CLOSED") {
        this.#access.failed(server, error);
      }
      throw error;
    }
  }

  /** The time for a token counts as well: a function that returns it may hang. */
  #inTime<T>(
    request: AgentRequest,
    url: string,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const { timeoutMs, late } = request;
    const why = `no response within ${Math.round(timeoutMs)} ms`;
    return deadline(this.#clock, work, {
      timeoutMs,
      // A read changes nothing and may be cut off.
      signal: request.method === "GET" ? request.unless : undefined,
      background: this.#background,
      late,
      error: () => failure("TIMEOUT", request, url, why),
    });
  }

  async #exchange(
    request: AgentRequest,
    http: ConsulHttp,
    token: string | undefined,
    { signal, mayBeUnknown }: { readonly signal: AbortSignal; readonly mayBeUnknown: boolean },
  ): Promise<AgentResponse> {
    const { method, body } = request;
    const { url } = http;
    this.#token = token;
    let response: AgentResponse;
    try {
      const { status, text } = await http.send(urlOf(url, request), token, {
        method,
        body: body === undefined ? undefined : JSON.stringify(body),
        signal,
      }).then(async (response) => ({
        status: response.status,
        text: await readBody(response, LARGEST_BODY) ?? "",
      }));
      response = { status, text, url, token };
    } catch (cause) {
      if (signal.aborted) throw signal.reason;
      const known = cause instanceof PilotedError ? cause : undefined;
      const why = known?.message ?? describeNetworkError(cause);
      throw failure(known?.code ?? "REGISTRY_UNREACHABLE", request, url, why, { cause });
    }
    const { status, text } = response;
    const isUnknown = (status === 404 || status === 500) && UNKNOWN.test(text);
    if (status === 200 || mayBeUnknown && isUnknown) return response;
    throw refusal(request, response);
  }
}

function urlOf(base: string, { path, query = {}, place }: AgentRequest): string {
  const { namespace: ns, partition } = place;
  const all = { ...query, ...ns && { ns }, ...partition && { partition } };
  const parameters = Object.entries(all).map(([key, value]) =>
    `${key}=${encodeURIComponent(value)}`
  );
  const url = `${base}${path}`;
  return parameters.length === 0 ? url : `${url}?${parameters.join("&")}`;
}

function refusal(request: AgentRequest, response: AgentResponse): PilotedError {
  const { status, url } = response;
  const received = `received ${status} ${excerptOf(response)}`;
  if (status === 401 || status === 403) {
    const why = `the token is missing or lacks service:write, ${received}`;
    return failure("REGISTRY_DENIED", request, url, why, { status });
  }
  if (status >= 300 && status < 400 || status === 0) {
    const why = `redirects are not followed, received ${status}; is this address really Consul`;
    return failure("REGISTRY_RESPONSE", request, url, why, { status });
  }
  const code = status >= 500 || status === 429 ? "REGISTRY_UNREACHABLE" : "REGISTRY_RESPONSE";
  return failure(code, request, url, received, { status });
}

function failure(
  code: PilotedErrorCode,
  { action }: AgentRequest,
  url: string,
  why: string,
  facts: { cause?: unknown; status?: number } = {},
): PilotedError {
  return new PilotedError(code, `Cannot ${action} at Consul's agent ${url}: ${why}`, {
    ...facts,
    url,
  });
}

/** The beginning of a body, without the token should the other side echo it. */
function excerptOf({ text, token }: AgentResponse): string {
  const clean = token ? text.replaceAll(token, "<token>") : text;
  const line = clean.trim().replace(/\s+/g, " ");
  if (line === "") return "an empty body";
  return JSON.stringify(line.length > EXCERPT ? `${line.slice(0, EXCERPT)}...` : line);
}
