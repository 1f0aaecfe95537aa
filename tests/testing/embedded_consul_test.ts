import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { EmbeddedConsul, ManualClock } from "../../src/testing/mod.ts";
import { test } from "../support/test.ts";

interface HealthEntry {
  Service: { ID: string; Port: number };
}

test("fetch answers a blocking query when the service changes", async () => {
  await using consul = new EmbeddedConsul();
  consul.register({ name: "app", id: "a", port: 1 });
  const url = "http://consul/v1/health/service/app";
  const first = await consul.fetch(url);
  const index = first.headers.get("X-Consul-Index");
  assertEquals((await first.json() as HealthEntry[]).map(({ Service }) => Service.ID), ["a"]);
  const second = consul.fetch(`${url}?index=${index}&wait=60s`);
  while (consul.waiting === 0) await Promise.resolve();
  consul.register({ name: "app", id: "b", port: 2 });
  assertEquals(consul.waiting, 0);
  const list = await (await second).json() as HealthEntry[];
  assertEquals(list.map(({ Service }) => Service.Port), [1, 2]);
});

test("fetch returns a blocking query with the same index when its time is over", async () => {
  const clock = new ManualClock();
  await using consul = new EmbeddedConsul({ clock, random: () => 0.5 });
  consul.register({ name: "app", port: 1 });
  const url = "http://consul/v1/health/service/app";
  const index = (await consul.fetch(url)).headers.get("X-Consul-Index");
  let answered = false;
  const answer = consul.fetch(`${url}?index=${index}&wait=16s`).then((response) => {
    answered = true;
    return response;
  });
  // 16 s and half of a sixteenth of it.
  await clock.advance(16_499);
  assertEquals(answered, false);
  await clock.advance(1);
  assertEquals((await answer).headers.get("X-Consul-Index"), index);
  assertEquals([clock.pending, consul.waiting], [0, 0]);
});

test("fetch rejects with the signal's reason and leaves nothing waiting", async () => {
  const clock = new ManualClock();
  await using consul = new EmbeddedConsul({ clock });
  const abort = new AbortController();
  const answer = consul.fetch("http://consul/v1/health/service/app?index=100", {
    signal: abort.signal,
  });
  const reason = new Error("enough");
  abort.abort(reason);
  assertEquals(await answer.catch((error) => error), reason);
  assertEquals(clock.pending, 0);
});

test("close() rejects what waits and what comes later, as a dead agent", async () => {
  const consul = new EmbeddedConsul();
  const answer = consul.fetch("http://consul/v1/health/service/app?index=100");
  const rejected = assertRejects(() => answer, TypeError);
  await consul.close();
  await rejected;
  await assertRejects(() => consul.fetch("http://consul/v1/status/leader"), TypeError);
});

test("listen() answers over HTTP and close() ends a blocking query at once", async () => {
  const consul = new EmbeddedConsul();
  consul.register({ name: "app", port: 1 });
  const { url, close } = await consul.listen();
  const response = await fetch(`${url}/v1/health/service/app?passing`);
  assertEquals((await response.json() as HealthEntry[]).length, 1);
  const waiting = fetch(`${url}/v1/health/service/app?index=100`).then(
    async (response) => {
      await response.body?.cancel();
      return response.status;
    },
    () => "cut",
  );
  while (consul.waiting === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  await close();
  assertEquals([500, "cut"].includes(await waiting), true);
  await consul.close();
});

test("fetch waits five minutes by default and ten at most", async () => {
  const clock = new ManualClock();
  await using consul = new EmbeddedConsul({ clock, random: () => 0 });
  for (const [query, minutes] of [["", 5], ["&wait=0", 5], ["&wait=1h", 10]] as const) {
    let answered = false;
    const answer = consul.fetch(`http://consul/v1/health/service/app?index=99${query}`)
      .then((response) => {
        answered = true;
        return response.body?.cancel();
      });
    await clock.advance(minutes * 60_000 - 1);
    assertEquals(answered, false, query);
    await clock.advance(1);
    await answer;
  }
});

test("resetIndex() takes every index back and lets go who waits for a later one", async () => {
  await using consul = new EmbeddedConsul();
  consul.register({ name: "app", port: 1 });
  const answer = consul.fetch("http://consul/v1/health/service/app?index=1000");
  consul.resetIndex(3);
  assertEquals((await answer).headers.get("X-Consul-Index"), "3");
  for (const path of ["/v1/health/service/app", "/v1/health/service/x", "/v1/catalog/services"]) {
    const response = await consul.fetch(`http://consul${path}`);
    await response.body?.cancel();
    assertEquals(response.headers.get("X-Consul-Index"), "3", path);
  }
});

test("resetIndex() takes an index that no JavaScript number can hold", async () => {
  await using consul = new EmbeddedConsul();
  consul.resetIndex(2n ** 64n - 10n);
  consul.register({ name: "app", port: 1 });
  const response = await consul.fetch("http://consul/v1/health/service/app");
  await response.body?.cancel();
  assertEquals(response.headers.get("X-Consul-Index"), "18446744073709551607");
});

test("requests tells what was asked, without the token", async () => {
  const clock = new ManualClock(5_000);
  await using consul = new EmbeddedConsul({ clock, acl: { tokens: { secret: "management" } } });
  await consul.fetch("http://consul/v1/health/service/a%20b?passing&tag=x&tag=y&token=secret");
  await consul.fetch("http://consul/v1/agent/service/deregister/x", { method: "PUT" });
  assertEquals(consul.requests as unknown, [
    {
      method: "GET",
      path: "/v1/health/service/a b",
      query: { passing: "", tag: "x,y" },
      at: 5_000,
    },
    { method: "PUT", path: "/v1/agent/service/deregister/x", query: {}, at: 5_000 },
  ]);
});

test("what the embedded Consul does not have is refused, not ignored", async () => {
  await using consul = new EmbeddedConsul();
  const response = await consul.fetch("http://consul/v1/health/service/app?connect=x");
  assertEquals(
    [response.status, await response.text()],
    [400, "The embedded Consul does not support ?connect"],
  );
});

test("new EmbeddedConsul() rejects versions, options and combinations that do not exist", () => {
  assertThrows(() => new EmbeddedConsul({ version: "1.9" as never }), TypeError, "version");
  assertThrows(() => new EmbeddedConsul({ token: "secret" } as never), TypeError, "token");
  assertThrows(() => new EmbeddedConsul({ streaming: true }), RangeError, "1.10");
  assertThrows(() => new EmbeddedConsul().addToken("secret", {}), RangeError, "acl");
  const consul = new EmbeddedConsul({ acl: {} });
  assertThrows(() => consul.revokeToken("secret"), RangeError, "none with this secret");
});

test("reset() forgets what was registered with the agent and fails what waits", async () => {
  const clock = new ManualClock();
  await using consul = new EmbeddedConsul({ clock });
  const url = "http://consul/v1/health/service/app";
  const put = (path: string, body?: unknown) =>
    consul.fetch(`http://consul/v1/agent/${path}`, { method: "PUT", body: JSON.stringify(body) });
  const register = () => put("service/register", { Name: "app", ID: "own", Check: { TTL: "10s" } });
  await register();
  await put("service/maintenance/own?enable=true");
  await put("check/register", { Name: "disk", TTL: "1m" });
  consul.register({ name: "app", id: "other", node: "n2" });
  const waiting = assertRejects(() => consul.fetch(`${url}?index=99`), TypeError, "restarted");
  while (consul.waiting === 0) await Promise.resolve();
  consul.reset();
  await waiting;
  assertEquals([clock.pending, consul.waiting], [0, 0]);
  const list = async () =>
    (await (await consul.fetch(url)).json() as { Service: { ID: string }; Checks: unknown[] }[])
      .map(({ Service, Checks }) => `${Service.ID} ${Checks.length}`);
  assertEquals(await list(), ["other 0"]);
  const report = await put("check/pass/service:own");
  assertEquals(await report.text(), 'CheckID "service:own" does not have associated TTL');
  await register();
  assertEquals(await list(), ["own 2", "other 0"]);
});

test("reset() cuts connections of listeners", async () => {
  await using consul = new EmbeddedConsul();
  const { url } = await consul.listen({ graceMs: 10 });
  const waiting = fetch(`${url}/v1/health/service/app?index=99`).then(async (response) => {
    await response.body?.cancel();
    return response.status;
  }, () => "cut");
  while (consul.waiting === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  consul.reset();
  assertEquals(["cut", 500].includes(await waiting), true);
  assertEquals(await (await fetch(`${url}/v1/catalog/datacenters`)).json(), ["dc1"]);
});

test("a service with ten thousand instances on one node is answered quickly enough", async () => {
  await using consul = new EmbeddedConsul();
  for (let i = 0; i < 10_000; i++) {
    consul.register({ name: "app", id: `app-${i}`, port: 1, status: "passing" });
  }
  const response = await consul.fetch("http://consul/v1/health/service/app?passing");
  assertEquals((await response.json() as unknown[]).length, 10_000);
});
