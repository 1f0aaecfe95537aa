import { assertEquals, assertThrows } from "@std/assert";
import { EmbeddedConsul } from "../../src/testing/mod.ts";
import { test } from "../support/test.ts";

interface Entry {
  Node: { Node: string; Address: string; Datacenter: string };
  Service: { ID: string; Port: number; Meta: Record<string, string> | null };
  Checks: { CheckID: string; Status: string; Output: string; Notes: string; ServiceID: string }[];
}

async function health(consul: EmbeddedConsul, query: string): Promise<Entry[]> {
  return await (await consul.fetch(`http://consul/v1/health/service/${query}`)).json();
}

async function ids(consul: EmbeddedConsul, query: string): Promise<string[]> {
  return (await health(consul, query)).map(({ Service }) => Service.ID);
}

test("register() without a state makes an instance that passes", async () => {
  await using consul = new EmbeddedConsul();
  assertEquals(consul.register({ name: "app", port: 1 }), "app");
  assertEquals(await ids(consul, "app?passing"), ["app"]);
});

test("register() again replaces the instance and takes the state that is given", async () => {
  await using consul = new EmbeddedConsul();
  consul.register({ name: "app", port: 1, status: "passing" });
  consul.register({ name: "app", port: 2, status: "critical", meta: { a: "b" } });
  const [entry] = await health(consul, "app");
  assertEquals([entry!.Service.Port, entry!.Service.Meta], [2, { a: "b" }]);
  assertEquals(entry!.Checks.map(({ Status }) => Status), ["passing", "critical"]);
});

test("register() on a node of its own uses that node's address", async () => {
  await using consul = new EmbeddedConsul({ node: "own", nodeAddress: "10.0.0.1" });
  consul.register({ name: "app", port: 1 });
  consul.register({ name: "app", port: 1, node: "other", nodeAddress: "10.0.0.2" });
  const list = await health(consul, "app");
  assertEquals(list.map(({ Node }) => `${Node.Node} ${Node.Address}`), [
    "other 10.0.0.2",
    "own 10.0.0.1",
  ]);
  consul.setStatus("app", "critical", "", "other");
  assertEquals((await health(consul, "app?passing")).map(({ Node }) => Node.Node), ["own"]);
  consul.deregister("app", "other");
  assertEquals((await health(consul, "app")).map(({ Node }) => Node.Node), ["own"]);
});

test("register() takes several checks with ids of their own", async () => {
  await using consul = new EmbeddedConsul();
  consul.register({
    name: "app",
    checks: [{ status: "passing" }, { id: "mine", status: "warning", output: "hm", notes: "n" }],
  });
  const [entry] = await health(consul, "app");
  assertEquals(
    entry!.Checks.slice(1).map(({ CheckID, Status, Output, Notes }) => [
      CheckID,
      Status,
      Output,
      Notes,
    ]),
    [["mine", "warning", "hm", "n"], ["service:app:1", "passing", "", ""]],
  );
});

test("setStatus() makes a check, changes it and moves the index with its output", async () => {
  await using consul = new EmbeddedConsul();
  consul.register({ name: "app" });
  const index = async () =>
    (await consul.fetch("http://consul/v1/health/service/app")).headers.get("X-Consul-Index");
  const seen = new Set([await index()]);
  for (const [status, output] of [["warning", "slow"], ["passing", "one"], ["passing", "two"]]) {
    consul.setStatus("app", status as "warning" | "passing", output);
    const check = (await health(consul, "app"))[0]!.Checks[1]!;
    assertEquals([check.CheckID, check.Status, check.Output], ["service:app", status, output]);
    seen.add(await index());
  }
  assertEquals(seen.size, 4);
});

test("maintenance() and nodeMaintenance() are critical checks that go away again", async () => {
  await using consul = new EmbeddedConsul();
  consul.register({ name: "app", id: "1" });
  consul.register({ name: "app", id: "2" });
  consul.maintenance("1", true, "why");
  assertEquals(await ids(consul, "app?passing"), ["2"]);
  const check = (await health(consul, "app"))[0]!.Checks[1]!;
  assertEquals([check.CheckID, check.Notes, check.ServiceID], [
    "_service_maintenance:1",
    "why",
    "1",
  ]);
  consul.maintenance("1", false);
  const local = consul.datacenter("dc1");
  local.nodeMaintenance(true);
  assertEquals(await ids(consul, "app?passing"), []);
  local.nodeMaintenance(false);
  assertEquals(await ids(consul, "app?passing"), ["1", "2"]);
});

test("datacenter() keeps services and indexes of several datacenters apart", async () => {
  await using consul = new EmbeddedConsul({ datacenters: ["dc2"] });
  consul.datacenter("dc2").register({ name: "app", id: "far", port: 1 });
  assertEquals(await ids(consul, "app"), []);
  const [entry] = await health(consul, "app?dc=dc2");
  assertEquals([entry!.Service.ID, entry!.Node.Datacenter], ["far", "dc2"]);
  const names = await (await consul.fetch("http://consul/v1/catalog/datacenters")).json();
  assertEquals(names, ["dc1", "dc2"]);
  const write = { Node: "n", Address: "10.0.0.1", Datacenter: "dc2", Service: { Service: "app" } };
  const init = { method: "PUT", body: JSON.stringify(write) };
  await (await consul.fetch("http://consul/v1/catalog/register", init)).body?.cancel();
  assertEquals((await ids(consul, "app?dc=dc2")).length, 2);
  assertThrows(() => consul.datacenter("dc3"), RangeError, 'datacenter "dc3"');
});

test("changing what is not there is refused", async () => {
  await using consul = new EmbeddedConsul();
  assertThrows(() => consul.deregister("none"), RangeError, 'instance "none"');
  assertThrows(() => consul.setStatus("none", "passing"), RangeError, 'instance "none"');
  assertThrows(() => consul.maintenance("none", true), RangeError, 'instance "none"');
  const local = consul.datacenter("dc1");
  assertThrows(() => local.nodeMaintenance(true, "", "none"), RangeError, 'node "none"');
});
