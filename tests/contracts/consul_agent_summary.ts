/**
 * The contract of a Consul agent: the summary of all services, which the change hint waits for.
 *
 * Consul's own user interface reads it. It is not documented: the facts are those of 1.8.7.
 */
import { assert, assertEquals } from "@std/assert";
import type { AgentClient } from "./consul_agent_client.ts";

interface Summary {
  Name: string;
  Tags: string[] | null;
  Nodes: string[];
  InstanceCount: number;
  ChecksPassing: number;
  ChecksWarning: number;
  ChecksCritical: number;
  ExternalSources: string[] | null;
  GatewayConfig: unknown;
}

const PATH = "/v1/internal/ui/services";

export const summaryCases: Record<string, (client: AgentClient) => Promise<void>> = {
  async "the summary of services has every field"(client) {
    const source = { "external-source": "nomad" };
    const first = { Service: "app", ID: "1", Tags: ["z", "b"], Meta: source };
    await client.write("n1", first, check("1", "warning"));
    await client.write("n1", { Service: "app", ID: "2", Tags: ["a", "b"] }, check("2", "critical"));
    await client.write("n2", { Service: "app", ID: "3" }, check("3", "passing"));
    await client.write("n2", { Service: "web" });
    assertEquals(await summaries(client), [
      {
        Name: "app",
        Tags: ["a", "b", "z"],
        Nodes: ["n1", "n1", "n2"],
        InstanceCount: 3,
        ChecksPassing: 1,
        ChecksWarning: 1,
        ChecksCritical: 1,
        ExternalSources: ["nomad"],
        GatewayConfig: {},
        ...newer(client),
      },
      { ...summary("web", ["n2"]), ...newer(client) },
    ]);
  },

  async "the summary of services counts the checks of a node once for each instance"(client) {
    await client.write("n1", { Service: "app", ID: "1" });
    await client.write("n1", { Service: "app", ID: "2" });
    await client.put("/v1/catalog/register", {
      Node: "n1",
      Address: "10.9.9.9",
      Check: { CheckID: "disk", Name: "disk", Status: "critical" },
    });
    const expected = { ...summary("app", ["n1", "n1"]), ChecksCritical: 2, ...newer(client) };
    assertEquals(await summaries(client), [expected]);
  },

  async "the summary of services keeps names apart that differ in case"(client) {
    await client.write("n1", { Service: "app", ID: "1" });
    await client.write("n1", { Service: "App", ID: "2" });
    const expected = ["App", "app"].map((name) => ({ ...summary(name, ["n1"]), ...newer(client) }));
    assertEquals(await summaries(client), expected);
  },

  async "the summary of services is told by no cache and with no consistency"(client) {
    for (const query of ["", "?stale", "?consistent", "?cached"]) {
      const { headers } = await client.read(`${PATH}${query}`);
      assertEquals(headers.get("X-Consul-KnownLeader"), "true", query);
      assertEquals(headers.get("X-Consul-LastContact"), "0", query);
      assertEquals(headers.get("X-Consul-Effective-Consistency"), null, query);
      assertEquals(headers.get("X-Cache"), null, query);
    }
  },

  async "the summary of services refuses what every read refuses"(client) {
    for (
      const [path, status, text] of [
        [`${PATH}?index=-1`, 400, "Invalid index"],
        [`${PATH}?wait=x`, 400, "Invalid wait time"],
        [`${PATH}?dc=none`, 500, "No path to datacenter"],
        [`${PATH}/`, 404, ""],
      ] as const
    ) {
      const answer = await client.get(path);
      assertEquals([answer.status, answer.text], [status, text], path);
    }
    assertEquals((await client.ask("POST", PATH)).status, 405);
  },

  async "a blocking query for the summary wakes at whatever is written to the catalog"(client) {
    await client.settle();
    const node = { Node: "n2", Address: "10.9.9.8" };
    const writes: [string, () => Promise<unknown>][] = [
      ["a service", () => client.write("n1", { Service: "app" })],
      ["a port", () => client.write("n1", { Service: "app", Port: 1 })],
      ["a check", () => client.write("n1", { Service: "app", Port: 1 }, check("app", "passing"))],
      ["a node without a service", () => client.put("/v1/catalog/register", node)],
      ["a node that is gone", () => client.put("/v1/catalog/deregister", { Node: "n2" })],
      ["a service that is gone", () => client.put("/v1/catalog/deregister", gone)],
    ];
    const gone = { Node: "n1", ServiceID: "app" };
    for (const [what, write] of writes) {
      const { index } = await client.read(PATH);
      const answer = client.read(`${PATH}?index=${index}&wait=30s`);
      await write();
      assert(BigInt((await answer).index) > BigInt(index), what);
    }
  },

  async "a blocking query for the summary waits when the same is written again"(client) {
    await client.settle();
    await client.write("n1", { Service: "app" });
    const { index } = await client.read(PATH);
    const answer = client.read(`${PATH}?index=${index}&wait=300ms`);
    await client.write("n1", { Service: "app" });
    assertEquals((await answer).index, index);
  },
};

export const summaryAccessCases: Record<string, (client: AgentClient) => Promise<void>> = {
  async "the summary of services is empty without a token"(client) {
    await client.register({ Name: "app" });
    const all = (await client.read<Summary[]>(PATH)).value;
    assert(all.some(({ Name }) => Name === "app"));
    client.token = undefined;
    assertEquals((await client.read(PATH)).value, []);
    client.token = "99999999-2222-4333-8444-555555555555";
    const answer = await client.get(PATH);
    assertEquals([answer.status, answer.text], [403, "ACL not found"]);
  },
};

function check(service: string, status: string): Record<string, string> {
  return { CheckID: `c-${service}`, Name: "c", Status: status, ServiceID: service };
}

function summary(name: string, nodes: string[]): Summary {
  return {
    Name: name,
    Tags: null,
    Nodes: nodes,
    InstanceCount: nodes.length,
    ChecksPassing: 0,
    ChecksWarning: 0,
    ChecksCritical: 0,
    ExternalSources: null,
    GatewayConfig: {},
  };
}

function newer({ facts }: AgentClient): Record<string, boolean> {
  const names = ["TransparentProxy", "ConnectNative", "ConnectedWithProxy", "ConnectedWithGateway"];
  return facts.peering ? Object.fromEntries(names.map((name) => [name, false])) : {};
}

/** The summaries of what a test has written itself. */
async function summaries(client: AgentClient): Promise<Summary[]> {
  const { value } = await client.read<Summary[]>(PATH);
  return value.filter(({ Name }) => Name !== "consul");
}
