/**
 * The contract of a Consul agent: what changed between versions.
 */
import { assertEquals, assertMatch } from "@std/assert";
import type { AgentClient } from "./consul_agent_client.ts";

const HEALTH = "/v1/health/service/app";

export const profileCases: Record<string, (client: AgentClient) => Promise<void>> = {
  async "every response names the default policy, from 1.9"(client) {
    const expected = client.facts.policyHeader ? "allow" : null;
    const paths = [HEALTH, "/v1/status/leader", `${HEALTH}?index=x`, "/v1/agent/services"];
    for (const path of [...paths, "/v1/catalog/services"]) {
      const { headers } = await client.get(path);
      assertEquals(headers.get("X-Consul-Default-ACL-Policy"), expected, path);
    }
    const { headers } = await client.put("/v1/agent/service/register", { Name: "app" });
    assertEquals(headers.get("X-Consul-Default-ACL-Policy"), expected);
  },

  async "a read without an index comes from the servers, and says so from 1.10"(client) {
    const expected = client.facts.backendHeader ? "blocking-query" : null;
    for (const path of [HEALTH, "/v1/catalog/services", "/v1/internal/ui/services"]) {
      const { headers } = await client.read(path);
      assertEquals(headers.get("X-Consul-Query-Backend"), expected, path);
      assertEquals(headers.get("X-Consul-KnownLeader"), "true");
    }
  },

  async "with an index or ?cached the health of a service is streamed, from 1.10"(client) {
    await client.write("n1", { Service: "app" });
    const index = await client.healthIndex("app");
    const queries: Record<string, boolean> = {
      "?index=1": true,
      "?cached": true,
      [`?index=${index}&wait=20ms`]: true,
      "?index=1&near=_agent": false,
      "?index=0": false,
      "?stale": false,
    };
    for (const [query, streamed] of Object.entries(queries)) {
      const { headers } = await client.read(`${HEALTH}${query}`);
      const backend = headers.get("X-Consul-Query-Backend");
      const { backendHeader } = client.facts;
      const expected = !backendHeader ? null : streamed ? "streaming" : "blocking-query";
      assertEquals(backend, expected, query);
      // False, although there is one: hashicorp/consul #9776.
      assertEquals(headers.get("X-Consul-KnownLeader"), String(backend !== "streaming"), query);
      assertEquals(headers.get("X-Consul-LastContact"), "0");
    }
    const catalog = await client.read(`/v1/catalog/service/app?index=1`);
    assertEquals(catalog.headers.get("X-Consul-KnownLeader"), "true");
  },

  async "a development agent indents its JSON until 1.16"(client) {
    const { text } = await client.get("/v1/catalog/datacenters");
    assertEquals(text, client.facts.indented ? '[\n    "dc1"\n]\n' : '["dc1"]');
    assertEquals((await client.get("/v1/catalog/datacenters?pretty")).text, '[\n    "dc1"\n]\n');
  },

  async "namespaces and partitions need Consul Enterprise"(client) {
    const { unknownIds } = client.facts;
    const why = 'Invalid query parameter: "ns" - Namespaces are a Consul Enterprise feature';
    for (const query of ["ns=x", "ns=default"]) {
      const answer = await client.get(`${HEALTH}?${query}`);
      assertEquals([answer.status, answer.text], [400, unknownIds ? why : `Bad request: ${why}`]);
    }
    assertEquals((await client.get(`${HEALTH}?ns=`)).status, 200);
    // 1.8 has no partitions yet and ignores the parameter.
    const partition = await client.get(`${HEALTH}?partition=x`);
    assertEquals(partition.status, unknownIds ? 400 : 200);
  },

  async "fields of newer versions are unknown to older ones"(client) {
    const { backendHeader, locality, ports } = client.facts;
    const fields: [Record<string, unknown>, boolean][] = [
      [{ SocketPath: "/run/app.sock" }, backendHeader],
      [{ Locality: { Region: "eu", Zone: "a" } }, locality],
      [{ Ports: [{ Name: "http", Port: 80, Default: true }] }, ports],
    ];
    for (const [body, known] of fields) {
      const service = JSON.stringify({ Name: "app", ...body });
      const answer = await client.ask("PUT", "/v1/agent/service/register", service);
      const text = `Request decode failed: json: unknown field "${Object.keys(body)[0]}"`;
      assertEquals([answer.status, answer.text], known ? [200, ""] : [400, text]);
    }
  },

  async "a unix socket is told instead of a port, from 1.10"(client) {
    if (!client.facts.backendHeader) return;
    await client.register({ Name: "app", SocketPath: "/run/app.sock" });
    const [entry] = await client.health("app");
    assertEquals([entry!.Service.Port, entry!.Service.SocketPath], [0, "/run/app.sock"]);
  },

  async "the locality of a service is told, from 1.16"(client) {
    if (!client.facts.locality) return;
    await client.register({ Name: "app", Port: 1, Locality: { Region: "eu", Zone: "eu-a" } });
    const [entry] = await client.health("app");
    assertEquals(entry!.Service.Locality, { Region: "eu", Zone: "eu-a" });
    await client.register({ Name: "none", Port: 1 });
    assertEquals("Locality" in (await client.health("none"))[0]!.Service, false);
  },

  async "several ports are told by name, from 1.22"(client) {
    if (!client.facts.ports) return;
    const Ports = [
      { Name: "http", Port: 8080, Default: true },
      { Name: "metrics", Port: 9090, Default: false },
    ];
    await client.register({ Name: "app", Ports });
    const [entry] = await client.health("app");
    assertEquals(entry!.Service.Ports, Ports);
    // Port is 0, or the default one: hashicorp/consul #23833 changed it in a patch release.
    assertMatch(String(entry!.Service.Port), /^(0|8080)$/);
    const both = JSON.stringify({ Name: "both", Port: 1, Ports });
    assertEquals((await client.ask("PUT", "/v1/agent/service/register", both)).status, 400);
  },

  async "?peer lists only what was imported, from 1.14"(client) {
    await client.write("n1", { Service: "app" });
    const list = await client.health("app?peer=east");
    assertEquals(list.length, client.facts.peering ? 0 : 1);
  },
};

export const profileAccessCases: Record<string, (client: AgentClient) => Promise<void>> = {
  async "every response names the policy deny, from 1.9"(client) {
    const expected = client.facts.policyHeader ? "deny" : null;
    for (const path of [HEALTH, "/v1/status/leader", "/v1/agent/self"]) {
      assertEquals((await client.get(path)).headers.get("X-Consul-Default-ACL-Policy"), expected);
    }
  },
};
