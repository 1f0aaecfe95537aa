import { assert, assertEquals, assertMatch } from "@std/assert";
import type { ConfigObject } from "../../src/config/config_object.ts";
import { resolveConfig } from "../../src/config/resolve_config.ts";
import { test } from "../support/test.ts";
import { rejection } from "./support.ts";

const env = { HOST: "consul", NAME: "app" };

test("resolveConfig() reads an object as it reads a file", async () => {
  const config = await resolveConfig({
    consul: { address: "consul:8501", token: "secret", tls: { cafile: "ca.pem" } },
    watches: [{ name: "app", interval: 5, tag: "a", datacenter: "b" }, {
      name: "db",
      interval: "7",
    }],
    jobs: [{ name: "me", port: 80, health: { interval: 5, ttl: "10s" }, exec: "/bin/me" }],
    telemetry: { port: 9090 },
    odd: true,
    watchs: [],
  } as ConfigObject, { env: {} });
  assertEquals(config.consul.url, "https://consul:8501");
  assertEquals(config.consul.token?.reveal(), "secret");
  assertEquals(config.consul.tls, { caFile: "ca.pem", verify: true });
  assertEquals(config.watches, [
    { name: "app", tag: "a", datacenter: "b", intervalMs: 5000 },
    { name: "db", tag: undefined, datacenter: undefined, intervalMs: 7000 },
  ]);
  assertEquals(config.registrations.map(({ name, ttlMs }) => [name, ttlMs]), [["me", 10_000]]);
  assertEquals(config.warnings, [
    { message: "odd is not a known key and is left out", at: "odd" },
    { message: 'watchs is not a known key and is left out, did you mean "watches"', at: "watchs" },
  ]);
});

test("resolveConfig() refuses dc in an object, where it is datacenter", async () => {
  for (const key of ["watches", "backends"]) {
    const object = { consul: "c:1", [key]: [{ name: "app", dc: "eu" }] };
    if (key === "watches") {
      assertEquals(
        (await rejection(resolveConfig(object))).message,
        'Cannot use the configuration: watches[0].dc is not known here, did you mean "datacenter" ' +
          "(the keys are name, interval, intervalMs, tag, datacenter, as, port, address, peer, " +
          "namespace, partition, samenessGroup, filter, pattern and limit)",
      );
    } else {
      assertEquals((await resolveConfig(object)).warnings.map(({ message }) => message), [
        'backends[0].dc is not a known key and is left out, did you mean "datacenter"',
      ]);
    }
  }
});

test("resolveConfig() renders templates inside of an object's strings", async () => {
  const config = await resolveConfig({
    consul: "{{ .HOST }}:8500",
    watches: [{ name: "{{ .NAME }}", interval: "{{ .NOTHING }}5" }],
    jobs: [{ name: "{{ .NAME }}", port: 80, tags: ["{{ .HOST }}"] }],
  }, { env });
  assertEquals(config.consul.url, "http://consul:8500");
  assertEquals(config.watches.map(({ name, intervalMs }) => [name, intervalMs]), [["app", 5000]]);
  assertEquals(config.registrations[0]!.tags, ["consul"]);
});

test("resolveConfig() lets what an environment holds be text, and no JSON5", async () => {
  const name = '", interval: 1}, {name: "x';
  const { watches } = await resolveConfig({ consul: "c:1", watches: [{ name: "{{ .N }}" }] }, {
    env: { N: name },
  });
  assertEquals(watches.map((watch) => watch.name), [name]);
});

test("resolveConfig() takes any name that Consul takes in an object", async () => {
  const names = ["App", "a", "app_x", "app x", "\u00e4pp", "a/b", "1", "%00"];
  const { watches } = await resolveConfig({
    consul: "c:1",
    watches: names.map((name) => ({ name })),
  });
  assertEquals(watches.map(({ name }) => name), names);
  const error = await rejection(resolveConfig({ consul: "c:1", watches: [{ name: "" }] }));
  assertEquals(
    error.message,
    'Cannot use the configuration: watches[0].name must be the name of a service, received ""',
  );
});

test("resolveConfig() reports a mistake in an object by its path", async () => {
  const error = await rejection(
    resolveConfig({ consul: "c:1", watches: [{ name: "app", interval: 0 }] }),
  );
  assertEquals(error.code, "CONFIG_INVALID");
  assertEquals(error.line, undefined);
  assertMatch(
    error.message,
    /^Cannot use the configuration: watches\[0\]\.interval must be .*received 0$/,
  );
});

test("resolveConfig() refuses objects that are no plain data", async () => {
  const ring: { consul: string; watches: unknown[] } = { consul: "c:1", watches: [] };
  ring.watches.push({ name: "app", tag: ring.watches });
  let deep: unknown = "x";
  for (let level = 0; level < 5000; level++) deep = [deep];
  const refused: [unknown, RegExp][] = [
    [ring, /: watches\[0\]\.tag must not contain itself$/],
    [{ consul: "c:1", watches: [deep] }, /: watches\[0\] must be at most 100 levels deep$/],
    [{ consul: new URL("http://c:1") }, /: consul must be a plain object, received a URL$/],
    [
      { consul: "c:1", watches: [new Map()] },
      /: watches\[0\] must be a plain object, received a Map$/,
    ],
    [
      { consul: "c:1", watches: [() => 1] },
      /: watches\[0\] must be an object, received a function$/,
    ],
    [{ consul: "c:1", watches: [{ name: Symbol("x") }] }, /received Symbol\(x\)$/],
  ];
  for (const [object, message] of refused) {
    assertMatch((await rejection(resolveConfig(object as ConfigObject))).message, message);
  }
});

test("resolveConfig() does not look into the parts that belong to ContainerPilot", async () => {
  const logging: Record<string, unknown> = { level: "{{ nofunc }}" };
  logging.self = logging;
  const object = { consul: "c:1", logging, control: new Map() } as ConfigObject;
  const { warnings } = await resolveConfig(object);
  assertEquals(warnings, []);
});

test("resolveConfig() takes an object's own members only, and leaves the object as it is", async () => {
  const object = Object.freeze({
    consul: "{{ .HOST }}:8500",
    ...JSON.parse('{"__proto__": {"watches": [{"name": "app"}]}}'),
  });
  const config = await resolveConfig(object, { env });
  assertEquals(config.watches, []);
  assertEquals(config.warnings.map(({ at }) => at), ["__proto__"]);
  assertEquals(object.consul, "{{ .HOST }}:8500");
  assert(
    (await resolveConfig(Object.create({ consul: "c:1" })).catch(String)).toString().includes(
      "missing",
    ),
  );
});

test("resolveConfig() reports a template that can't be rendered", async () => {
  const error = await rejection(resolveConfig({ consul: "{{ nofunc }}" }));
  assertEquals(error.code, "TEMPLATE_INVALID");
});
