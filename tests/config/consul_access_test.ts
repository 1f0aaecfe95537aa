import { assert, assertEquals, assertMatch } from "@std/assert";
import { inspect } from "node:util";
import type { ConsulConfig } from "../../src/config/config.ts";
import { parseConfig } from "../../src/config/parse_config.ts";
import { resolveConfig } from "../../src/config/resolve_config.ts";
import { test } from "../support/test.ts";
import { headline, refusal } from "./support.ts";

const LOGIN = { method: "k8s", bearerTokenFile: "/run/token", meta: { pod: "a" } };

async function read(text: string, env: Record<string, string> = {}) {
  const { consul, warnings } = await parseConfig(`{consul: ${text}}`, { env });
  return { ...ways(consul), warnings: warnings.map(({ message }) => message) };
}

function ways({ token, tokenFile, login, tokenProvider }: ConsulConfig) {
  return {
    ...token && { token: token.reveal() },
    ...tokenFile && { tokenFile },
    ...login && { login },
    ...tokenProvider && { tokenProvider },
  };
}

function shown(consul: ConsulConfig) {
  const { url, namespace, partition, httpAuth } = consul;
  return { ...ways(consul), url, namespace, partition, httpAuth: httpAuth?.reveal() };
}

test("parseConfig() takes one way to a token: the environment's, login, the file, the text", async () => {
  const login = JSON.stringify(LOGIN);
  const all = `{address: "a:1", token: "t", tokenFile: "f", login: ${login}}`;
  const left = (name: string, why: string) => `${name} is left out, because ${why} is set`;
  assertEquals(await read('{address: "a:1", tokenFile: "f"}'), { tokenFile: "f", warnings: [] });
  assertEquals(await read(`{address: "a:1", login: ${login}}`), { login: LOGIN, warnings: [] });
  assertEquals(await read('{address: "a:1", TokenFile: "f", token: "t"}'), {
    tokenFile: "f",
    warnings: [left("consul.token", "tokenFile")],
  });
  assertEquals(await read(all), {
    login: LOGIN,
    warnings: [left("consul.tokenFile", "login"), left("consul.token", "login")],
  });
  assertEquals(await read('{address: "a:1", token: "t"}', { CONSUL_HTTP_TOKEN_FILE: "e" }), {
    tokenFile: "e",
    warnings: [],
  });
  assertEquals(
    await read('"a:1"', { CONSUL_HTTP_TOKEN_FILE: "e", CONSUL_HTTP_TOKEN: "t" }),
    {
      tokenFile: "e",
      warnings: [left("$CONSUL_HTTP_TOKEN", "$CONSUL_HTTP_TOKEN_FILE")],
    },
  );
  assertEquals(await read(`{address: "a:1", login: ${login}}`, { CONSUL_HTTP_TOKEN: "e" }), {
    token: "e",
    warnings: [left("consul.login", "$CONSUL_HTTP_TOKEN")],
  });
});

test("parseConfig() refuses a login that lacks something", async () => {
  const refused: [string, RegExp][] = [
    ["true", /consul.login must be an object, received true/],
    ['{bearerTokenFile: "f"}', /consul.login.method must be the name of an auth method/],
    ['{method: "m"}', /login.bearerTokenFile must be the path of a file with the bearer token/],
    ['{method: "m", bearerTokenFile: "f", meta: 5}', /login.meta must be an object of texts/],
    ['{method: "m", bearerTokenFile: "f", mata: {}}', /login.mata is not known here, did you mean/],
  ];
  for (const [login, message] of refused) {
    assertMatch(headline(await refusal(`{consul: {login: ${login}}}`)), message);
  }
});

test("parseConfig() reads basic authentication, namespace and partition, the environment first", async () => {
  const text = '{consul: {httpAuth: "a:b", namespace: "n", partition: "p"}}';
  const { consul } = await parseConfig(text);
  assertEquals(
    [consul.httpAuth?.reveal(), consul.namespace, consul.partition],
    ["a:b", "n", "p"],
  );
  const env = { CONSUL_HTTP_AUTH: "c:hunter2", CONSUL_NAMESPACE: "N", CONSUL_PARTITION: "P" };
  const other = (await parseConfig(text, { env })).consul;
  assertEquals(
    [other.httpAuth?.reveal(), other.namespace, other.partition],
    ["c:hunter2", "N", "P"],
  );
  assert(!`${JSON.stringify(other)} ${inspect(other, { showHidden: true })}`.includes("hunter2"));
  const error = await refusal("{consul: 'a:1'}", { env: { CONSUL_HTTP_AUTH: "hunter2" } });
  assertMatch(headline(error), /\$CONSUL_HTTP_AUTH must be "user:password"$/);
  assert(!error.message.includes("hunter2"));
});

test("resolveConfig() takes a function for the token, and keeps every way when it is spread", async () => {
  const token = () => "t";
  const given = { consul: { address: "a:1", token }, watches: [{ name: "app" }] };
  const config = await resolveConfig(given, { env: {} });
  assertEquals(ways(config.consul), { tokenProvider: token });
  const options = { env: { CONSUL_HTTP_TOKEN: "e", CONSUL_NAMESPACE: "N" } };
  const parts = [
    { tokenProvider: token },
    { tokenFile: "f" },
    { login: LOGIN },
    { httpAuth: "a:b", namespace: "n", partition: "p" },
  ];
  for (const part of parts) {
    const first = await resolveConfig({ consul: { address: "a:1", ...part } }, { env: {} })
      .catch(() => resolveConfig({ consul: { url: "http://a:1", ...part } }, { env: {} }));
    const again = await resolveConfig({ ...first, watches: [{ name: "x" }] }, options);
    assertEquals(shown(again.consul), shown(first.consul));
  }
});
