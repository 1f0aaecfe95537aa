/**
 * The requests to a Consul agent that registration needs: `/v1/agent/service/...`,
 * `/v1/agent/check/...`, and a few reads.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import { PilotedError } from "../errors.ts";
import type { AgentAccess, AgentServer } from "./agent_access.ts";
import {
  type AgentAnswer,
  type AgentRequest,
  AgentRequests,
  type RequestOptions,
} from "./agent_requests.ts";

/** A check in the answer of `/v1/agent/checks`. */
interface AgentCheck {
  readonly CheckID?: string;
  readonly Notes?: string;
}

type CatalogRows = readonly { readonly ServiceID?: unknown }[] | null;

/** Sends requests to one agent. */
export class AgentClient {
  readonly #access: AgentAccess;
  readonly #requests: AgentRequests;

  /**
   * Creates a client; nothing is sent yet.
   *
   * @param access How the agent is reached.
   * @param clock Time.
   * @param background Whether deadlines must not keep the process alive.
   */
  constructor(access: AgentAccess, clock: Clock, background: boolean) {
    this.#access = access;
    this.#requests = new AgentRequests(access, clock, background);
  }

  /** Address of the agent in the configuration, without credentials. */
  get url(): string {
    return this.#access.url;
  }

  /** The token that was last sent, which must not be shown. */
  get token(): string | undefined {
    return this.#requests.token;
  }

  /**
   * The agent in use and the token that it receives. When one of them changes, a service has to be
   * registered again.
   *
   * @param options Deadline.
   * @throws {PilotedError} when there should be a token and is not.
   */
  way(options: RequestOptions): Promise<{ server: AgentServer; token: string | undefined }> {
    return this.#requests.way(options);
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
    await this.#requests.put({
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
    return this.#requests.put({
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
    return this.#requests.put({
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
    return this.#requests.put({
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
    const checks = await this.#requests.get<Record<string, AgentCheck> | null>({
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
  async node(options: RequestOptions): Promise<string | undefined> {
    try {
      const self = await this.#requests.get<{ Config?: { NodeName?: unknown } } | null>({
        method: "GET",
        path: "/v1/agent/self",
        action: "read the agent's name",
        isOptional: true,
        ...options,
        place: {},
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
    const rows = await this.#requests.get<CatalogRows>({ ...request, query }).catch((error) => {
      // Not everything that speaks Consul's API knows filters.
      if (error instanceof PilotedError && error.status === 400) {
        return this.#requests.get<CatalogRows>(request);
      }
      throw error;
    });
    return Array.isArray(rows) && rows.some(({ ServiceID }) => ServiceID === id);
  }

  /**
   * Keeps a turn for a heartbeat and what belongs to it.
   *
   * @param work Sends urgent requests.
   */
  turn<T>(work: () => Promise<T>): Promise<T> {
    return this.#requests.turn(work);
  }

  /** Closes the connections. */
  close(): Promise<void> {
    return this.#access.close();
  }
}
