import { assertEquals, assertMatch } from "@std/assert";
import { parseConfig } from "../../src/config/parse_config.ts";
import { resolveConfig } from "../../src/config/resolve_config.ts";
import { test } from "../support/test.ts";
import { headline, refusal } from "./support.ts";

async function read(text: string, env: Record<string, string> = {}) {
  const { consul, warnings } = await parseConfig(`{consul: ${text}}`, { env });
  return {
    all: consul.addresses ?? [consul.url],
    url: consul.url,
    warnings: warnings.map(({ message }) => message),
  };
}

test("parseConfig() takes several addresses, in every way to write them", async () => {
  const two = ["http://a:8500", "http://b:8501"];
  const same: [string, Record<string, string>?][] = [
    ['"a:8500,b:8501"'],
    ['"a:8500, b:8501,"'],
    ['{address: "a:8500,b:8501"}'],
    ['{addresses: ["a:8500", "b:8501"]}'],
    ['{addresses: ["a:8500,b:8501", "a:8500"]}'],
    ['{Addresses: "a:8500,b:8501"}'],
    ["{}", { CONSUL_HTTP_ADDR: "a:8500,http://b:8501" }],
    ['""', { CONSUL_HTTP_ADDR: "a:8500,b:8501" }],
    ["{}", { CONSUL_HOST: "a:8500,b:8501" }],
  ];
  for (const [text, env] of same) {
    const { all, url } = await read(text, env);
    assertEquals([all, url], [two, two[0]], text);
  }
  assertEquals((await read('{addresses: ["a:1", "https://b:2/x/"], scheme: "https"}')).all, [
    "https://a:1",
    "https://b:2/x",
  ]);
  assertEquals((await parseConfig('{consul: {addresses: ["a:1"]}}')).consul.addresses, undefined);
});

test("parseConfig() names the place of the address that is wrong", async () => {
  assertMatch(
    headline(await refusal('{consul: {addresses: ["a:1", "b c:2"]}}')),
    /1:30: consul.addresses\[1\] must be a host and a port such as "consul:8500", received "b c:2"/,
  );
  assertMatch(
    headline(await refusal('{consul: {addresses: ["a:1", ""]}}')),
    /consul.addresses\[1\] must not be empty$/,
  );
  assertMatch(
    headline(await refusal('{consul: {address: "a:1", addresses: ["b:1"]}}')),
    /consul.addresses must be left out where there is an address/,
  );
  assertMatch(headline(await refusal('{consul: "a:1,consul:2:3"}')), /must have one port/);
});

test("parseConfig() keeps the addresses of a configuration that is spread into an object", async () => {
  const config = await parseConfig('{consul: "a:1,b:2"}');
  const copy = await resolveConfig({ ...config, watches: [{ name: "app" }] }, { env: {} });
  assertEquals(copy.consul.addresses, ["http://a:1", "http://b:2"]);
});

test("parseConfig() is not stopped by variables that Kubernetes and Docker set", async () => {
  const left =
    "$CONSUL_PORT is an address that Kubernetes or Docker sets for a service of this name and is " +
    "left out: port 8500 is used. Set CONSUL_HTTP_ADDR to name another one";
  const found: [Record<string, string>, string, string[]][] = [
    [{ CONSUL_HOST: "consul", CONSUL_PORT: "tcp://10.96.0.12:8500" }, "http://consul:8500", [left]],
    [{ CONSUL_HOST: "consul", CONSUL_PORT: "udp://10.96.0.12:53" }, "http://consul:8500", [left]],
    [{ CONSUL_HOST: "consul", CONSUL_PORT: "http" }, "http://consul:8500", [
      "$CONSUL_PORT is not a port and is left out: port 8500 is used. Set CONSUL_HTTP_ADDR to name " +
      "another one",
    ]],
    [
      { CONSUL_HOST: "10.0.0.1:85", CONSUL_PORT: "tcp://10.96.0.12:8500" },
      "http://10.0.0.1:85",
      [],
    ],
    [{ CONSUL_HOST: "https://consul:8501" }, "https://consul:8501", []],
    [{ CONSUL_HTTP_ADDR: "tcp://10.96.0.12:8500" }, "http://10.96.0.12:8500", [
      '$CONSUL_HTTP_ADDR starts with "tcp://", which is read as "http://"',
    ]],
    [{ CONSUL_HTTP_ADDR: "a:1", CONSUL_PORT: "tcp://10.96.0.12:8500" }, "http://a:1", []],
    [{ CONSUL_HTTP_ADDR: "a:1", CONSUL_HTTP_SSL: "tcp://10.96.0.12:8500" }, "http://a:1", [
      "$CONSUL_HTTP_SSL must be true or false and is left out",
    ]],
    [
      { CONSUL_HTTP_ADDR: "a:1", CONSUL_HTTP_SSL_VERIFY: "tcp://10.96.0.12:8500" },
      "http://a:1",
      [],
    ],
  ];
  for (const [env, url, warnings] of found) {
    const result = await read("{}", env);
    assertEquals([result.url, result.warnings], [url, warnings], JSON.stringify(env));
  }
});

test("parseConfig() warns of TLS settings for an address without https, and knows port 8501", async () => {
  const tls = '{cafile: "ca.pem"}';
  const clear: [string, Record<string, string>?][] = [
    [`{address: "consul:8500", tls: ${tls}}`],
    [`{address: "http://consul:8501", tls: ${tls}}`],
    [`{address: "consul:8501", scheme: "http", tls: ${tls}}`],
    ['"consul:8500"', { CONSUL_CACERT: "ca.pem" }],
    [`{address: "consul:8501", tls: ${tls}}`, { CONSUL_HTTP_SSL: "false" }],
  ];
  for (const [text, env] of clear) {
    const { url, warnings } = await read(text, env);
    assertEquals([url.slice(0, 5), warnings.length], ["http:", 1], text);
    assertMatch(warnings[0]!, /is used without TLS although there are TLS settings: the token and/);
  }
  const encrypted: [string, Record<string, string>?][] = [
    [`{address: "consul:8501", tls: ${tls}}`],
    ['"consul:8501"', { CONSUL_CACERT: "ca.pem" }],
    [`{addresses: ["https://consul:8500", "consul:8501/p"], tls: ${tls}}`],
    [`{address: "consul:8500", tls: ${tls}}`, { CONSUL_HTTP_SSL: "true" }],
    [`{address: "consul:8500", scheme: "https", tls: ${tls}}`],
    [`{address: "unix:///run/consul.sock", tls: ${tls}}`],
  ];
  for (const [text, env] of encrypted) {
    const { all, warnings } = await read(text, env);
    assertEquals([all.filter((url) => url.startsWith("http:")), warnings], [[], []], text);
  }
  assertEquals((await read('"consul:8501"')).url, "http://consul:8501");
});
