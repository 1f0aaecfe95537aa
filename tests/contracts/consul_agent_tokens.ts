/**
 * The contract of a Consul agent: tokens with rules.
 */
import { assertEquals } from "@std/assert";
import type { AgentClient } from "./consul_agent_client.ts";

const FILTERED = "X-Consul-Results-Filtered-By-ACLs";
const READER = "00000001-2222-4333-8444-555555555555";
const WRITER = "00000002-2222-4333-8444-555555555555";
const BLIND = "00000003-2222-4333-8444-555555555555";

async function fill(client: AgentClient): Promise<void> {
  for (const Name of ["app", "web-1", "web-secret", "other"]) {
    await client.register({ Name, Check: { TTL: "60s" } });
  }
  await client.agent.grant(READER, {
    service: { app: "read", "web-*": "read", "web-secret": "deny" },
    node: { "*": "read" },
  });
  await client.agent.grant(WRITER, { service: { app: "write" }, node: { "*": "read" } });
  await client.agent.grant(BLIND, { service: { app: "read" }, node: {} });
}

export const tokenCases: Record<string, (client: AgentClient) => Promise<void>> = {
  async "a token sees the instances of the services that it may read"(client) {
    await fill(client);
    client.token = READER;
    const cases: Record<string, number> = {
      app: 1,
      APP: 1,
      "web-1": 1,
      "web-secret": 0,
      other: 0,
      none: 0,
    };
    for (const [name, count] of Object.entries(cases)) {
      for (const kind of ["health", "catalog"]) {
        const { value, headers } = await client.read<unknown[]>(`/v1/${kind}/service/${name}`);
        assertEquals(value.length, count, `${kind} ${name}`);
        const hidden = count === 0 && name !== "none" && client.facts.filteredHeader;
        assertEquals(headers.get(FILTERED), hidden ? "true" : null, `${kind} ${name}`);
      }
    }
  },

  async "an instance on a node that may not be read is hidden, its name is not"(client) {
    await fill(client);
    client.token = BLIND;
    const { value, headers } = await client.read("/v1/health/service/app");
    assertEquals(value, []);
    assertEquals(headers.get(FILTERED), client.facts.filteredHeader ? "true" : null);
    assertEquals((await client.read("/v1/catalog/services")).value, { app: [] });
    assertEquals((await client.read("/v1/internal/ui/services")).value, []);
  },

  async "a token sees names, summaries and the agent's lists by the same rules"(client) {
    await fill(client);
    client.token = READER;
    const lists: [string, string[]][] = [
      ["/v1/catalog/services", ["app", "web-1"]],
      ["/v1/agent/services", ["app", "web-1"]],
      ["/v1/agent/checks", ["service:app", "service:web-1"]],
    ];
    for (const [path, names] of lists) {
      const { value, headers } = await client.read<object>(path);
      assertEquals(Object.keys(value).sort(), names, path);
      assertEquals(headers.get(FILTERED), client.facts.filteredHeader ? "true" : null, path);
    }
    const { value } = await client.read<{ Name: string }[]>("/v1/internal/ui/services");
    assertEquals(value.map(({ Name }) => Name), ["app", "web-1"]);
  },

  async "who may see all, or has no token, is not told of a filter"(client) {
    await fill(client);
    const all = await client.read("/v1/health/service/app");
    assertEquals(all.headers.get(FILTERED), null);
    client.token = undefined;
    const none = await client.read("/v1/health/service/app");
    assertEquals([none.value, none.headers.get(FILTERED)], [[], null]);
  },

  async "what ?filter and ?tag leave out does not count as hidden"(client) {
    await fill(client);
    client.token = READER;
    for (const query of [`filter=${encodeURIComponent("Service.Port == 5")}`, "tag=none"]) {
      const { value, headers } = await client.read(`/v1/health/service/other?${query}`);
      assertEquals([value, headers.get(FILTERED)], [[], null], query);
    }
  },

  async "a token changes the services that it may write, and no others"(client) {
    await fill(client);
    client.token = WRITER;
    await client.put("/v1/agent/service/register", { Name: "app", Port: 9 });
    await client.put("/v1/agent/check/pass/service:app");
    await client.put("/v1/agent/service/maintenance/app?enable=true");
    const body = JSON.stringify({ Name: "other" });
    for (
      const [path, text] of [
        ["service/register", body],
        ["check/pass/service:other"],
        ["service/maintenance/other?enable=true"],
        ["service/deregister/other"],
        ["check/register", JSON.stringify({ Name: "c", TTL: "1m", ServiceID: "other" })],
        ["check/register", JSON.stringify({ Name: "c", TTL: "1m" })],
        ["maintenance?enable=true"],
      ]
    ) {
      const answer = await client.ask("PUT", `/v1/agent/${path}`, text);
      assertEquals([answer.status, answer.text.slice(0, 17)], [403, "Permission denied"], path);
    }
    const write = { Node: "n1", Address: "10.0.0.1", Service: { Service: "app" } };
    assertEquals(
      (await client.ask("PUT", "/v1/catalog/register", JSON.stringify(write))).status,
      403,
    );
    const gone = await client.ask(
      "PUT",
      "/v1/catalog/deregister",
      JSON.stringify({ Node: "n1", ServiceID: "app" }),
    );
    assertEquals([gone.status, gone.text], [500, "Unknown service 'app'"]);
    await client.put("/v1/agent/service/deregister/app");
  },

  async "a token that is removed during a wait is noticed at a change, and not at its end"(client) {
    await fill(client);
    await client.settle();
    const management = client.token;
    const wait = async (ms: number) => {
      const path = `/v1/health/service/app?wait=${ms}ms&index=`;
      const index = await client.healthIndex("app");
      client.token = READER;
      const answer = client.get(`${path}${index}`);
      // A wait that has not begun would be refused at once.
      await new Promise((resolve) => setTimeout(resolve, 200));
      client.token = management;
      await client.agent.revoke(READER);
      return answer;
    };
    assertEquals((await wait(600)).status, 200);
    await client.agent.grant(READER, { service: { app: "read" }, node: { "*": "read" } });
    const answer = wait(30_000);
    await new Promise((resolve) => setTimeout(resolve, 400));
    await client.register({ Name: "app", ID: "second" });
    const { status, text } = await answer;
    assertEquals([status, text], [403, "ACL not found"]);
  },

  async "the anonymous token is what requests without one may do"(client) {
    await fill(client);
    await client.agent.grant("anonymous", { service: { app: "read" }, node: { "*": "read" } });
    client.token = undefined;
    assertEquals((await client.health("app")).length, 1);
    assertEquals((await client.health("other")).length, 0);
  },
};
