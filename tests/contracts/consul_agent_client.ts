/**
 * The HTTP client that the contract of a Consul agent uses.
 */
import type { Fetch } from "../../src/platform_fetch.ts";
import type { TokenRules } from "../../src/testing/mod.ts";
import { assertEquals } from "@std/assert";
import type { ConsulFacts } from "./consul_facts.ts";
import { waitUntil } from "../support/wait_until.ts";

/** The agent under test: a real one, or the embedded one. */
export interface AgentUnderTest {
  /** Base of its URLs. */
  readonly url: string;
  /** Name of its node. */
  readonly node: string;
  /** The token that may do everything, if ACLs are enabled. */
  readonly token?: string | undefined;
  readonly fetch: Fetch;
  /** Adds a token with rules, if ACLs are enabled. */
  grant(secret: string, rules: TokenRules): Promise<void>;
  /** Removes such a token. */
  revoke(secret: string): Promise<void>;
  /** Prepares an auth method whose tokens may write the service that the credentials name. */
  authMethod(): Promise<TestAuthMethod>;
  stop(): Promise<void>;
}

/** An auth method. */
export interface TestAuthMethod {
  readonly name: string;
  /** Returns credentials for a service; none are accepted for "nobody". */
  bearer(service: string): Promise<string>;
}

/** Starts an agent with an empty catalog. */
export type StartAgent = (options: { acl: boolean }) => Promise<AgentUnderTest>;

/** A response with its whole body. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** The fields of an entry of `/v1/health/service/:name` that the contract checks. */
export interface HealthEntry {
  Node: Record<string, unknown>;
  Service: { ID: string; Tags: string[]; Port: number } & Record<string, unknown>;
  Checks: (
    & { CheckID: string; Status: string; Output: string; Notes: string; ServiceID: string }
    & Record<string, unknown>
  )[];
}

/** Sends requests to one agent. */
export class AgentClient {
  readonly agent: AgentUnderTest;
  /** What its version is expected to do. */
  readonly facts: ConsulFacts;
  /** Token of every request; `undefined` for none. */
  token: string | undefined;

  constructor(agent: AgentUnderTest, facts: ConsulFacts) {
    this.agent = agent;
    this.facts = facts;
    this.token = agent.token;
  }

  async ask(method: string, path: string, body?: string): Promise<Answer> {
    const response = await this.agent.fetch(`${this.agent.url}${path}`, {
      method,
      ...body !== undefined && { body },
      redirect: "manual",
      headers: this.token === undefined ? {} : { "X-Consul-Token": this.token },
    });
    return { status: response.status, headers: response.headers, text: await response.text() };
  }

  get(path: string): Promise<Answer> {
    return this.ask("GET", path);
  }

  /** Reads JSON and its index. Fails unless the status is 200. */
  async read<T>(path: string): Promise<{ value: T; index: string; headers: Headers }> {
    const { status, text, headers } = await this.get(path);
    assertEquals([status, headers.get("Content-Type")], [200, "application/json"], text);
    return { value: JSON.parse(text), index: headers.get("X-Consul-Index") ?? "", headers };
  }

  async health(query: string): Promise<HealthEntry[]> {
    return (await this.read<HealthEntry[]>(`/v1/health/service/${query}`)).value;
  }

  async healthIndex(query: string): Promise<string> {
    return (await this.read(`/v1/health/service/${query}`)).index;
  }

  /** All services with their tags. Waits for the one that the agent registers for itself. */
  async services(): Promise<Record<string, string[]>> {
    let value: Record<string, string[]> = {};
    await waitUntil(async () => {
      ({ value } = await this.read<Record<string, string[]>>("/v1/catalog/services"));
      return "consul" in value;
    });
    return value;
  }

  /** Sends JSON by PUT. Fails unless the status is 200. */
  async put(path: string, body?: unknown): Promise<Answer> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const answer = await this.ask("PUT", path, text);
    assertEquals(answer.status, 200, answer.text);
    return answer;
  }

  /** Registers a service with the agent and waits until the catalog has it. */
  async register(service: { Name: string; ID?: string } & Record<string, unknown>): Promise<void> {
    await this.put("/v1/agent/service/register", service);
    const id = service.ID ?? service.Name;
    await this.until(service.Name, (list) => list.some(({ Service }) => Service.ID === id));
  }

  /** Waits until the agent has written its own node, which changes indexes shortly after the start. */
  async settle(): Promise<void> {
    await this.register({ Name: "settled" });
    await this.until("settled", ([entry]) => Boolean(entry?.Node.TaggedAddresses));
  }

  /** Writes to the catalog directly, so that no wait is needed. */
  async write(node: string, service: Record<string, unknown>, check?: unknown): Promise<void> {
    await this.put("/v1/catalog/register", {
      Node: node,
      Address: "10.9.9.9",
      Service: service,
      Check: check,
    });
  }

  /** Waits for a state of a service, because an agent updates the catalog in the background. */
  async until(query: string, condition: (list: HealthEntry[]) => boolean): Promise<HealthEntry[]> {
    let list: HealthEntry[] = [];
    await waitUntil(async () => condition(list = await this.health(query)), 10_000, 5);
    return list;
  }

  /** Waits for a state of one check. */
  async untilCheck(
    service: string,
    check: string,
    condition: (check: HealthEntry["Checks"][number]) => boolean,
  ): Promise<void> {
    await this.until(service, (list) => {
      const found = list.flatMap(({ Checks }) => Checks).find(({ CheckID }) => CheckID === check);
      return found !== undefined && condition(found);
    });
  }
}

/** Removes the indexes, which depend on earlier writes. */
export function withoutIndexes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutIndexes);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== "CreateIndex" && key !== "ModifyIndex")
      .map(([key, entry]) => [key, withoutIndexes(entry)]),
  );
}
