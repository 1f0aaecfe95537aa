/**
 * What the contract of a Consul agent speaks with it through.
 */
import type { Fetch } from "../../src/platform_fetch.ts";
import { assertEquals } from "@std/assert";
import { waitUntil } from "../support/wait_until.ts";

/** An agent that the contract is run against: a real one, or the embedded one. */
export interface AgentUnderTest {
  /** Base of its URLs. */
  readonly url: string;
  /** Name of its node. */
  readonly node: string;
  /** The token that may do everything, where access control is on. */
  readonly token?: string;
  readonly fetch: Fetch;
  stop(): Promise<void>;
}

/** Starts an agent with an empty catalog. */
export type StartAgent = (options: { acl: boolean }) => Promise<AgentUnderTest>;

/** An answer that was read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** An entry of `/v1/health/service/:name`, as far as the contract looks into it. */
export interface HealthEntry {
  Node: Record<string, unknown>;
  Service: { ID: string; Tags: string[]; Port: number } & Record<string, unknown>;
  Checks: (
    & { CheckID: string; Status: string; Output: string; Notes: string; ServiceID: string }
    & Record<string, unknown>
  )[];
}

/** Asks one agent. */
export class AgentClient {
  readonly agent: AgentUnderTest;
  /** Sent with every request; `undefined` sends none. */
  token: string | undefined;

  constructor(agent: AgentUnderTest) {
    this.agent = agent;
    this.token = agent.token;
  }

  async ask(method: string, path: string, body?: string): Promise<Answer> {
    const response = await this.agent.fetch(`${this.agent.url}${path}`, {
      method,
      body,
      redirect: "manual",
      headers: this.token === undefined ? {} : { "X-Consul-Token": this.token },
    });
    return { status: response.status, headers: response.headers, text: await response.text() };
  }

  get(path: string): Promise<Answer> {
    return this.ask("GET", path);
  }

  /** Reads JSON and its index; anything but 200 is a failure. */
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

  /** Sends JSON by PUT; anything but 200 is a failure. */
  async put(path: string, body?: unknown): Promise<Answer> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const answer = await this.ask("PUT", path, text);
    assertEquals(answer.status, 200, answer.text);
    return answer;
  }

  /** Registers with the agent and waits until the catalog has it. */
  async register(service: { Name: string; ID?: string } & Record<string, unknown>): Promise<void> {
    await this.put("/v1/agent/service/register", service);
    const id = service.ID ?? service.Name;
    await this.until(service.Name, (list) => list.some(({ Service }) => Service.ID === id));
  }

  /** Waits until the agent has written its own node, which moves indexes some time after the start. */
  async settle(): Promise<void> {
    await this.register({ Name: "settled" });
    await this.until("settled", ([entry]) => Boolean(entry?.Node.TaggedAddresses));
  }

  /** Writes to the catalog directly, which needs no waiting. */
  async write(node: string, service: Record<string, unknown>, check?: unknown): Promise<void> {
    await this.put("/v1/catalog/register", {
      Node: node,
      Address: "10.9.9.9",
      Service: service,
      Check: check,
    });
  }

  /** Waits for a state of a service: an agent tells the servers in the background. */
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

/** Takes the indexes out, which depend on what else has happened. */
export function withoutIndexes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutIndexes);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== "CreateIndex" && key !== "ModifyIndex")
      .map(([key, entry]) => [key, withoutIndexes(entry)]),
  );
}
