import { assertEquals, assertRejects } from "@std/assert";
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
  consul.register({ name: "app", id: "b", port: 2 });
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
  assertEquals(clock.pending, 0);
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
  while (consul.requests.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
  await close();
  assertEquals([500, "cut"].includes(await waiting), true);
  await consul.close();
});
