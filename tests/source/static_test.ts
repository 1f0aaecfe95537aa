import { assert, assertEquals } from "@std/assert";
import { type StaticServices, StaticSource } from "../../src/source/static.ts";
import type { Query } from "../../src/source/source.ts";
import { test } from "../support/test.ts";

async function read(
  services: StaticServices,
  query: { tag?: string; datacenter?: string | undefined } = {},
) {
  return await new StaticSource(services).read({ service: "app", ...query });
}

test("StaticSource.read() fills in what is left out", async () => {
  const { endpoints, position: index, freshness, skipped } = await read({
    app: [{ address: "[::1]", port: 80 }],
  });
  assertEquals(endpoints, [{
    service: "app",
    id: "app-0",
    address: "::1",
    port: 80,
    host: "[::1]:80",
    ports: {},
    node: "static",
    datacenter: "",
    tags: [],
    meta: {},
    weight: 1,
    status: "passing",
    zone: "",
  }]);
  assertEquals([index, freshness, skipped], [undefined, {}, []]);
});

test("StaticSource.read() gives an endpoint of one datacenter only to who asks for it or for none", async () => {
  const services = {
    app: [
      { address: "10.0.0.1", port: 80, datacenter: "dc1" },
      { address: "10.0.0.2", port: 80, datacenter: "dc2" },
      { address: "10.0.0.3", port: 80 },
    ],
  };
  const at = async (datacenter?: string) =>
    (await read(services, { datacenter })).endpoints.map((each) => `${each.id} ${each.datacenter}`);
  assertEquals(await at(), ["app-0 dc1", "app-1 dc2", "app-2 "]);
  assertEquals(await at("dc2"), ["app-1 dc2", "app-2 dc2"]);
});

test("StaticSource.read() reports what it leaves out", async () => {
  const { endpoints, skipped } = await read({
    app: [
      { address: "", port: 80 },
      { address: "10.0.0.1", port: 80.5 },
      { address: "10.0.0.1", port: 80, id: "a" },
      { address: "10.0.0.2", port: 80, id: "a" },
    ],
  });
  assertEquals(endpoints.map(({ host }) => host), ["10.0.0.1:80"]);
  assertEquals(skipped.map(({ message }) => message), [
    'Cannot use entry 0 of service "app": the address must be an IP address or a host name, received ""',
    'Cannot use entry 1 of service "app": the port must be 1 to 65535, received 80.5',
    'Cannot use entry 3 of service "app": its id is given twice',
  ]);
});

test("StaticSource.read() shows what was changed in the given object, in copies of its own", async () => {
  const tags = ["a"];
  const services: Record<string, { address: string; port: number; tags: string[] }[]> = {};
  const source = new StaticSource(services);
  assertEquals((await source.read({ service: "app" })).endpoints, []);
  services.app = [{ address: "10.0.0.1", port: 80, tags }];
  const { endpoints } = await source.read({ service: "app" });
  tags.push("b");
  assertEquals(endpoints[0]?.tags, ["a"]);
  assert(!Object.isFrozen(tags));
});

test("StaticSource.read() knows no service by a name of Object.prototype", async () => {
  const source = new StaticSource({});
  for (const service of ["constructor", "__proto__", "toString"]) {
    assertEquals((await source.read({ service })).endpoints, []);
  }
});

test("StaticSource.read() compares names and tags without case, and knows ports and peers", async () => {
  const ports = { http: 80, grpc: 90 };
  const source = new StaticSource({
    MyApp: [
      { id: "a", address: "10.0.0.1", port: 80, ports, tags: ["V2"] },
      { id: "b", address: "10.0.0.2", port: 80, peer: "west" },
    ],
  });
  const hosts = async (query: Partial<Query>) =>
    (await source.read({ service: "myapp", ...query })).endpoints.map(({ host }) => host);
  assertEquals(await hosts({}), ["10.0.0.1:80"]);
  assertEquals(await hosts({ tag: "v2", port: "GRPC" }), ["10.0.0.1:90"]);
  assertEquals(await hosts({ peer: "west" }), ["10.0.0.2:80"]);
  const { skipped } = await source.read({ service: "MyApp", port: "admin" });
  assertEquals(skipped[0]?.message.endsWith('it has no port "admin"'), true);
  ports.grpc = 91;
  assertEquals(await hosts({ port: "grpc" }), ["10.0.0.1:91"]);
});

test("StaticSource.list() lists services that have endpoints", async () => {
  const at = { address: "10.0.0.1", port: 80 };
  const source = new StaticSource({
    app: [{ ...at, tags: ["a"] }, { ...at, tags: ["a", "b"] }],
    no: [],
  });
  const { services, position } = await source.list();
  assertEquals([[...services], position], [[["app", ["a", "b"]]], undefined]);
});
