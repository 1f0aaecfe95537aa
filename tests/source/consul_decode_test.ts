import { assert, assertEquals } from "@std/assert";
import type { Endpoint } from "../../src/endpoint.ts";
import { decodeHealth, decodeHealthInSlices } from "../../src/source/consul_decode.ts";
import { test } from "../support/test.ts";
import { check, endpointOf, entry, type Facts } from "./support.ts";

const query = { service: "app" };

/** Why a single entry was left out; fails when it was not. */
function faultOf(...entries: unknown[]): string {
  const { endpoints, skipped, skippedCount } = decodeHealth(entries, query);
  assertEquals([endpoints.length, skipped.length, skippedCount], [0, 1, 1]);
  assertEquals([skipped[0]!.code, skipped[0]!.service], ["ENDPOINT_INVALID", "app"]);
  return skipped[0]!.message;
}

test("decodeHealth() takes over everything that an endpoint has", () => {
  const endpoint = endpointOf({
    node: { Node: "node-7", Datacenter: "dc2" },
    service: {
      ID: "app-7",
      Address: "10.0.0.7",
      Port: 9000,
      Tags: ["v2", "primary"],
      Meta: { version: "2.1.0", zone: "eu-1a" },
      Weights: { Passing: 10, Warning: 3 },
    },
    checks: [check("passing", "serfHealth"), check("warning")],
  });
  assertEquals(endpoint, {
    service: "app",
    id: "app-7",
    address: "10.0.0.7",
    port: 9000,
    host: "10.0.0.7:9000",
    ports: {},
    node: "node-7",
    datacenter: "dc2",
    tags: ["v2", "primary"],
    meta: { version: "2.1.0", zone: "eu-1a" },
    weight: 3,
    status: "warning",
    zone: "eu-1a",
  });
  for (const part of [endpoint, endpoint.tags, endpoint.meta]) assert(Object.isFrozen(part));
});

test("decodeHealth() gives an empty list for an empty list", () => {
  assertEquals({ ...decodeHealth([], query) }, {
    endpoints: [],
    skipped: [],
    skippedCount: 0,
    nodeFailedCount: 0,
    checks: undefined,
  });
});

for (
  const [statuses, expected] of [
    [[], "passing"],
    [["passing", "passing"], "passing"],
    [["passing", "warning", "passing"], "warning"],
    [["warning", "critical", "passing"], "critical"],
    [["critical", "warning"], "critical"],
    [["unheard of"], "critical"],
    [["unheard of", "warning"], "critical"],
    [["critical", "maintenance"], "maintenance"],
  ] as const
) {
  test(`decodeHealth() takes the worst of ${statuses.join(", ") || "no checks"}: ${expected}`, () => {
    const checks = statuses.map((status) => check(status));
    assertEquals(endpointOf({ checks }).status, expected);
  });
}

test("decodeHealth() tells maintenance of a service and of its node from a critical check", () => {
  const status = (...checks: unknown[]) => endpointOf({ checks }).status;
  assertEquals(status(check("critical", "_node_maintenance")), "maintenance");
  assertEquals(
    status(check("warning"), check("critical", "_service_maintenance:app-1")),
    "maintenance",
  );
  assertEquals(status(check("critical", "_service_maintenance")), "critical");
  assertEquals(status(check("passing", "_node_maintenance")), "passing");
});

test("decodeHealth() takes missing checks for none", () => {
  assertEquals(endpointOf({ checks: null }).status, "passing");
  const { Node, Service } = entry();
  assertEquals(decodeHealth([{ Node, Service }], query).endpoints[0]?.status, "passing");
});

test("decodeHealth() takes the weight of the present status", () => {
  const weight = (Weights: unknown, status: string) =>
    endpointOf({ service: { Weights }, checks: [check(status)] }).weight;
  const Weights = { Passing: 10, Warning: 2 };
  assertEquals(
    ["passing", "warning", "critical"].map((status) => weight(Weights, status)),
    [10, 2, 10],
  );
  assertEquals(weight({ Passing: 0, Warning: 0 }, "passing"), 0);
});

for (
  const value of [undefined, null, {}, [], 3, { Passing: "3" }, { Passing: -1 }, { Passing: 1e9 }]
) {
  test(`decodeHealth() takes 1 for the weight where Consul says ${JSON.stringify(value)}`, () => {
    assertEquals(endpointOf({ service: { Weights: value } }).weight, 1);
  });
}

test("decodeHealth() takes the node's address where the service has none", () => {
  for (const Address of ["", undefined, null]) {
    assertEquals(endpointOf({ service: { Address } }).host, "10.1.0.1:8080");
  }
});

test("decodeHealth() makes the host of IPv6 with brackets", () => {
  const endpoint = endpointOf({ service: { Address: "[2001:db8::1]" } });
  assertEquals([endpoint.address, endpoint.host], ["2001:db8::1", "[2001:db8::1]:8080"]);
});

test("decodeHealth() leaves out what checkEndpoint() refuses", () => {
  for (
    const [service, why] of [
      [{ Address: "10.0.0.256" }, "the address must be an IP address or a host name"],
      [{ Address: ["10.0.0.1"] }, "the address must be an IP address or a host name"],
      [{ Port: 0 }, "the port must be 1 to 65535, received 0"],
      [{ Tags: "a" }, "the tags must be a list of strings"],
    ] as const
  ) {
    const message = faultOf(entry({ service }));
    assert(message.includes(why), message);
  }
});

test("decodeHealth() leaves out an entry without any address", () => {
  const message = faultOf(entry({ node: { Address: "" }, service: { Address: "" } }));
  assert(message.endsWith('received ""'), message);
});

test("decodeHealth() takes the smallest and the largest port", () => {
  const ports = [1, 65_535].map((Port) => endpointOf({ service: { Port } }).port);
  assertEquals(ports, [1, 65_535]);
});

const wrong: Record<string, unknown> = {
  "a number": 1,
  "nothing": null,
  "a text": "x",
  "a list": [],
  "an empty object": {},
  "no Service": { Node: {} },
  "no Node": { Service: {} },
  "a list for a Service": { Node: {}, Service: [] },
  "a text for Tags": entry({ service: { Tags: "a" } }),
  "a number among the Tags": entry({ service: { Tags: ["a", 1] } }),
  "a list for Meta": entry({ service: { Meta: ["a"] } }),
  "a number in Meta": entry({ service: { Meta: { a: 1 } } }),
  "an object for Checks": entry({ checks: {} }),
  "a text among the Checks": entry({ checks: ["passing"] }),
  "a check without a Status": entry({ checks: [{}] }),
  "a number for a Status": entry({ checks: [check(1)] }),
};
for (const [what, value] of Object.entries(wrong)) {
  test(`decodeHealth() leaves out ${what} and keeps the others`, () => {
    const good = entry({ service: { ID: "good" } });
    const { endpoints, skipped } = decodeHealth([value, good], query);
    assertEquals(endpoints.map(({ id }) => id), ["good"]);
    assertEquals(skipped.map(({ code }) => code), ["ENDPOINT_INVALID"]);
  });
}

test("decodeHealth() leaves out what belongs to another service", () => {
  assert(faultOf(entry({ service: { Service: "other" } })).includes('"other"'));
  assert(faultOf(entry({ service: { Service: 7 } })).includes("another service"));
});

test("decodeHealth() goes by Consul's rule that names don't differ by case", () => {
  const { endpoints } = decodeHealth([entry({ service: { Service: "APP" } })], query);
  assertEquals(endpoints[0]?.service, "app");
});

test("decodeHealth() takes an id once per node and reports its second appearance", () => {
  const { endpoints, skipped } = decodeHealth([
    entry(),
    entry({ node: { Node: "node-2" } }),
    entry({ service: { Port: 9 } }),
  ], query);
  assertEquals(endpoints.map(({ node, port }) => `${node} ${port}`), [
    "node-1 8080",
    "node-2 8080",
  ]);
  assertEquals(skipped.map(({ message }) => message), [
    'Cannot use instance "app-1" on node "node-1" of service "app": it is listed twice',
  ]);
});

test("decodeHealth() says the same of an entry wherever it stands in the list", () => {
  const bad = entry({ service: { ID: "bad", Port: 0 } });
  const [first, last] = [[bad, entry()], [entry(), bad]].map((list) =>
    decodeHealth(list, query).skipped[0]!.message
  );
  assertEquals(first, last);
});

test("decodeHealth() takes the service's name for an id that is missing", () => {
  for (const ID of [undefined, "", null, 7]) {
    assertEquals(endpointOf({ service: { ID } }).id, "app");
  }
});

test("decodeHealth() takes the datacenter that was asked where the node names none", () => {
  const list = [entry({ node: { Datacenter: undefined } })];
  assertEquals(decodeHealth(list, { ...query, datacenter: "dc9" }).endpoints[0]?.datacenter, "dc9");
  assertEquals(decodeHealth(list, query).endpoints[0]?.datacenter, "");
});

test("decodeHealth() reads the zone from the service, else from its node", () => {
  const zone = (Meta: unknown, node: unknown) =>
    endpointOf({ service: { Meta }, node: { Meta: node } }).zone;
  assertEquals(zone({ zone: "a" }, { zone: "b" }), "a");
  assertEquals(zone({ availability_zone: "a" }, { zone: "b" }), "a");
  assertEquals(zone({ version: "1" }, { zone: "b" }), "b");
  assertEquals(zone(null, { availability_zone: "b" }), "b");
  assertEquals(zone(null, null), "");
  assertEquals(zone(null, { zone: 7 }), "");
});

test("decodeHealth() lets neighbours share tags and metadata that are the same", () => {
  const facts = (id: string, tag: string, version: string): Facts => ({
    service: { ID: id, Tags: [tag], Meta: { version } },
  });
  const { endpoints } = decodeHealth(
    [facts("a", "x", "1"), facts("b", "x", "1"), facts("c", "y", "2"), facts("d", "x", "1")]
      .map(entry),
    query,
  );
  const [a, b, c, d] = endpoints as [Endpoint, Endpoint, Endpoint, Endpoint];
  assert(a.tags === b.tags && a.meta === b.meta);
  assertEquals([c.tags, c.meta], [["y"], { version: "2" }]);
  assertEquals([d.tags, d.meta], [["x"], { version: "1" }]);
});

test("decodeHealth() is not misled by names of Object.prototype", () => {
  const text = JSON.stringify([entry({ service: { Meta: { constructor: "x" } } })])
    .replace('"constructor"', '"__proto__"');
  const { endpoints } = decodeHealth(JSON.parse(text), query);
  assertEquals(Object.entries(endpoints[0]!.meta), [["__proto__", "x"]]);
  const bare = JSON.parse('[{"__proto__":{"Node":{},"Service":{}}}]');
  assertEquals(decodeHealth(bare, query).endpoints.length, 0);
});

test("decodeHealth() counts what it leaves out and keeps the first ten errors", () => {
  const { endpoints, skipped, skippedCount } = decodeHealth(Array(25).fill({}), query);
  assertEquals([endpoints.length, skipped.length, skippedCount], [0, 10, 25]);
  assert(skipped[9]!.message.includes("entry 9 "), skipped[9]!.message);
});

test("decodeHealthInSlices() decodes as decodeHealth() does", async () => {
  const list = Array.from(
    { length: 1_000 },
    (_, i) => entry({ service: { ID: `app-${i % 990}` } }),
  );
  const { endpoints, skipped, skippedCount } = decodeHealth(structuredClone(list), query);
  const sliced = await decodeHealthInSlices(list, query);
  assertEquals(sliced.endpoints, endpoints);
  assertEquals(sliced.skipped.map(String), skipped.map(String));
  assertEquals([skippedCount, sliced.skippedCount], [10, 10]);
});

test("decodeHealthInSlices() decodes a short list without waiting for the event loop", async () => {
  let turns = 0;
  const timer = setInterval(() => turns++, 0);
  await decodeHealthInSlices([entry()], query);
  clearInterval(timer);
  assertEquals(turns, 0);
});

test("decodeHealthInSlices() ends with its signal", async () => {
  const abort = new AbortController();
  const decoding = decodeHealthInSlices(Array(1_000_000).fill({}), query, abort.signal);
  abort.abort("no longer");
  const outcome = await decoding.then(() => "decoded", (reason) => reason);
  assertEquals(outcome, "no longer");
});

test("decodeHealth() has the checks of each endpoint where they are wanted", async () => {
  const checks = [
    { CheckID: "serfHealth", Name: "Serf Health Status", Status: "passing", Output: "alive" },
    { CheckID: "http", Name: "", Status: "warning", Output: "x".repeat(10_000) },
    { CheckID: "_node_maintenance", Name: "Maintenance", Status: "critical", Notes: "disk swap" },
    { CheckID: 7, Status: "odd", Output: 8 },
  ];
  const list = [entry(), {}, entry({ service: { ID: "app-2" }, checks })];
  assertEquals(decodeHealth(structuredClone(list), query).checks, undefined);
  const decoded = decodeHealth(structuredClone(list), query, true);
  assertEquals(decoded.endpoints.map(({ status }) => status).at(-1), "maintenance");
  assertEquals(
    decoded.checks?.length,
    2,
    "in the order of the endpoints, without what was skipped",
  );
  assertEquals(decoded.checks?.[1], [
    { name: "Serf Health Status", status: "passing", output: "alive" },
    { name: "http", status: "warning", output: "x".repeat(4_096) },
    { name: "Maintenance", status: "maintenance", output: "disk swap" },
    { name: "", status: "critical", output: "" },
  ]);
  const sliced = await decodeHealthInSlices(list, query, undefined, true);
  assertEquals(sliced.checks, decoded.checks);
});
