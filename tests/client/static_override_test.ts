import { assertEquals, assertMatch } from "@std/assert";
import { createPiloted } from "../../src/client/create_piloted.ts";
import { ConsulSource } from "../../src/source/consul.ts";
import { overriding } from "../../src/source/overriding.ts";
import type { Source } from "../../src/source/source.ts";
import { EmbeddedConsul } from "../../src/testing/mod.ts";
import { test } from "../support/test.ts";

for (const mode of ["live", "on-demand"] as const) {
  test(`a static service is handed out without reading Consul, loudly, in mode ${mode}`, async () => {
    const consul = new EmbeddedConsul();
    consul.register({ name: "customers", id: "real", address: "10.0.0.1", port: 1 });
    consul.register({ name: "db", id: "db", address: "10.0.0.2", port: 2 });
    const piloted = await createPiloted({
      config: {
        consul: "consul:8500",
        static: { customers: ["127.0.0.1:3000"] },
        watches: [{ name: "customers", tag: "primary" }, { name: "db" }],
      },
      fetch: consul.fetch,
      mode,
      signals: false,
    });
    const warned = piloted.once("warning");
    assertEquals((await piloted.service("customers")).host, "127.0.0.1:3000");
    assertEquals((await piloted.service("db")).host, "10.0.0.2:2");
    assertEquals(consul.requests.filter(({ path }) => path.includes("customers")), []);
    const { state, reason, watches } = piloted.status("customers");
    assertEquals([state, watches[0]!.override], ["live", "static"]);
    assertEquals(reason, "overridden by static; the registry is not read");
    assertEquals(piloted.status("db").watches[0]!.override, undefined);
    assertMatch((await warned).message, /overrides Consul: customers is 1 endpoint/);
    await piloted.close();
    await consul.close();
  });
}

test("a client whose services are all static starts without any Consul", async () => {
  const piloted = await createPiloted({
    config: { consul: "consul:8500", watches: [{ name: "customers" }] },
    env: { PILOTED_STATIC_CUSTOMERS: "127.0.0.1:3000,127.0.0.1:3001" },
    fetch: () => Promise.reject(new TypeError("there is no Consul")),
    signals: false,
  });
  const hosts = [piloted.pick("customers").host, piloted.pick("customers").host];
  assertEquals(hosts.sort(), ["127.0.0.1:3000", "127.0.0.1:3001"]);
  await piloted.close();
});

test("an override is in use at once, however many instances were listed before", async () => {
  const consul = new EmbeddedConsul();
  for (let i = 1; i <= 20; i++) {
    consul.register({ name: "customers", id: `c${i}`, address: "10.0.0.1", port: i });
  }
  const registry = new ConsulSource({ url: "http://consul:8500", fetch: consul.fetch });
  let source: Source = registry;
  const piloted = await createPiloted({
    config: { consul: "consul:8500", watches: [{ name: "customers", interval: 1 }] },
    source: { name: "switch", read: (query, options) => source.read(query, options) },
    signals: false,
  });
  const { length } = piloted.serviceHosts("customers");
  const endpoints = piloted.serviceHosts("customers").slice(0, 1);
  source = overriding(registry, { Customers: { origin: "static", endpoints } });
  await piloted.refresh();
  assertEquals([length, piloted.serviceHosts("customers").length], [20, 1]);
  assertEquals(piloted.status("customers").state, "live");
  await piloted.close();
  await consul.close();
});

test("a reload takes a changed override over, and back", async () => {
  const consul = new EmbeddedConsul();
  consul.register({ name: "customers", id: "real", address: "10.0.0.1", port: 1 });
  const { mkdtemp, rm, writeFile } = await import("node:fs/promises");
  const { tmpdir } = await import("node:os");
  const { join } = await import("node:path");
  const folder = await mkdtemp(join(tmpdir(), "piloted-static-"));
  const path = join(folder, "containerpilot.json5");
  const write = (fields: string) =>
    writeFile(
      path,
      `{ consul: "consul:8500", watches: [{ name: "customers", interval: 1 }] ${fields} }`,
    );
  await write("");
  const piloted = await createPiloted({
    config: path,
    reload: true,
    fetch: consul.fetch,
    signals: false,
  });
  const host = () => piloted.serviceHosts("customers").map(({ host }) => host);
  assertEquals(host(), ["10.0.0.1:1"]);
  await write(`, static: { customers: ["127.0.0.1:3000"] }`);
  await piloted.refresh();
  assertEquals(host(), ["127.0.0.1:3000"]);
  await write("");
  await piloted.refresh();
  assertEquals(host(), ["10.0.0.1:1"]);
  await piloted.close();
  await consul.close();
  await rm(folder, { recursive: true });
});
