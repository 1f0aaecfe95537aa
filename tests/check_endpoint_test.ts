import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { checkEndpoint, type EndpointFacts } from "../src/check_endpoint.ts";
import { type Endpoint, endpointIdentity, sameEndpoint } from "../src/endpoint.ts";
import { test } from "./support/test.ts";

function facts(changes: Partial<EndpointFacts> = {}): EndpointFacts {
  return {
    service: "web",
    id: "web-1",
    address: "10.0.0.1",
    port: 80,
    node: "n1",
    datacenter: "dc1",
    tags: ["a"],
    meta: { version: "1" },
    weight: 1,
    status: "passing",
    zone: "",
    ...changes,
  };
}

test("checkEndpoint() returns a frozen endpoint with its host", () => {
  const endpoint = checkEndpoint(facts()) as Endpoint;
  assertEquals(endpoint, { ...facts(), host: "10.0.0.1:80", ports: {} } as Endpoint);
  for (const part of [endpoint, endpoint.tags, endpoint.meta]) assert(Object.isFrozen(part));
  assertEquals((checkEndpoint(facts({ address: "[::1]" })) as Endpoint).host, "[::1]:80");
});

test("checkEndpoint() accepts missing tags and metadata", () => {
  for (const nothing of [undefined, null]) {
    const endpoint = checkEndpoint(facts({ tags: nothing, meta: nothing })) as Endpoint;
    assertEquals([endpoint.tags, endpoint.meta], [[], {}]);
  }
});

test("checkEndpoint() shares equal tags and metadata with the endpoint before", () => {
  const first = checkEndpoint(facts()) as Endpoint;
  const second = checkEndpoint(facts({ id: "web-2" }), first) as Endpoint;
  assertStrictEquals(second.tags, first.tags);
  assertStrictEquals(second.meta, first.meta);
});

const faults: readonly [fact: keyof EndpointFacts, values: readonly unknown[], why: string][] = [
  ["service", ["", 7, null], "the service must be a name, received "],
  ["id", ["", undefined, {}], "the id must be a name, received "],
  ["address", ["evil.example/x", "", null], "the address must be an IP address or a host name"],
  ["port", [-5, 0, 65_536, "80", null], "the port must be 1 to 65535, received "],
  ["node", [undefined, 7], "the node must be a string, received "],
  ["datacenter", [undefined, 7], "the datacenter must be a string, received "],
  ["zone", [undefined, null], "the zone must be a string, received "],
  ["tags", ["a", [1], {}], "the tags must be a list of strings, received "],
  ["meta", ["a", { a: 1 }, []], "the meta must be an object of strings, received "],
  ["weight", [-1, 65_536, NaN, Infinity, "1", null], "the weight must be 0 to 65535, received "],
  ["status", ["unheard of", "", null], "the status must be one of passing, warning, "],
];
for (const [fact, values, why] of faults) {
  test(`checkEndpoint() says what is wrong with the ${fact}`, () => {
    for (const value of values) {
      const result = checkEndpoint(facts({ [fact]: value }));
      assert(typeof result === "string" && result.startsWith(why), JSON.stringify(result));
    }
  });
}

test("checkEndpoint() takes ports by name, frozen, and shares equal ones", () => {
  const first = checkEndpoint({ ...facts(), ports: { http: 80, grpc: 90 } }) as Endpoint;
  assertEquals(first.ports, { http: 80, grpc: 90 });
  assertEquals(Object.isFrozen(first.ports), true);
  const next = checkEndpoint({ ...facts(), ports: { http: 80, grpc: 90 } }, first) as Endpoint;
  assertEquals(next.ports === first.ports, true);
  assertEquals(sameEndpoint(first, next), true);
  const moved = checkEndpoint({ ...facts(), ports: { http: 80, grpc: 91 } }, first) as Endpoint;
  assertEquals(sameEndpoint(first, moved), false);
  for (const odd of [5, [], "http", { http: 0 }, { http: "80" }, { http: 70_000 }]) {
    assertEquals(
      String(checkEndpoint({ ...facts(), ports: odd })).startsWith("the ports must be an object"),
      true,
    );
  }
});

test("checkEndpoint() takes a peer, which is part of the identity", () => {
  const own = checkEndpoint(facts()) as Endpoint;
  const other = checkEndpoint({ ...facts(), peer: "west" }) as Endpoint;
  assertEquals([own.peer, other.peer], [undefined, "west"]);
  assertEquals(endpointIdentity(own) === endpointIdentity(other), false);
  assertEquals(sameEndpoint(own, other), false);
  assertEquals(typeof checkEndpoint({ ...facts(), peer: "" }), "string");
});
