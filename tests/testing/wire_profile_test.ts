import { assertEquals, assertThrows } from "@std/assert";
import {
  CONSUL_VERSIONS,
  EmbeddedConsul,
  type EmbeddedConsulOptions,
  type EmbeddedService,
} from "../../src/testing/mod.ts";
import { test } from "../support/test.ts";

interface Entry {
  Node: Record<string, unknown>;
  Service: Record<string, unknown>;
  Checks: Record<string, unknown>[];
}

async function health(consul: EmbeddedConsul, query: string): Promise<Entry[]> {
  return await (await consul.fetch(`http://consul/v1/health/service/${query}`)).json();
}

async function ids(consul: EmbeddedConsul, query: string): Promise<unknown[]> {
  return (await health(consul, query)).map(({ Service }) => Service.ID);
}

/** Registers one instance with each version and returns its entry. */
async function eachVersion(
  service: EmbeddedService,
  check: (version: string, entry: Entry, catalog: Record<string, unknown>) => void,
  query = "app",
): Promise<void> {
  for (const version of CONSUL_VERSIONS) {
    await using consul = new EmbeddedConsul({ version });
    consul.register(service);
    const [entry] = await health(consul, query);
    const answer = await consul.fetch(`http://consul/v1/catalog/service/${query}`);
    const [catalog] = await answer.json() as Record<string, unknown>[];
    check(version, entry!, catalog!);
  }
}

test("ports by name are dropped, told alone, or told with the default port", async () => {
  const ports = { http: 8080, metrics: 9090 };
  const Ports = [
    { Name: "http", Port: 8080, Default: true },
    { Name: "metrics", Port: 9090, Default: false },
  ];
  const expected: Record<string, [number, unknown]> = {
    "1.8": [0, undefined],
    "1.15": [0, undefined],
    "1.22": [0, Ports],
    "2.0": [8080, Ports],
  };
  await eachVersion({ name: "app", ports }, (version, { Service }, catalog) => {
    assertEquals([Service.Port, Service.Ports], expected[version]!);
    assertEquals([catalog.ServicePort, catalog.ServicePorts], expected[version]!);
  });
  await eachVersion({ name: "app", port: 80 }, (_version, { Service }) => {
    assertEquals([Service.Port, "Ports" in Service], [80, false]);
  });
  const consul = new EmbeddedConsul();
  assertThrows(() => consul.register({ name: "app", port: 1, ports }), RangeError, "exclude");
});

test("ports without a default give the first one", async () => {
  await using consul = new EmbeddedConsul({ version: "2.0" });
  const Ports = [{ Name: "a", Port: 1 }, { Name: "b", Port: 2 }];
  const init = { method: "PUT", body: JSON.stringify({ Name: "app", Ports }) };
  await consul.fetch("http://consul/v1/agent/service/register", init);
  assertEquals((await health(consul, "app"))[0]!.Service.Port, 1);
});

test("a unix socket, localities and tagged addresses are told by the versions that have them", async () => {
  const taggedAddresses = { wan: { Address: "203.0.113.1", Port: 443 } };
  const service = {
    name: "app",
    node: "n1",
    socketPath: "/run/app.sock",
    locality: { region: "eu", zone: "eu-a" },
    nodeLocality: { region: "eu" },
    taggedAddresses,
  };
  await eachVersion(service, (version, { Node, Service }) => {
    const [socket, locality] = [version !== "1.8", version === "1.22" || version === "2.0"];
    assertEquals(Service.SocketPath, socket ? "/run/app.sock" : undefined);
    assertEquals(Service.Locality, locality ? { Region: "eu", Zone: "eu-a" } : undefined);
    assertEquals(Node.Locality, locality ? { Region: "eu", Zone: "" } : undefined);
    assertEquals(Service.TaggedAddresses, taggedAddresses);
  });
});

test("instances of a peer are listed with ?peer= only, in any case, and summarized", async () => {
  for (const version of CONSUL_VERSIONS.slice(1)) {
    await using consul = new EmbeddedConsul({ version });
    consul.register({ name: "app", id: "own", port: 1 });
    consul.register({ name: "app", id: "theirs", port: 2, peer: "East", status: "passing" });
    consul.register({ name: "orders", id: "o1", port: 3, peer: "east" });
    assertEquals(await ids(consul, "app"), ["own"]);
    assertEquals(await ids(consul, "APP?peer=EAST"), ["theirs"]);
    assertEquals(await ids(consul, "app?peer=west"), []);
    const [{ Node, Service, Checks }] = await health(consul, "app?peer=east") as [Entry];
    assertEquals([Node.PeerName, Service.PeerName, Checks[0]!.PeerName], ["East", "East", "East"]);
    assertEquals((await health(consul, "app"))[0]!.Service.PeerName, "");
    const read = async (path: string) =>
      await (await consul.fetch(`http://consul/v1/${path}`)).json();
    assertEquals(Object.keys(await read("catalog/services")), ["app", "consul"]);
    assertEquals(Object.keys(await read("catalog/services?peer=east")), ["app", "orders"]);
    const summaries = await read("internal/ui/services") as { Name: string; PeerName?: string }[];
    assertEquals(
      summaries.map(({ Name, PeerName }) => `${Name} ${PeerName ?? ""}`.trim()),
      ["app", "app East", "consul", "orders east"],
    );
    consul.setStatus("theirs", "critical");
    assertEquals(await ids(consul, "app?peer=east&passing"), []);
    consul.deregister("theirs");
    assertEquals(await ids(consul, "app?peer=east"), []);
  }
});

test("a blocking query for a peer wakes when its instances change, and not for others", async () => {
  await using consul = new EmbeddedConsul({ version: "2.0" });
  consul.register({ name: "app", id: "theirs", port: 1, peer: "east" });
  const path = "http://consul/v1/health/service/app?peer=east";
  const index = (await consul.fetch(path)).headers.get("X-Consul-Index");
  const answer = consul.fetch(`${path}&index=${index}`);
  while (consul.waiting === 0) await Promise.resolve();
  consul.register({ name: "app", id: "own", port: 1 });
  assertEquals(consul.waiting, 1);
  consul.register({ name: "app", id: "theirs", port: 2, peer: "east" });
  const response = await answer;
  assertEquals(response.headers.get("X-Consul-Query-Backend"), "streaming");
  assertEquals((await response.json() as Entry[])[0]!.Service.Port, 2);
});

test("peers can be written by /v1/catalog/register", async () => {
  await using consul = new EmbeddedConsul({ version: "1.15" });
  const write = (path: string, body: unknown) =>
    consul.fetch(`http://consul/v1/catalog/${path}`, { method: "PUT", body: JSON.stringify(body) });
  const node = { Node: "n1", Address: "10.0.0.1" };
  await write("register", { ...node, PeerName: "east", Service: { Service: "app", ID: "1" } });
  await write("register", { ...node, Service: { Service: "app", ID: "2" } });
  assertEquals([await ids(consul, "app"), await ids(consul, "app?peer=east")], [["2"], ["1"]]);
  await write("deregister", { Node: "n1", PeerName: "east" });
  assertEquals([await ids(consul, "app"), await ids(consul, "app?peer=east")], [["2"], []]);
});

test("with the option enterprise, namespace, partition and sameness group select instances", async () => {
  const options: EmbeddedConsulOptions = { version: "2.0", enterprise: true };
  await using consul = new EmbeddedConsul(options);
  consul.register({ name: "app", id: "plain", port: 1 });
  consul.register({ name: "app", id: "team", port: 1, namespace: "Team" });
  consul.register({ name: "app", id: "part", port: 1, partition: "p1" });
  consul.register({ name: "app", id: "g1", port: 1, samenessGroup: "all" });
  consul.register({ name: "app", id: "g2", port: 1, samenessGroup: "all", peer: "east" });
  const cases: Record<string, string[]> = {
    "app": ["g1", "plain"],
    "app?ns=default": ["g1", "plain"],
    "app?ns=team": ["team"],
    "app?ns=*": ["g1", "plain", "team"],
    "app?partition=P1": ["part"],
    "app?ns=team&partition=p1": [],
    "app?sg=ALL": ["g1", "g2"],
    "app?sg=none": [],
  };
  for (const [query, expected] of Object.entries(cases)) {
    assertEquals((await ids(consul, query)).sort(), expected, query);
  }
  const [{ Node, Service }] = await health(consul, "app?ns=team") as [Entry];
  assertEquals([Node.Partition, Service.Namespace], ["default", "Team"]);
  const init = { headers: { "X-Consul-Namespace": "team" } };
  const answer = await consul.fetch("http://consul/v1/health/service/app", init);
  assertEquals((await answer.json() as Entry[]).map(({ Service }) => Service.ID), ["team"]);
});

test("streaming can be turned off", async () => {
  await using consul = new EmbeddedConsul({ version: "2.0", streaming: false });
  const { headers } = await consul.fetch("http://consul/v1/health/service/app?cached");
  assertEquals(headers.get("X-Consul-Query-Backend"), "blocking-query");
  assertEquals(headers.get("X-Consul-KnownLeader"), "true");
});
