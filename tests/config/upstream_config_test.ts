import { assertEquals, assertMatch } from "@std/assert";
import { parseConfig } from "../../src/config/parse_config.ts";
import { resolveConfig } from "../../src/config/resolve_config.ts";
import { test } from "../support/test.ts";
import { headline, refusal } from "./support.ts";

const read = async (text: string, env: Record<string, string> = {}) =>
  (await parseConfig(`{${text}}`, { env })).upstream;

test("parseConfig() takes upstreams, in every way to write them", async () => {
  const two = ["http://a:8080", "http://b:8080/x"];
  const same: [string, Record<string, string>?][] = [
    ['upstream: "http://a:8080,b:8080/x/"'],
    ['upstream: ["a:8080", "http://b:8080/x"]'],
    ['upstream: {address: "a:8080,b:8080/x"}'],
    ['upstream: {addresses: ["a:8080", "b:8080/x", "a:8080"]}'],
    ["", { PILOTED_UPSTREAM: " a:8080, b:8080/x\n" }],
    ['upstream: ""', { PILOTED_UPSTREAM: "a:8080,b:8080/x" }],
    ["upstream: {}", { PILOTED_UPSTREAM: "a:8080,b:8080/x" }],
  ];
  for (const [text, env] of same) assertEquals((await read(text, env))?.addresses, two, text);
  for (const socket of ["unix:/run/piloted.sock", "unix:///run/piloted.sock"]) {
    assertEquals((await read(`upstream: "${socket}"`))?.addresses, ["unix:///run/piloted.sock"]);
  }
  for (const none of ["", "upstream: null", 'upstream: ""', "upstream: []"]) {
    assertEquals((await parseConfig(`{consul: "c:8500", ${none}}`)).upstream, undefined, none);
  }
});

test("parseConfig() needs no Consul where there are upstreams", async () => {
  const { consul, warnings } = await parseConfig('{upstream: "http://a:8080"}');
  assertEquals([consul.url, warnings], ["http://127.0.0.1:8500", []]);
});

test("parseConfig() takes the token of the upstream from the environment first, and never Consul's", async () => {
  const upstream = 'upstream: {address: "a:8080", token: "one"}';
  assertEquals((await read(upstream))?.token?.reveal(), "one");
  const env = { PILOTED_UPSTREAM_TOKEN: "two", CONSUL_HTTP_TOKEN: "three" };
  assertEquals((await read(upstream, env))?.token?.reveal(), "two");
  assertEquals((await read('upstream: "a:8080"', env))?.token?.reveal(), "two");
  assertEquals((await read('upstream: "a:8080"', { CONSUL_HTTP_TOKEN: "3" }))?.token, undefined);
  const { token, tokenFile } =
    (await read('upstream: {address: "a:1", tokenFile: "/run/t"}', env))!;
  assertEquals([token?.reveal(), tokenFile], ["two", undefined]);
});

test("parseConfig() uses TLS where the upstream has settings for it", async () => {
  const upstream = await read('upstream: {address: "a:8080", tls: {cafile: "/ca.pem"}}');
  assertEquals([upstream?.addresses, upstream?.tls?.caFile], [["https://a:8080"], "/ca.pem"]);
});

test("parseConfig() says what is wrong with an upstream, and where", async () => {
  const wrong: [string, RegExp, Record<string, string>?][] = [
    ['upstream: {token: "x"}', /upstream\.address must be an address/],
    ['upstream: ["a:8080", "ftp://b"]', /upstream\[1\]/],
    ['upstream: {adress: "a:8080"}', /adress.*[Dd]id you mean.*address/],
    ['upstream: {address: "a:1", addresses: ["b:1"]}', /upstream\.addresses must be left out/],
    [
      'upstream: {address: "a:1", token: "x", tokenFile: "/f"}',
      /upstream\.tokenFile must be left out/,
    ],
    ["", /\$PILOTED_UPSTREAM/, { PILOTED_UPSTREAM: "http://user:secret@a" }],
  ];
  for (const [text, pattern, env = {}] of wrong) {
    const error = await refusal(`{${text}}`, { env });
    assertMatch(headline(error), pattern, text);
    assertEquals(error.message.includes("secret"), false);
  }
});

test("A loaded configuration with upstreams can be spread into another", async () => {
  const upstream = { addresses: ["http://a:1", "http://b:1"], token: "t" };
  const loaded = await resolveConfig({ upstream, watches: [{ name: "app" }] });
  const again = await resolveConfig({ ...loaded, watches: [] });
  assertEquals(again.upstream?.addresses, ["http://a:1", "http://b:1"]);
  assertEquals(again.upstream?.token?.reveal(), "t");
});
