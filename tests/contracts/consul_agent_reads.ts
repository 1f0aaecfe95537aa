/**
 * The contract of a Consul agent: its responses to reads.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { type AgentClient, type HealthEntry, withoutIndexes } from "./consul_agent_client.ts";

const FULL = {
  Name: "full",
  ID: "full-1",
  Port: 8080,
  Address: "10.0.0.1",
  Tags: ["a", "b"],
  Meta: { zone: "z1" },
  Weights: { Passing: 10, Warning: 0 },
  EnableTagOverride: true,
  TaggedAddresses: { lan: { Address: "10.1.1.1", Port: 1 } },
  Check: { Name: "alive", CheckID: "alive-1", Notes: "note", TTL: "60s", Status: "passing" },
};

const FULL_TAGGED = {
  lan: { Address: "10.1.1.1", Port: 1 },
  lan_ipv4: { Address: "10.0.0.1", Port: 8080 },
  wan_ipv4: { Address: "10.0.0.1", Port: 8080 },
};

export const readCases: Record<string, (client: AgentClient) => Promise<void>> = {
  async "the health of a service has every field"(client) {
    await client.settle();
    await client.register(FULL);
    const [entry] = await client.health("full");
    const { Node, Service, Checks } = withoutIndexes(entry) as HealthEntry;
    assertEquals(Node, {
      ID: Node.ID,
      Node: client.agent.node,
      Address: "127.0.0.1",
      Datacenter: "dc1",
      TaggedAddresses: {
        lan: "127.0.0.1",
        lan_ipv4: "127.0.0.1",
        wan: "127.0.0.1",
        wan_ipv4: "127.0.0.1",
      },
      Meta: agentMeta(client),
    });
    assertMatch(String(Node.ID), /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    assertEquals(Service as unknown, {
      ID: "full-1",
      Service: "full",
      Tags: ["a", "b"],
      Address: "10.0.0.1",
      TaggedAddresses: FULL_TAGGED,
      Meta: { zone: "z1" },
      Port: 8080,
      Weights: { Passing: 10, Warning: 0 },
      EnableTagOverride: true,
      Proxy: proxy(client),
      Connect: {},
      ...client.facts.peering && { PeerName: "" },
    });
    assertEquals(Checks as unknown, [
      {
        Node: client.agent.node,
        CheckID: "serfHealth",
        Name: "Serf Health Status",
        Status: "passing",
        Notes: "",
        Output: "Agent alive and reachable",
        ServiceID: "",
        ServiceName: "",
        ServiceTags: [],
        Type: "",
        ...times(client, ""),
        Definition: {},
      },
      {
        Node: client.agent.node,
        CheckID: "alive-1",
        Name: "alive",
        Status: "passing",
        Notes: "note",
        Output: "",
        ServiceID: "full-1",
        ServiceName: "full",
        ServiceTags: ["a", "b"],
        Type: "ttl",
        ...times(client, "0s"),
        Definition: {},
      },
    ]);
  },

  async "a service of which only the name is known has Consul's defaults"(client) {
    await client.register({ Name: "bare" });
    const [entry] = await client.health("bare");
    const service = withoutIndexes(entry!.Service);
    assertEquals(service, {
      ID: "bare",
      Service: "bare",
      Tags: [],
      Address: "",
      Meta: null,
      Port: 0,
      Weights: { Passing: 1, Warning: 1 },
      EnableTagOverride: false,
      Proxy: proxy(client),
      Connect: {},
      ...client.facts.peering && { PeerName: "" },
    });
    assertEquals(entry!.Checks.map(({ CheckID }) => CheckID), ["serfHealth"]);
  },

  async "an IPv6 address and a host name are tagged by what they are"(client) {
    await client.register({ Name: "six", Address: "2001:db8::1", Port: 1 });
    await client.register({ Name: "named", Address: "host.example", Port: 1 });
    const [six] = await client.health("six");
    const value = { Address: "2001:db8::1", Port: 1 };
    assertEquals(six!.Service.TaggedAddresses, { lan_ipv6: value, wan_ipv6: value });
    const [named] = await client.health("named");
    assertEquals("TaggedAddresses" in named!.Service, false);
  },

  async "the catalog of a service has every field"(client) {
    await client.settle();
    await client.register(FULL);
    const { value } = await client.read<Record<string, unknown>[]>("/v1/catalog/service/full");
    assertEquals(withoutIndexes(value), [{
      ID: value[0]!.ID,
      Node: client.agent.node,
      Address: "127.0.0.1",
      Datacenter: "dc1",
      TaggedAddresses: {
        lan: "127.0.0.1",
        lan_ipv4: "127.0.0.1",
        wan: "127.0.0.1",
        wan_ipv4: "127.0.0.1",
      },
      NodeMeta: agentMeta(client),
      ServiceKind: "",
      ServiceID: "full-1",
      ServiceName: "full",
      ServiceTags: ["a", "b"],
      ServiceAddress: "10.0.0.1",
      ServiceTaggedAddresses: FULL_TAGGED,
      ServiceWeights: { Passing: 10, Warning: 0 },
      ServiceMeta: { zone: "z1" },
      ServicePort: 8080,
      ServiceEnableTagOverride: true,
      ServiceProxy: proxy(client),
      ServiceConnect: {},
    }]);
  },

  async "a node without an agent has no tagged addresses and no checks"(client) {
    await client.write("external", { Service: "app", ID: "a1", Port: 1, Address: "10.0.0.1" });
    const [entry] = withoutIndexes(await client.health("app")) as HealthEntry[];
    assertEquals(entry!.Node, {
      ID: "",
      Node: "external",
      Address: "10.9.9.9",
      Datacenter: "dc1",
      TaggedAddresses: null,
      Meta: null,
    });
    assertEquals("TaggedAddresses" in entry!.Service, false);
    assertEquals(entry!.Checks, []);
  },

  async "instances are sorted by node, then by id"(client) {
    for (const [node, id] of [["n2", "a"], ["n1", "b"], ["n1", "a"]]) {
      await client.write(node!, { Service: "app", ID: id });
    }
    const list = await client.health("app");
    assertEquals(
      list.map(({ Node, Service }) => `${Node.Node} ${Service.ID}`),
      ["n1 a", "n1 b", "n2 a"],
    );
  },

  async "CreateIndex and ModifyIndex tell when something was made and changed"(client) {
    await client.write("n1", { Service: "app", Port: 1 });
    const [before] = await client.health("app");
    await client.write("n1", { Service: "app", Port: 2 });
    const [after] = await client.health("app");
    assertEquals(after!.Service.CreateIndex, before!.Service.CreateIndex);
    assert(Number(after!.Service.ModifyIndex) > Number(before!.Service.ModifyIndex));
    assertEquals(String(after!.Service.ModifyIndex), await client.healthIndex("app"));
    assertEquals(after!.Node.ModifyIndex, before!.Node.ModifyIndex);
  },

  async "an unknown service is an empty list"(client) {
    assertEquals(await client.health("unknown"), []);
    assertEquals((await client.read("/v1/catalog/service/unknown")).value, []);
  },

  async "?passing leaves out what has a check that does not pass"(client) {
    for (const status of ["passing", "warning", "critical"]) {
      await client.write("n1", { Service: "app", ID: status }, {
        CheckID: status,
        Name: status,
        Status: status,
        ServiceID: status,
      });
    }
    const ids = async (query: string) =>
      (await client.health(query)).map(({ Service }) => Service.ID);
    assertEquals(await ids("app"), ["critical", "passing", "warning"]);
    for (const query of ["passing", "passing=1", "passing=true"]) {
      assertEquals(await ids(`app?${query}`), ["passing"]);
    }
    assertEquals((await ids("app?passing=false")).length, 3);
  },

  async "?passing counts the checks of the node"(client) {
    await client.write("n1", { Service: "app" }, { Name: "disk", Status: "critical" });
    assertEquals(await client.health("app?passing"), []);
  },

  async "?tag takes several tags, in whatever case, and an empty one matches nothing"(client) {
    await client.write("n1", { Service: "app", ID: "1", Tags: ["a", "B"] });
    await client.write("n1", { Service: "app", ID: "2", Tags: ["a"] });
    const counts: Record<string, number> = { a: 2, A: 2, b: 1, zz: 0, "": 0 };
    for (const [tag, count] of Object.entries(counts)) {
      assertEquals((await client.health(`app?tag=${tag}`)).length, count, tag);
    }
    assertEquals((await client.health("app?tag=a&tag=b")).length, 1);
    assertEquals((await client.health("app?tag=a&tag=zz")).length, 0);
    assertEquals((await client.read<unknown[]>("/v1/catalog/service/app?tag=b")).value.length, 1);
  },

  async "names are found in whatever case and with whatever characters"(client) {
    const name = "wEb /é?";
    await client.write("n1", { Service: name });
    for (const wanted of [name, name.toLowerCase(), "WEB /é?"]) {
      assertEquals((await client.health(encodeURIComponent(wanted))).length, 1, wanted);
    }
  },

  async "the catalog lists all names with their tags"(client) {
    await client.write("n1", { Service: "app", ID: "1", Tags: ["a", "b"] });
    await client.write("n1", { Service: "app", ID: "2", Tags: ["b", "c"] });
    await client.write("n1", { Service: "other" });
    const value = await client.services();
    assertEquals(Object.keys(value), ["app", "consul", "other"]);
    assertEquals(value.app!.sort(), ["a", "b", "c"]);
    assertEquals(value.other, []);
  },

  async "the agent lists its own services, without Consul and without those of others"(client) {
    await client.register({ Name: "app", Port: 1, Address: "10.0.0.1" });
    await client.write("n1", { Service: "foreign" });
    const answer = await client.read<Record<string, unknown>>("/v1/agent/services");
    assertEquals(answer.headers.get("X-Consul-Index"), null);
    assertEquals(answer.value, {
      app: {
        ID: "app",
        Service: "app",
        Tags: [],
        Meta: {},
        Port: 1,
        Address: "10.0.0.1",
        TaggedAddresses: {
          lan_ipv4: { Address: "10.0.0.1", Port: 1 },
          wan_ipv4: { Address: "10.0.0.1", Port: 1 },
        },
        Weights: { Passing: 1, Warning: 1 },
        EnableTagOverride: false,
        ...client.facts.backendHeader && { Datacenter: "dc1" },
      },
    });
  },

  async "the agent tells who it is, who leads and who votes"(client) {
    const { Config } = (await client.read<{ Config: Record<string, unknown> }>("/v1/agent/self"))
      .value;
    assertEquals(Config.Datacenter, "dc1");
    assertEquals(Config.NodeName, client.agent.node);
    assertEquals(Config.Version, client.facts.version);
    const leader = (await client.read<string>("/v1/status/leader")).value;
    assertMatch(leader, /^127\.0\.0\.1:\d+$/);
    assertEquals((await client.read("/v1/status/peers")).value, [leader]);
    assertEquals((await client.read("/v1/catalog/datacenters")).value, ["dc1"]);
  },

  async "every read tells its index and consistency"(client) {
    const paths = ["/v1/health/service/app", "/v1/catalog/service/app", "/v1/catalog/services"];
    const modes = { "": "leader", stale: "stale", consistent: "consistent" };
    for (const path of paths) {
      for (const [mode, name] of Object.entries(modes)) {
        const { headers } = await client.read(`${path}?${mode}`);
        assertMatch(headers.get("X-Consul-Index") ?? "", /^[1-9]\d*$/);
        assertEquals(headers.get("X-Consul-KnownLeader"), "true");
        assertEquals(headers.get("X-Consul-LastContact"), "0");
        assertEquals(headers.get("X-Consul-Effective-Consistency"), name);
        assertEquals(headers.get("Vary"), "Accept-Encoding");
        assertEquals(headers.get("X-Cache"), null);
        assertEquals(headers.get("Age"), null);
      }
    }
  },

  async "?cached tells whether the cache had it, and follows changes"(client) {
    for (const path of ["/v1/health/service/app", "/v1/catalog/service/app"]) {
      const first = (await client.read(`${path}?cached`)).headers;
      assertEquals([first.get("X-Cache"), first.get("Age")], ["MISS", null]);
      const second = (await client.read(`${path}?cached`)).headers;
      assertEquals([second.get("X-Cache"), second.get("Age")], ["HIT", "0"]);
      const stale = (await client.read(`${path}?cached&stale`)).headers;
      assertEquals(stale.get("X-Cache"), "HIT");
    }
    await client.write("n1", { Service: "app" });
    await client.until("app?cached", (list) => list.length === 1);
  },

  async "?pretty is taken and changes no content"(client) {
    await client.write("n1", { Service: "app" });
    assertEquals(await client.health("app?pretty"), await client.health("app"));
  },
};

function agentMeta({ facts }: AgentClient): Record<string, string> {
  return {
    "consul-network-segment": "",
    ...facts.locality && { "consul-version": facts.version },
  };
}

function proxy({ facts }: AgentClient): Record<string, unknown> {
  return { ...facts.backendHeader && { Mode: "" }, MeshGateway: {}, Expose: {} };
}

function times({ facts }: AgentClient, time: string): Record<string, unknown> {
  return facts.backendHeader ? { Interval: time, Timeout: time, ExposedPort: 0 } : {};
}
