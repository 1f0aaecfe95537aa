/** `{ ...config, watches }`: a loaded configuration that is changed in a part of it. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Config } from "../../src/config/config.ts";
import type { ConfigObject } from "../../src/config/config_object.ts";
import { parseConfig } from "../../src/config/parse_config.ts";
import { resolveConfig } from "../../src/config/resolve_config.ts";
import { revealSecret } from "../../src/secret.ts";
import { test } from "../support/test.ts";
import { rejection } from "./support.ts";

const TEXT = `{
  consul: {
    address: "https://consul:8501/prefix", token: "hunter2",
    tls: { cafile: "ca.pem", capath: "ca", clientcert: "c.pem", clientkey: "k.pem", servername: "s", verify: false },
  },
  watches: [{ name: "app", interval: 5, tag: "a", dc: "eu" }, { name: "db" }],
  jobs: [{
    name: "me", port: 80, tags: ["a"], meta: { zone: "b" }, interfaces: "eth0", initial_status: "warning",
    health: { interval: 5, ttl: "10s" },
    consul: { enableTagOverride: true, deregisterCriticalServiceAfter: "10m" },
  }],
  odd: 1,
}`;
// None of it is looked at again.
const env = { CONSUL_HTTP_TOKEN: "other", CONSUL_CACERT: "other", CONSUL_HTTP_ADDR: "other:1" };

/** A configuration with the texts of its secrets. */
function revealed({ consul, ...rest }: Config): unknown {
  const tls = consul.tls && { ...consul.tls, keyFile: revealSecret(consul.tls.keyFile) };
  return { ...rest, consul: { ...consul, token: revealSecret(consul.token), tls } };
}

test("resolveConfig() takes a copy of a configuration for the same configuration", async () => {
  const config = await parseConfig(TEXT);
  assertEquals(config.consul.token?.reveal(), "hunter2");
  assertEquals(config.warnings.length, 1);
  const copies: ConfigObject[] = [
    { ...config },
    Object.freeze({ ...config }),
    { ...config, consul: { ...config.consul, tls: { ...config.consul.tls } } },
    { ...config, watches: config.watches.map((watch) => ({ ...watch })) },
    { ...config, registrations: config.registrations.map((it) => ({ ...it })) },
  ];
  for (const copy of copies) {
    const again = await resolveConfig(copy, { env });
    assert(again !== config);
    assertEquals(revealed(again), revealed(config));
  }
});

test("resolveConfig() changes the parts that are given beside a spread configuration", async () => {
  const config = await parseConfig(TEXT);
  const watches = await resolveConfig({ ...config, watches: [{ name: "web", interval: 3 }] });
  assertEquals(watches.watches, [
    { name: "web", tag: undefined, datacenter: undefined, intervalMs: 3000 },
  ]);
  assertEquals(watches.consul.token?.reveal(), "hunter2");

  const more = await resolveConfig({
    ...config,
    watches: [...config.watches, { name: "web", datacenter: "us" }],
    jobs: [{ name: "other", port: 81 }],
  });
  assertEquals(more.watches.map(({ name, datacenter }) => [name, datacenter]), [
    ["app", "eu"],
    ["db", undefined],
    ["web", "us"],
  ]);
  assertEquals(more.registrations.map(({ name }) => name), ["me", "other"]);

  const { consul } = await resolveConfig({
    ...config,
    consul: {
      ...config.consul,
      url: "http://other:1",
      token: "new",
      tls: { ...config.consul.tls, verify: true },
    },
  });
  assertEquals([consul.url, consul.token?.reveal(), consul.tls?.verify], [
    "http://other:1",
    "new",
    true,
  ]);
  assertEquals(revealSecret(consul.tls?.keyFile), "k.pem");

  const address = await resolveConfig({ ...config, consul: "other:2" }, { env });
  assertEquals([address.consul.url, address.consul.token?.reveal()], ["http://other:2", "other"]);
});

test("resolveConfig() does not take a frozen object for a configuration", async () => {
  const config = await parseConfig(TEXT);
  const watches = Object.freeze([Object.freeze({ name: "web" })]);
  const frozen = Object.freeze({ ...config, watches });
  assertEquals((await resolveConfig(frozen)).watches.map(({ intervalMs }) => intervalMs), [10_000]);
});

test("resolveConfig() does not render what a template of a configuration printed", async () => {
  const first = await resolveConfig({
    consul: "consul:8500",
    watches: [{ name: "{{ .NAME }}", tag: "{{ .TAG }}" }],
  }, { env: { NAME: "{{ .SECRET }}", TAG: "{{ nofunc }}" } });
  const again = await resolveConfig({ ...first }, { env: { SECRET: "hunter2" } });
  assertEquals(again.watches.map(({ name, tag }) => [name, tag]), [
    ["{{ .SECRET }}", "{{ nofunc }}"],
  ]);
});

test("resolveConfig() repeats no warning that a spread configuration has already", async () => {
  const first = await resolveConfig({ consul: "c:1", watches: [{ name: "a" }, { name: "a" }] });
  assertEquals(first.warnings.map(({ at }) => at), ["watches[1]"]);
  const again = await resolveConfig({ ...first, odd: 1 } as ConfigObject);
  assertEquals(again.warnings.map(({ at }) => at), ["watches[1]", "odd"]);
});

test("resolveConfig() says so when a copy has lost its secrets", async () => {
  const config = await parseConfig(TEXT);
  for (const copy of [JSON.parse(JSON.stringify(config)), structuredClone(config)]) {
    const error = await rejection(resolveConfig(copy));
    assertMatch(
      error.message,
      /: consul\.token must be a string or the secret of a loaded .* lost/,
    );
  }
  const tls = { ...structuredClone(config.consul.tls) };
  const { message } = await rejection(
    resolveConfig({ ...config, consul: { ...config.consul, tls } }),
  );
  assertMatch(message, /: consul\.tls\.keyFile must be a string or the secret /);
});

test("resolveConfig() refuses wrong values in the parts of a loaded configuration", async () => {
  const config = await parseConfig(TEXT);
  const [registration] = config.registrations;
  const refused: [unknown, RegExp][] = [
    [{ consul: { url: "http://c:1", address: "c" } }, /consul\.address is not known here/],
    [{ consul: { url: "ftp://c:1" } }, /consul\.url must start with/],
    [{ watches: [{ name: "a", intervalMs: 0 }] }, /intervalMs must be a number of milliseconds/],
    [{ watches: [{ name: "a", intervalMs: "5" }] }, /intervalMs must be a number of milliseconds/],
    [{ watches: [{ name: "a", intervalMs: 5, interval: 5 }] }, /interval must be left out/],
    [{ registrations: [{ ...registration, port: 0 }] }, /registrations\[0\]\.port must be a port/],
    [{ registrations: [{ ...registration, ttl: 5 }] }, /\.ttl is not known here \(the keys are/],
    [{ registrations: [{ ...registration, ttlMs: "5" }] }, /\.ttlMs must be a number of mill/],
    [{ warnings: {} }, /: warnings must be a list, received an object$/],
    [{ warnings: [5] }, /: warnings must be the warnings of a loaded configuration$/],
  ];
  for (const [part, message] of refused) {
    const error = await rejection(resolveConfig({ ...config, ...part as ConfigObject }));
    assertMatch(error.message, message);
  }
});
