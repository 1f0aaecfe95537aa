/**
 * The requests to a Consul agent that registration needs: `/v1/agent/service/...`,
 * `/v1/agent/check/...`, and two reads.
 *
 * All registrations of a client share one `AgentClient`, and with it a few connections: an agent
 * accepts 200 connections of one address, and two hundred services must not need them all. A
 * request waits for its turn, then has a deadline. Requests that stop a registration have no time to
 * wait and take no turn.
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
interface AgentRequest {
  readonly method: "GET" | "PUT";
  /** Path from `/v1`, with encoded ids. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>> | undefined;
  readonly body?: unknown;
  /** What is done, for messages. */
  readonly action: string;
  readonly place: Place;
  readonly timeoutMs: number;
  readonly urgent?: boolean | undefined;
  readonly unless?: AbortSignal | undefined;
  readonly late?: (() => void) | undefined;
}

/** How a request is sent. */
export interface RequestOptions {
  /** Where the service belongs. */
  readonly place: Place;
  /** Time for the response, in milliseconds. */
  readonly timeoutMs: number;
  /** Keeps it from being sent; a request that was sent is not cut off, since it may be carried out. */
  readonly unless?: AbortSignal | undefined;
  /** Called when this process itself was held up, so that the deadline was noticed late. */
  readonly late?: (() => void) | undefined;
}

interface AgentResponse {
  readonly status: number;
  readonly text: string;
}

/** A check in the answer of `/v1/agent/checks`. */
interface AgentCheck {
  readonly CheckID?: string;
  readonly Notes?: string;
}

type CatalogRows = readonly { readonly ServiceID?: unknown }[] | null;

// Few enough for 200 services and their agent, enough for none of them to wait long.
const CONNECTIONS = 8;
const EXCERPT = 120;
// The checks of an agent with thousands of services come to a few megabytes.
const LARGEST_BODY = 16 * 1024 * 1024;

// The answers of agents to a heartbeat of a check, or the removal of a service, that they do not
// know: without ACLs to 1.10, with ACLs to 1.10, from 1.11 on.
const UNKNOWN = /does not have associated TTL|Unknown check|Unknown service|No service registered/i;

/** Sends requests to one agent. */
export class AgentClient {
  readonly #access: AgentAccess;
  readonly #clock: Clock;
  readonly #background: boolean;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  /**
   * Creates a client; nothing is sent yet.
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

  /** Address of the agent, without credentials. */
  get url(): string {
    return this.#access.url();
  }

  /**
   * What identifies the way to the agent: it changes with the address and the token, after which a
   * service has to be registered again.
   */
  async identity(): Promise<string> {
    return `${this.#access.url()} ${await this.#access.token() ?? ""}`;
  }

  /**
   * Registers a service, over one with the same id.
   *
   * @param body Body of `/v1/agent/service/register`.
   * @param options `replaceChecks` removes its checks that the body does not name.
   * @throws {PilotedError} `REGISTRY_DENIED`, `REGISTRY_UNREACHABLE`, `REGISTRY_RESPONSE` or `TIMEOUT`.
   */
  async register(
    body: { readonly Name: string },
    { replaceChecks, ...options }: RequestOptions & { readonly replaceChecks: boolean },
  ): Promise<void> {
    await this.#put({
      method: "PUT",
      path: "/v1/agent/service/register",
      query: replaceChecks ? { "replace-existing-checks": "true" } : {},
      body,
      action: `register service ${JSON.stringify(body.Name)}`,
      ...options,
    });
  }

  /**
   * Reports the state of a TTL check.
   *
   * @param id Id of the check.
   * @param report Status and output.
   * @param options Deadline and place.
   * @returns `"unknown"` when the agent has no such check.
   * @throws {PilotedError} as {@linkcode AgentClient.register}.
   */
  report(
    id: string,
    report: { readonly Status: string; readonly Output: string },
    options: RequestOptions,
  ): Promise<AgentAnswer> {
    return this.#put({
      method: "PUT",
      path: `/v1/agent/check/update/${encodeURIComponent(id)}`,
      body: report,
      action: `report check ${JSON.stringify(id)}`,
      ...options,
    });
  }

  /**
   * Removes a service.
   *
   * @param id Its id.
   * @param options Deadline and place.
   * @returns `"unknown"` when the agent did not have it.
   * @throws {PilotedError} as {@linkcode AgentClient.register}.
   */
  deregister(id: string, options: RequestOptions): Promise<AgentAnswer> {
    return this.#put({
      method: "PUT",
      path: `/v1/agent/service/deregister/${encodeURIComponent(id)}`,
      action: `deregister service instance ${JSON.stringify(id)}`,
      urgent: true,
      ...options,
    });
  }

  /**
   * Enables or disables maintenance of a service.
   *
   * @param id Its id.
   * @param reason Why; `undefined` disables it.
   * @param options Deadline and place.
   * @returns `"unknown"` when the agent does not have it.
   * @throws {PilotedError} as {@linkcode AgentClient.register}.
   */
  maintain(
    id: string,
    reason: string | undefined,
    options: RequestOptions,
  ): Promise<AgentAnswer> {
    return this.#put({
      method: "PUT",
      path: `/v1/agent/service/maintenance/${encodeURIComponent(id)}`,
      query: reason === undefined ? { enable: "false" } : { enable: "true", reason },
      action: `change the maintenance of service instance ${JSON.stringify(id)}`,
      ...options,
    });
  }

  /**
   * The reason of a service's maintenance.
   *
   * @param id Id of the service.
   * @param options Deadline and place.
   * @returns The reason, `undefined` when it is in none.
   * @throws {PilotedError} as {@linkcode AgentClient.register}.
   */
  async maintenanceOf(
    id: string,
    options: RequestOptions,
  ): Promise<string | undefined> {
    const checkId = `_service_maintenance:${id}`;
    const checks = await this.#get<Record<string, AgentCheck> | null>({
      method: "GET",
      path: "/v1/agent/checks",
      query: { filter: `CheckID == ${JSON.stringify(checkId)}` },
      action: "read the agent's checks",
      ...options,
    });
    const check = Object.values(checks ?? {}).find(({ CheckID }) => CheckID === checkId);
    return check === undefined ? undefined : check.Notes ?? "";
  }

  /**
   * Name of the agent's node.
   *
   * @param options Deadline.
   * @returns The name, `undefined` when the agent does not tell.
   */
  async node(options: { timeoutMs: number }): Promise<string | undefined> {
    try {
      const self = await this.#get<{ Config?: { NodeName?: unknown } } | null>({
        method: "GET",
        path: "/v1/agent/self",
        action: "read the agent's name",
        place: {},
        ...options,
      });
      const name = self?.Config?.NodeName;
      return typeof name === "string" && name !== "" ? name : undefined;
    } catch {
      // It needs the permission agent:read, which an application rarely has.
      return undefined;
    }
  }

  /**
   * Whether the catalog lists an instance.
   *
   * @param service Name of the service.
   * @param id Id of the instance.
   * @param options Deadline and place.
   * @throws {PilotedError} as {@linkcode AgentClient.register}.
   */
  async isListed(
    service: string,
    id: string,
    options: RequestOptions,
  ): Promise<boolean> {
    const request: AgentRequest = {
      method: "GET",
      path: `/v1/catalog/service/${encodeURIComponent(service)}`,
      action: `read service ${JSON.stringify(service)}`,
      ...options,
    };
    const query = { filter: `ServiceID == ${JSON.stringify(id)}` };
    const rows = await this.#get<CatalogRows>({ ...request, query }).catch((error) => {
      // Not everything that speaks Consul's API knows filters.
      if (error instanceof PilotedError && error.status === 400) {
        return this.#get<CatalogRows>(request);
      }
      throw error;
    });
    return Array.isArray(rows) && rows.some(({ ServiceID }) => ServiceID === id);
  }

  /** Closes the connections. */
  close(): Promise<void> {
    return this.#access.close();
  }

  async #put(request: AgentRequest): Promise<AgentAnswer> {
    const response = await this.#send(request);
    if (response.status === 200) return "ok";
    const { status, text } = response;
    if ((status === 404 || status === 500) && UNKNOWN.test(text)) return "unknown";
    throw await this.#refusal(request, response);
  }

  async #get<T>(request: AgentRequest): Promise<T> {
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
    if (!request.urgent) await this.#enter();
    try {
      const { timeoutMs } = request;
      const token = await this.#access.token();
      request.unless?.throwIfAborted();
      return await deadline(this.#clock, (signal) => this.#exchange(request, token, signal), {
        timeoutMs,
        background: this.#background,
        late: request.late,
        error: () =>
          this.#error("TIMEOUT", request, `no response within ${Math.round(timeoutMs)} ms`),
      });
    } finally {
      if (!request.urgent) this.#leave();
    }
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
    const { url } = this;
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

  async #enter(): Promise<void> {
    if (this.#running >= CONNECTIONS) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#running++;
    }
  }

  // A turn is handed on, so that nobody can take it in between.
  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running--;
    else next();
  }
}
