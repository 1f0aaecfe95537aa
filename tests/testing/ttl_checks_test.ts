import { assertEquals } from "@std/assert";
import { CONSUL_VERSIONS, EmbeddedConsul, ManualClock } from "../../src/testing/mod.ts";
import { test } from "../support/test.ts";

interface Entry {
  Checks: { Status: string; Output: string }[];
}

async function check(consul: EmbeddedConsul): Promise<string | undefined> {
  const list = await (await consul.fetch("http://consul/v1/health/service/app")).json() as Entry[];
  return list[0] && `${list[0].Checks[1]!.Status} ${list[0].Checks[1]!.Output}`.trim();
}

async function put(consul: EmbeddedConsul, path: string): Promise<number> {
  const response = await consul.fetch(`http://consul/v1/agent/${path}`, { method: "PUT" });
  await response.body?.cancel();
  return response.status;
}

test("a TTL check goes critical when its time is over, and each report begins it anew", async () => {
  const clock = new ManualClock();
  await using consul = new EmbeddedConsul({ clock });
  consul.register({ name: "app", checks: [{ status: "passing", ttlMs: 10_000 }] });
  await clock.advance(9_999);
  assertEquals(await check(consul), "passing");
  assertEquals(await put(consul, "check/pass/service:app?note=fine"), 200);
  await clock.advance(9_999);
  assertEquals(await check(consul), "passing fine");
  await clock.advance(1);
  assertEquals(
    await check(consul),
    "critical TTL expired (last output before timeout follows): fine",
  );
});

test("a TTL check that stays critical takes its service away after a minute at least", async () => {
  const clock = new ManualClock();
  await using consul = new EmbeddedConsul({ clock });
  const register = () =>
    consul.register({
      name: "app",
      checks: [{ status: "passing", ttlMs: 10_000, deregisterAfterMs: 30_000 }],
    });
  register();
  await clock.advance(10_000 + 59_999);
  assertEquals(await check(consul), "critical TTL expired");
  await clock.advance(1);
  assertEquals(await check(consul), undefined);
  register();
  await clock.advance(10_000 + 59_999);
  assertEquals(await put(consul, "check/warn/service:app"), 200);
  await clock.advance(9_999);
  assertEquals(await check(consul), "warning");
});

test("reporting critical again does not put off the end of the service", async () => {
  const clock = new ManualClock();
  await using consul = new EmbeddedConsul({ clock });
  consul.register({ name: "app", checks: [{ ttlMs: 30_000, deregisterAfterMs: 60_000 }] });
  for (let seconds = 0; seconds < 60; seconds += 20) {
    assertEquals(await put(consul, "check/fail/service:app"), 200);
    await clock.advance(20_000);
  }
  assertEquals(await check(consul), undefined);
});

test("a TTL check without a time to deregister keeps its service for ever", async () => {
  const clock = new ManualClock();
  await using consul = new EmbeddedConsul({ clock });
  consul.register({ name: "app", checks: [{ status: "passing", ttlMs: 10_000 }] });
  await clock.advance(86_400_000);
  assertEquals(await check(consul), "critical TTL expired");
});

test("no timer is left when a TTL check, its service or the Consul is gone", async () => {
  const clock = new ManualClock();
  const consul = new EmbeddedConsul({ clock });
  const register = (id: string) =>
    consul.register({
      name: "app",
      id,
      checks: [{ ttlMs: 10_000, deregisterAfterMs: 90_000 }],
    });
  register("1");
  register("1");
  assertEquals(clock.pending, 2);
  consul.deregister("1");
  assertEquals(clock.pending, 0);
  register("2");
  assertEquals(await put(consul, "check/deregister/service:2"), 200);
  assertEquals(clock.pending, 0);
  register("3");
  for (const verb of ["fail", "fail", "pass"]) {
    assertEquals(await put(consul, `check/${verb}/service:3`), 200);
  }
  assertEquals(clock.pending, 1);
  await consul.close();
  assertEquals(clock.pending, 0);
});

test("a check without a TTL that stays critical takes its service away too", async () => {
  const clock = new ManualClock();
  await using consul = new EmbeddedConsul({ clock });
  const body = {
    Name: "app",
    Check: {
      HTTP: "http://127.0.0.1:1/",
      Interval: "10s",
      Status: "passing",
      DeregisterCriticalServiceAfter: "2m",
    },
  };
  const init = { method: "PUT", body: JSON.stringify(body) };
  await consul.fetch("http://consul/v1/agent/service/register", init);
  await clock.advance(600_000);
  assertEquals(await check(consul), "passing");
  consul.setStatus("app", "critical", "refused");
  await clock.advance(119_999);
  assertEquals(await check(consul), "critical refused");
  consul.setStatus("app", "passing");
  await clock.advance(600_000);
  consul.setStatus("app", "critical");
  await clock.advance(120_000);
  assertEquals(await check(consul), undefined);
  assertEquals(clock.pending, 0);
});

test("a report for a check without a TTL is refused in every version", async () => {
  for (const version of CONSUL_VERSIONS) {
    await using consul = new EmbeddedConsul({ version });
    consul.register({ name: "app", status: "passing" });
    const url = "http://consul/v1/agent/check/pass/service:app";
    const response = await consul.fetch(url, { method: "PUT" });
    const text = 'CheckID "service:app" does not have associated TTL';
    assertEquals([response.status, await response.text()], [500, text]);
  }
});
