import { assertEquals, assertMatch } from "@std/assert";
import { EmbeddedConsul, type EmbeddedConsulOptions, ManualClock } from "../../src/testing/mod.ts";
import { test } from "../support/test.ts";

const FILTERED = "X-Consul-Results-Filtered-By-ACLs";

async function ask(
  consul: EmbeddedConsul,
  path: string,
  token?: string,
  init: RequestInit = {},
): Promise<{ status: number; text: string; headers: Headers }> {
  const headers: Record<string, string> = token === undefined ? {} : { "X-Consul-Token": token };
  const response = await consul.fetch(`http://consul/v1/${path}`, { ...init, headers });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

test("a token that is added and revoked at run time is known and unknown at once", async () => {
  await using consul = new EmbeddedConsul({ version: "2.0", acl: {} });
  consul.register({ name: "app", port: 1 });
  const read = () => ask(consul, "health/service/app", "t1");
  assertEquals((await read()).text, "ACL not found");
  consul.addToken("t1", {});
  const hidden = await read();
  assertEquals([hidden.text, hidden.headers.get(FILTERED)], ["[]", "true"]);
  consul.addToken("t1", { service: { app: "read" } });
  const seen = await read();
  assertEquals([JSON.parse(seen.text).length, seen.headers.get(FILTERED)], [1, null]);
  consul.revokeToken("t1");
  assertEquals([(await read()).status, (await read()).text], [403, "ACL not found"]);
});

test("a blocking query with a token that was revoked meanwhile is refused when it wakes", async () => {
  await using consul = new EmbeddedConsul({ acl: { tokens: { t1: "management" } } });
  const answer = ask(consul, "health/service/app?index=12&wait=5m", "t1");
  while (consul.waiting === 0) await Promise.resolve();
  consul.revokeToken("t1");
  consul.register({ name: "app", port: 1 });
  consul.register({ name: "app", port: 2 });
  assertEquals((await answer).text, "ACL not found");
});

test("the policy allow shows what no rule denies", async () => {
  const acl = { defaultPolicy: "allow", tokens: { t1: { service: { app: "deny" } } } } as const;
  await using consul = new EmbeddedConsul({ version: "1.22", acl });
  for (const name of ["app", "web"]) consul.register({ name, port: 1 });
  const names = async (token?: string) =>
    Object.keys(JSON.parse((await ask(consul, "catalog/services", token)).text));
  assertEquals(await names("t1"), ["consul", "web"]);
  // The anonymous token has no rule and an instance needs its node, which it may read too.
  assertEquals(await names(), ["app", "consul", "web"]);
  const { text, headers } = await ask(consul, "health/service/app");
  assertEquals([JSON.parse(text).length, headers.get(FILTERED)], [1, null]);
  assertEquals(headers.get("X-Consul-Default-ACL-Policy"), "allow");
});

test("the longest prefix and then the exact name decide", async () => {
  const service = {
    "*": "deny",
    "web-*": "read",
    "web-api-*": "deny",
    "web-api-1": "read",
  } as const;
  const names = ["db", "web-1", "web-api-1", "web-api-2"];
  await using consul = new EmbeddedConsul({ acl: { tokens: { t1: { service } } } });
  for (const name of names) consul.register({ name, port: 1 });
  const { text } = await ask(consul, "catalog/services", "t1");
  assertEquals(Object.keys(JSON.parse(text)), ["web-1", "web-api-1"]);
});

test("a token of a login expires by the clock", async () => {
  const clock = new ManualClock(1_000_000);
  const seen: unknown[] = [];
  const acl: EmbeddedConsulOptions["acl"] = {
    authMethods: {
      kubernetes(bearer, meta) {
        seen.push([bearer, meta]);
        return bearer === "pod" ? { service: { app: "read" } } : undefined;
      },
    },
    loginTtlMs: 60_000,
  };
  await using consul = new EmbeddedConsul({ version: "2.0", clock, acl });
  consul.register({ name: "app", port: 1 });
  const body = JSON.stringify({
    AuthMethod: "kubernetes",
    BearerToken: "pod",
    Meta: { pod: "default/app-1" },
  });
  const { text } = await ask(consul, "acl/login", undefined, { method: "POST", body });
  const token = JSON.parse(text);
  assertEquals(seen, [["pod", { pod: "default/app-1" }]]);
  assertEquals(token.ExpirationTime, new Date(1_060_000).toISOString());
  await clock.advance(59_999);
  assertEquals((await ask(consul, "health/service/app", token.SecretID)).status, 200);
  await clock.advance(1);
  const expired = await ask(consul, "health/service/app", token.SecretID);
  assertEquals([expired.status, expired.text], [403, "ACL not found"]);
  const logout = await ask(consul, "acl/logout", token.SecretID, { method: "POST" });
  assertEquals([logout.status, logout.text], [403, "ACL not found"]);
});

test("a denial names token and permission from 1.12", async () => {
  for (const version of ["1.8", "1.15"] as const) {
    await using consul = new EmbeddedConsul({ version, acl: { tokens: { t1: {} } } });
    const init = { method: "PUT", body: JSON.stringify({ Name: "app" }) };
    const { status, text } = await ask(consul, "agent/service/register", "t1", init);
    assertEquals(status, 403);
    assertMatch(
      text,
      version === "1.8"
        ? /^Permission denied: Missing service:write on app$/
        : /^Permission denied: token with AccessorID '[0-9a-f-]+' lacks permission 'service:write' on "app"$/,
    );
  }
});
