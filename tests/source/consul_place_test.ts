import { assert, assertEquals } from "@std/assert";
import { decodeHealth } from "../../src/source/consul_decode.ts";
import { healthUrl } from "../../src/source/consul_url.ts";
import type { Query } from "../../src/source/source.ts";
import { test } from "../support/test.ts";
import { check, entry, type Facts, scripted } from "./support.ts";

/** Host and ports of a single entry, or why it was left out. */
function placeOf(facts: Facts, query: Partial<Query> = {}): unknown {
  const { endpoints, skipped } = decodeHealth([entry(facts)], { service: "app", ...query });
  const [endpoint] = endpoints;
  if (endpoint !== undefined) return [endpoint.host, endpoint.ports];
  return skipped[0]?.message.replace(/^.*of service "app": /, "") ?? "filtered";
}

const Ports = [
  { Name: "metrics", Port: 9090, Default: false },
  { Name: "http", Port: 8081, Default: true },
  { Name: "grpc", Port: 9000 },
];
const byName = { metrics: 9090, http: 8081, grpc: 9000 };

test("decodeHealth() takes Port, else the default of Ports, else the first", () => {
  assertEquals(placeOf({ service: { Port: 8080, Ports } }), ["10.0.0.1:8080", byName]);
  assertEquals(placeOf({ service: { Port: 0, Ports } }), ["10.0.0.1:8081", byName]);
  const noDefault = [{ Name: "a", Port: 1 }, { Name: "b", Port: 2 }];
  assertEquals(placeOf({ service: { Port: 0, Ports: noDefault } }), ["10.0.0.1:1", { a: 1, b: 2 }]);
  for (const none of [null, undefined, []]) {
    assertEquals(placeOf({ service: { Ports: none } }), ["10.0.0.1:8080", {}]);
  }
});

test("decodeHealth() takes the port that the watch names, in any case", () => {
  for (const port of ["grpc", "gRPC"]) {
    assertEquals(placeOf({ service: { Port: 8080, Ports } }, { port }), ["10.0.0.1:9000", byName]);
  }
  assertEquals(
    placeOf({ service: { Ports } }, { port: "admin" }),
    'it has no port "admin"; its ports are "metrics", "http", "grpc"',
  );
  assertEquals(placeOf({}, { port: "grpc" }), 'it has no port "grpc"; its ports have no names');
});

test("decodeHealth() says why an instance has no port", () => {
  const old = placeOf({ service: { Port: 0 } });
  assert(String(old).startsWith("the port must be 1 to 65535, received 0; register a port, or"));
  assert(String(old).includes("before 1.22"), String(old));
  assertEquals(
    placeOf({ service: { Port: 0, SocketPath: "/run/app.sock" } }),
    'it listens on a unix socket, "/run/app.sock", which is not supported',
  );
  // Consul's documentation shows an empty path beside a port.
  assertEquals(placeOf({ service: { SocketPath: "" } }), ["10.0.0.1:8080", {}]);
});

for (
  const odd of [
    5,
    "http",
    {},
    [5],
    [null],
    [{ Name: "http" }],
    [{ Name: "", Port: 80 }],
    [{ Name: "http", Port: 0 }],
    [{ Name: "http", Port: "80" }],
  ]
) {
  test(`decodeHealth() leaves out an instance with Ports ${JSON.stringify(odd)}`, () => {
    assertEquals(
      placeOf({ service: { Ports: odd } }),
      "Ports must be a list of ports with a Name",
    );
  });
}

test("decodeHealth() takes any name of a port", () => {
  const { endpoints } = decodeHealth(
    [entry({
      service: { Ports: [{ Name: "__proto__", Port: 1 }, { Name: "toString", Port: 2 }] },
    })],
    { service: "app", port: "tostring" },
  );
  assertEquals(Object.entries(endpoints[0]!.ports), [["__proto__", 1], ["toString", 2]]);
  assertEquals([endpoints[0]!.port, Object.isFrozen(endpoints[0]!.ports)], [2, true]);
});

const TaggedAddresses = {
  lan: { Address: "10.0.0.1", Port: 8080 },
  wan: { Address: "198.51.100.7", Port: 443 },
  public: { Address: "web.example.com", Port: 0 },
};

test("decodeHealth() takes the tagged address that the watch names, and its port", () => {
  const service = { TaggedAddresses };
  const host = (address: string) => (placeOf({ service }, { address }) as string[])[0];
  assertEquals(host("wan"), "198.51.100.7:443");
  assertEquals(host("lan"), "10.0.0.1:8080");
  assertEquals(host("public"), "web.example.com:8080");
  assertEquals(
    placeOf({ service }, { address: "virtual" }),
    'it has no tagged address "virtual"; it has "lan", "wan", "public"',
  );
  assertEquals(
    placeOf({}, { address: "virtual" }),
    'it has no tagged address "virtual"',
  );
});

test("decodeHealth() falls back to the usual address for lan and wan, as Consul does", () => {
  for (const address of ["lan", "wan"]) {
    assertEquals(placeOf({}, { address }), ["10.0.0.1:8080", {}]);
  }
});

test("decodeHealth() takes the node's tagged address for a service without an own address", () => {
  const node = { TaggedAddresses: { lan: "10.1.0.1", wan: "198.51.100.1" } };
  assertEquals(placeOf({ node, service: { Address: "" } }, { address: "wan" }), [
    "198.51.100.1:8080",
    {},
  ]);
  assertEquals(placeOf({ node }, { address: "wan" }), ["10.0.0.1:8080", {}]);
});

test("decodeHealth() takes a port by name at a tagged address", () => {
  const service = { TaggedAddresses, Ports };
  assertEquals(placeOf({ service }, { address: "wan", port: "grpc" }), [
    "198.51.100.7:9000",
    byName,
  ]);
});

test("decodeHealth() takes the zone of Locality before that of the metadata", () => {
  const zone = (facts: Facts) =>
    decodeHealth([entry(facts)], { service: "app" }).endpoints[0]?.zone;
  const locality = (Zone: unknown) => ({ Region: "eu", Zone });
  const Meta = { zone: "meta" };
  assertEquals(zone({ service: { Locality: locality("a"), Meta } }), "a");
  assertEquals(zone({ node: { Locality: locality("n") }, service: { Meta } }), "n");
  assertEquals(
    zone({ node: { Locality: locality("n") }, service: { Locality: locality("a") } }),
    "a",
  );
  for (const odd of [null, {}, 5, locality(""), locality(5)]) {
    assertEquals(zone({ service: { Locality: odd, Meta } }), "meta");
  }
});

test("decodeHealth() filters by tag again, as Consul compares, and reports nothing", () => {
  const list = [
    entry({ service: { ID: "a", Tags: ["Primary"] } }),
    entry({ service: { ID: "b", Tags: ["replica"] } }),
    entry({ service: { ID: "c", Tags: null } }),
  ];
  const { endpoints, skippedCount } = decodeHealth(list, { service: "app", tag: "primary" });
  assertEquals([endpoints.map(({ id }) => id), skippedCount], [["a"], 0]);
});

test("decodeHealth() tells the instances of a peer from the own ones", () => {
  const facts = { service: { PeerName: "west" }, node: { PeerName: "west" } };
  const { endpoints } = decodeHealth([entry(), entry(facts)], { service: "app" });
  assertEquals(endpoints.map(({ peer }) => peer), [undefined, "west"]);
  assertEquals("peer" in endpoints[0]!, false);
});

// As Consul 1.22 answers, recorded from its documentation.
test("decodeHealth() reads an entry with everything that newer versions add", () => {
  const facts = {
    node: {
      TaggedAddresses: { lan: "10.1.0.1", wan: "10.1.0.1" },
      Meta: { "consul-version": "1.22.0" },
      Locality: null,
      Partition: "default",
      PeerName: "",
    },
    service: {
      Kind: "",
      Port: 0,
      Ports,
      SocketPath: "",
      TaggedAddresses: { lan_ipv4: { Address: "10.0.0.1", Port: 0 } },
      EnableTagOverride: false,
      Proxy: { Mode: "", MeshGateway: {}, Expose: {} },
      Connect: {},
      PeerName: "",
      Namespace: "default",
      Partition: "default",
    },
    checks: [check("passing", "serfHealth")],
  };
  assertEquals(placeOf(facts), ["10.0.0.1:8081", byName]);
});

test("healthUrl() sends of the reach what is set, by Consul's names", () => {
  const base = "http://c:8500";
  const query = {
    service: "app",
    datacenter: "eu",
    tag: "a b",
    peer: "west",
    namespace: "team",
    partition: "part",
    samenessGroup: "group",
    filter: 'Service.Meta.version == "2"',
    port: "grpc",
    address: "wan",
  };
  assertEquals(
    healthUrl(base, query),
    "http://c:8500/v1/health/service/app?stale&dc=eu&peer=west&ns=team&partition=part&sg=group" +
      "&tag=a%20b&filter=Service.Meta.version%20%3D%3D%20%222%22",
  );
  const empty = { service: "app", peer: "", namespace: undefined, filter: "" };
  assertEquals(healthUrl(base, empty), "http://c:8500/v1/health/service/app?stale");
});

test("ConsulSource.list() lists names and tags, by a blocking query", async () => {
  const { source, asked } = scripted(() =>
    Response.json({ consul: [], app: ["a", "b"], none: null }, {
      headers: { "X-Consul-Index": "9" },
    })
  );
  const { services, position } = await source.list(
    { datacenter: "eu", namespace: "team" },
    { position: "7", waitMs: 1_000 },
  );
  assertEquals([...services], [["consul", []], ["app", ["a", "b"]], ["none", []]]);
  assertEquals(position, "9");
  assertEquals(
    asked[0]?.url,
    "http://127.0.0.1:8500/v1/catalog/services?stale&dc=eu&ns=team&index=7&wait=1000ms",
  );
});

for (const body of [[], null, 5, { app: "a" }, { app: [5] }]) {
  test(`ConsulSource.list() refuses ${JSON.stringify(body)}`, async () => {
    const { source } = scripted(() => Response.json(body));
    const error = await source.list().catch((error) => error);
    assertEquals(error.code, "REGISTRY_RESPONSE");
  });
}
