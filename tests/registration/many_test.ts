import { assert, assertEquals } from "@std/assert";
import { createRegistration } from "../../src/registration/mod.ts";
import { test } from "../support/test.ts";
import { Agent } from "./support.ts";

// The same in real time, on a real Consul: bench/registration.ts --critical.
test("200 registrations in one process are never critical, and spread their heartbeats", {
  timeout: 120_000,
}, async () => {
  const agent = new Agent();
  const { clock } = agent;
  const registrations = await Promise.all(
    Array.from({ length: 200 }, (_, i) =>
      createRegistration({
        name: `app-${i}`,
        port: 8_000 + i,
        id: `app-${i}`,
        config: { consul: "127.0.0.1:8500" },
        env: {},
        fetch: agent.fetch,
        clock,
        drainMs: 0,
        check: { ttlMs: 30_000, intervalMs: 10_000 },
      })),
  );
  await clock.advance(30_000);
  for (let second = 30; second < 150; second += 5) {
    await clock.advance(5_000);
    const checks = Object.values(await agent.checks());
    assertEquals(checks.length, 200);
    assertEquals(checks.filter(({ Status }) => Status !== "passing"), []);
  }
  assertEquals(registrations.map((each) => each.status().missedTtlCount).filter(Boolean), []);
  // A second has a tenth of them, give or take.
  const seconds = new Map<number, number>();
  const beats = agent.sent.filter(({ at, path }) =>
    at > agent.sent[0]!.at + 30_000 && path.startsWith("/v1/agent/check/update/")
  );
  assert(beats.length > 2_000, `${beats.length} heartbeats`);
  for (const { at } of beats) {
    const second = Math.floor(at / 1_000);
    seconds.set(second, (seconds.get(second) ?? 0) + 1);
  }
  const most = Math.max(...seconds.values());
  assert(most < 60, `${most} heartbeats in a second`);
  const closed = Promise.all(registrations.map((each) => each.close()));
  await clock.advance(20_000);
  await closed;
  assertEquals([await agent.ids(), clock.pending], [[], 0]);
  await agent.consul.close();
});
