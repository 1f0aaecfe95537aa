/**
 * The contract of a Consul agent with ACLs and the policy "deny".
 */
import { assertEquals } from "@std/assert";
import type { AgentClient } from "./consul_agent_client.ts";

export const accessCases: Record<string, (client: AgentClient) => Promise<void>> = {
  async "without a token lists are empty, and only their index is true"(client) {
    await client.register({ Name: "app" });
    const index = await client.healthIndex("app");
    client.token = undefined;
    assertEquals(await client.health("app"), []);
    assertEquals(await client.healthIndex("app"), index);
    assertEquals((await client.read("/v1/catalog/service/app")).value, []);
    assertEquals((await client.read("/v1/catalog/services")).value, {});
    assertEquals((await client.read("/v1/agent/services")).value, {});
    assertEquals((await client.read("/v1/agent/checks")).value, {});
    assertEquals((await client.get("/v1/status/leader")).status, 200);
  },

  async "without a token nothing can be changed"(client) {
    await client.register({ Name: "app", Check: { TTL: "60s" } });
    client.token = undefined;
    const { node } = client.agent;
    const service = denial(client, "service:write", "app");
    const brief = (permission: string, name: string) => denial(client, permission, name, true);
    const cases: [string, number, string][] = [
      ["service/deregister/app", 403, service],
      ["service/maintenance/app?enable=true", 403, service],
      ["check/pass/service:app", 403, service],
      ["check/deregister/service:app", 403, service],
      ["maintenance?enable=true", 403, brief("node:write", node)],
      ["service/deregister/none", ...unknownService(client)],
      ["check/pass/none", ...unknownCheck(client)],
    ];
    for (const [path, status, text] of cases) {
      await refused(client, "PUT", `/v1/agent/${path}`, status, text);
    }
    const register = JSON.stringify({ Name: "app" });
    await refused(client, "PUT", "/v1/agent/service/register", 403, service, register);
    const write = JSON.stringify({ Node: "n1", Address: "10.0.0.1" });
    const outside = brief("node:write", "n1");
    await refused(client, "PUT", "/v1/catalog/register", 403, outside, write);
    await refused(client, "PUT", "/v1/catalog/deregister", 403, outside, write);
    await refused(client, "GET", "/v1/agent/self", 403, brief("agent:read", node));
  },

  async "an unknown token is refused"(client) {
    await client.register({ Name: "app" });
    client.token = "99999999-2222-4333-8444-555555555555";
    const reads = ["health/service/app", "catalog/services", "agent/services", "agent/self"];
    for (const path of reads) await refused(client, "GET", `/v1/${path}`, 403, "ACL not found");
    await refused(client, "PUT", "/v1/agent/service/deregister/app", 403, "ACL not found");
    assertEquals((await client.get("/v1/status/leader")).status, 200);
    const headers = (await client.get("/v1/health/service/app")).headers;
    assertEquals(headers.get("X-Consul-Index"), "1");
    assertEquals(headers.get("X-Consul-KnownLeader"), "false");
  },

  async "a token is taken as a header, as a bearer and as a parameter"(client) {
    await client.register({ Name: "app" });
    const { url, token, fetch } = client.agent;
    const path = `${url}/v1/health/service/app`;
    const answers = [
      await fetch(path, { headers: { "X-Consul-Token": token! } }),
      await fetch(path, { headers: { Authorization: `Bearer ${token}` } }),
      await fetch(`${path}?token=${token}`),
    ];
    for (const answer of answers) assertEquals((await answer.json() as unknown[]).length, 1);
  },

  async "with a token unknown ids are refused, unlike without access control"(client) {
    const path = "/v1/agent/service/deregister/none";
    await refused(client, "PUT", path, ...unknownService(client));
    await refused(client, "PUT", "/v1/agent/check/pass/none", ...unknownCheck(client));
    await refused(client, "PUT", "/v1/agent/check/deregister/none", ...unknownCheck(client));
  },
};

function unknownService({ facts }: AgentClient): [number, string] {
  return facts.unknownIds
    ? [404, unknownId("service", "none")]
    : [500, 'Unknown service {"none" {}}'];
}

function unknownCheck({ facts }: AgentClient): [number, string] {
  return facts.unknownIds ? [404, unknownId("check", "none")] : [500, 'Unknown check "none"'];
}

/** What an agent says of an id that it does not know, from 1.11. */
export function unknownId(kind: "service" | "check", id: string): string {
  return `Unknown ${kind} ID "${id}". Ensure that the ${kind} ID is passed, not the ${kind} name.`;
}

/** What a request without a token is refused with; up to 1.11 some refusals say no more. */
export function denial(
  { facts }: AgentClient,
  permission: string,
  name: string,
  brief = false,
): string {
  if (facts.namedDenials) {
    return `Permission denied: anonymous token lacks permission '${permission}' on "${name}". ` +
      "The anonymous token is used implicitly when a request does not specify a token.";
  }
  return `Permission denied${brief ? "" : `: Missing ${permission} on ${name}`}`;
}

async function refused(
  client: AgentClient,
  method: string,
  path: string,
  status: number,
  text: string,
  body?: string,
): Promise<void> {
  const answer = await client.ask(method, path, body);
  assertEquals([answer.status, answer.text], [status, text], `${method} ${path}`);
}
