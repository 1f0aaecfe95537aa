/**
 * The contract of a Consul agent: filter expressions.
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import type { AgentClient } from "./consul_agent_client.ts";

const ALL = "a1,a2,a3";

// Expression and the ids of the instances that match.
const EXPRESSIONS: readonly [string, string][] = [
  ["", ALL],
  ['"v2" in Service.Tags', "a2"],
  ["v2 in Service.Tags", "a2"],
  ['"v2" not in Service.Tags', "a1,a3"],
  ['not "v2" in Service.Tags', "a1,a3"],
  ['Service.Tags contains "v1"', "a1"],
  ['Service.Tags not contains "v1"', "a2,a3"],
  ["Service.Tags is empty", "a3"],
  ["Service.Tags is  not  empty", "a1,a2"],
  ['Service.Meta.version == "2"', "a2"],
  ["Service.Meta.version == 2", "a2"],
  ["Service.Meta.version == `2`", "a2"],
  ['Service.Meta.version=="2"', "a2"],
  ['Service.Meta["version"] == "2"', "a2"],
  ['Service.Meta.version != "2"', "a1,a3"],
  ['Service.Meta.zone == "z1"', "a1"],
  ["Service.Meta is empty", "a3"],
  ["zone in Service.Meta", "a1"],
  ['"zone" not in Service.Meta', "a2,a3"],
  ["Service.Port == 80", "a1"],
  ['Service.Port == "80"', "a1"],
  ["Service.Port != 80", "a2,a3"],
  ["Service.Weights.Passing == 1", ALL],
  ["Service.EnableTagOverride == false", ALL],
  ["Service.Connect.Native == false", ALL],
  ['Service.ID matches "a[12]"', "a1,a2"],
  ['Service.ID not matches "a[12]"', "a3"],
  ['"ap" in Service.Service', ALL],
  // Unlike the name in the path and ?tag, filters compare with regard to case.
  ['Service.Service == "APP"', ""],
  ['"V2" in Service.Tags', ""],
  ['Node.Node == "n1"', "a1,a2"],
  ['Node.Meta.rack == "r1"', ALL],
  ['Node.TaggedAddresses.lan == "x"', ""],
  ["Node.Datacenter == dc1", ALL],
  ["Service.TaggedAddresses is empty", ALL],
  ['Checks.Status == "passing"', "a1"],
  // Any check that differs is enough, and there has to be one.
  ['Checks.Status != "passing"', "a2"],
  ["Checks is empty", "a3"],
  ["not (Service.Port == 80 or Service.Port == 81)", "a3"],
  ['Service.Port == 80 or Service.Port == 81 and Node.Node == "n2"', "a1"],
  ['(Service.Port == 80 or Service.Port == 81) and Node.Node == "n2"', ""],
  ["not not Service.Port == 80", "a1"],
];

const INVALID = "Failed to create boolean expression evaluator: ";

// Expression and the start of its error.
const MISTAKES: readonly [string, string][] = [
  ["Service.Bogus == 1", 'Selector "Service.Bogus" is not valid'],
  ["Bogus == 1", 'Selector "Bogus" is not valid'],
  ['service.service == "app"', 'Selector "service" is not valid'],
  ['Service.Tags == "v2"', 'Invalid match operator "Equal" for selector "Service.Tags"'],
  ["Service.Address is empty", 'Invalid match operator "Is Empty" for selector "Service.Address"'],
  [
    "Service.Meta.zone is empty",
    'Invalid match operator "Is Empty" for selector "Service.Meta.zone"',
  ],
  [
    "Service.Port == abc",
    'Failed to coerce value "abc" for selector "Service.Port": ' +
    'strconv.ParseInt: parsing "abc": invalid syntax',
  ],
  ['Service.ID in "a1"', "1:15 (14): rule "],
  ["Service.Meta.version", "1:21 (20): no match found"],
  ["Service.Port ==", "1:16 (15): no match found"],
];

async function fill(client: AgentClient): Promise<void> {
  const write = (Node: string, Service: unknown, Check?: unknown) =>
    client.put("/v1/catalog/register", {
      Node,
      Address: "10.9.9.9",
      NodeMeta: { rack: "r1" },
      Service,
      Check,
    });
  const first = { Service: "app", ID: "a1", Port: 80, Tags: ["v1", "blue"] };
  const check = { CheckID: "c1", Name: "c", Status: "passing", ServiceID: "a1" };
  await write("n1", { ...first, Meta: { version: "1", zone: "z1" } }, check);
  await write("n1", { Service: "app", ID: "a2", Port: 81, Tags: ["v2"], Meta: { version: "2" } }, {
    CheckID: "c2",
    Name: "c",
    Status: "warning",
    ServiceID: "a2",
  });
  await write("n2", { Service: "app", ID: "a3", Port: 82 });
}

export const filterCases: Record<string, (client: AgentClient) => Promise<void>> = {
  async "?filter of a health list takes expressions"(client) {
    await fill(client);
    for (const [expression, ids] of EXPRESSIONS) {
      const list = await client.health(`app?filter=${encodeURIComponent(expression)}`);
      assertEquals(list.map(({ Service }) => Service.ID).join(), ids, expression);
    }
  },

  async "?filter of a catalog list has its own names"(client) {
    await fill(client);
    for (
      const [expression, ids] of [
        ['"v2" in ServiceTags', "a2"],
        ['ServiceMeta.version == "2"', "a2"],
        ["ServicePort == 80", "a1"],
        ['NodeMeta.rack == "r1"', ALL],
        ["Node == n1", "a1,a2"],
      ] as const
    ) {
      const path = `/v1/catalog/service/app?filter=${encodeURIComponent(expression)}`;
      const { value } = await client.read<{ ServiceID: string }[]>(path);
      assertEquals(value.map(({ ServiceID }) => ServiceID).join(), ids, expression);
    }
  },

  async "?filter of the agent's own services"(client) {
    await client.register({ Name: "app", Tags: ["v1"] });
    await client.register({ Name: "web" });
    const path = `/v1/agent/services?filter=${encodeURIComponent('"v1" in Tags')}`;
    assertEquals(Object.keys((await client.read<object>(path)).value), ["app"]);
  },

  async "?filter that is no expression is refused, also for an empty list"(client) {
    for (const [expression, error] of MISTAKES) {
      const answer = await client.get(
        `/v1/health/service/none?filter=${encodeURIComponent(expression)}`,
      );
      assertEquals(answer.status, 500, expression);
      assertStringIncludes(answer.text, INVALID + error);
      assertEquals(answer.headers.get("X-Consul-Index"), "1");
    }
  },

  async "?filter waits for the service and not for what it selects"(client) {
    await fill(client);
    const filter = encodeURIComponent('Service.ID == "a1"');
    const index = await client.healthIndex("app");
    const answer = client.health(`app?filter=${filter}&index=${index}&wait=30s`);
    await client.write("n3", { Service: "app", ID: "a4" });
    assertEquals((await answer).map(({ Service }) => Service.ID), ["a1"]);
  },

  async "?node-meta leaves out other nodes"(client) {
    await fill(client);
    await client.write("n3", { Service: "app", ID: "a4" });
    for (
      const [query, count] of [
        ["node-meta=rack:r1", 3],
        ["node-meta=rack:r2", 0],
        ["node-meta=rack", 0],
      ] as const
    ) {
      assertEquals((await client.health(`app?${query}`)).length, count, query);
    }
  },
};
