import { assert, assertEquals } from "@std/assert";
import { checkOutput } from "../../src/registration/check_output.ts";
import { createRegistration } from "../../src/registration/create_registration.ts";
import { HeartbeatSchedule } from "../../src/registration/heartbeat_schedule.ts";
import { LateLedger } from "../../src/registration/late_ledger.ts";
import { RouteMonitor } from "../../src/registration/route_monitor.ts";
import { EmbeddedConsul } from "../../src/testing/embedded_consul.ts";
import { test } from "../support/test.ts";
import { waitUntil } from "../support/wait_until.ts";
import { Agent, refusal, registering, UPDATE } from "./support.ts";

test("LateLedger: names what took most of the time when a TTL expired", () => {
  const ledger = new LateLedger();
  assertEquals(ledger.accepted(0, 1_000), undefined);
  ledger.add("agent", 300);
  ledger.add("event-loop", 900);
  const missed = ledger.accepted(1_500, 1_000)!;
  assertEquals([missed.late, missed.gapMs], ["event-loop", 1_500]);
  assert(/event-loop 900 ms, agent 300 ms/.test(missed.reason), missed.reason);
  assertEquals(ledger.accepted(2_000, 1_000), undefined);
});

test("status().missedTtlCount: TTLs count from the first registration, not before it and not later", async () => {
  const agent = new Agent();
  agent.goAway();
  await registering(
    async ({ clock, registration, errors }) => {
      await clock.advance(300_000);
      assertEquals(registration.status().state, "pending");
      agent.comeBack();
      await clock.advance(12_000);
      const { state, missedTtlCount } = registration.status();
      // No TTL ran while nothing was registered.
      assertEquals([state, missedTtlCount], ["registered", 0]);
      agent.goAway();
      await clock.advance(60_000);
      agent.comeBack();
      await clock.advance(12_000);
      assertEquals(registration.status().missedTtlCount, 1);
      assertEquals(errors.map(({ code }) => code).at(-1), "TIMEOUT");
    },
    {},
    agent,
  );
  // The agent registers it and then does not take the heartbeat: its TTL runs all the same.
  const deaf = new Agent();
  deaf.before = (request) =>
    request.url.includes(UPDATE) ? Promise.reject(refusal()) : Promise.resolve(undefined);
  await registering(
    async ({ clock, registration }) => {
      await clock.advance(60_000);
      deaf.comeBack();
      await clock.advance(12_000);
      const { missedTtlCount, missedTtl } = registration.status();
      assertEquals([missedTtlCount, missedTtl!.late], [1, "agent"]);
    },
    {},
    deaf,
  );
});

test("status().missedTtl: clocks that are set have no part in it", async () => {
  // Registrations take the time from a clock that never goes back; `Date` may.
  const { now } = Date;
  const consul = new EmbeddedConsul();
  const statuses = new Set<string>();
  const registration = await createRegistration({
    name: "app",
    id: "app-1",
    port: 1,
    config: { consul: "127.0.0.1:8500" },
    env: {},
    fetch: consul.fetch,
    drainMs: 0,
    check: { ttlMs: 3_000, intervalMs: 20 },
    onStatus: ({ state }) => statuses.add(state),
  });
  try {
    for (const jumpMs of [86_400_000, -86_400_000]) {
      Date.now = () => now() + jumpMs;
      const { count } = registration.status().latency;
      await waitUntil(() => registration.status().latency.count > count + 3);
    }
  } finally {
    Date.now = now;
    await registration.close();
    await consul.close();
  }
  assertEquals([...statuses], ["registered", "stopping", "closed"]);
  assertEquals(registration.status().missedTtlCount, 0);
});

test("status().missedTtl: a process that was stopped blames itself, not the agent", async () => {
  await registering(async ({ clock, registration, errors }) => {
    await clock.advance(20_000);
    // Stopped between two heartbeats.
    clock.pause(60_000);
    await clock.advance(5_000);
    assertEquals(registration.status().missedTtl!.late, "event-loop");
    assertEquals(errors.map(({ code }) => code), ["TIMEOUT"]);
    assertEquals(registration.status().state, "registered");
  });
});

test("status().missedTtl: an agent that refuses connections, a network that has no route, a slow check", async () => {
  const lateAfter = async (cause: () => Error) => {
    let late = "";
    await registering(async ({ agent, clock, registration }) => {
      await clock.advance(10_000);
      agent.before = () => Promise.reject(cause());
      await clock.advance(60_000);
      agent.comeBack();
      await clock.advance(12_000);
      late = registration.status().missedTtl!.late;
    });
    return late;
  };
  assertEquals(await lateAfter(refusal), "agent");
  for (const code of ["EHOSTUNREACH", "ENETUNREACH", "ENOTFOUND", "EAI_AGAIN", "ETIMEDOUT"]) {
    const failed = () => Object.assign(new Error("x"), { code });
    assertEquals(await lateAfter(failed), "network", code);
  }
  for (const code of ["ECONNRESET", "EPIPE"]) {
    assertEquals(await lateAfter(() => Object.assign(new Error("x"), { code })), "agent", code);
  }
  let slowMs = 0;
  const slow = new Agent();
  await registering(
    async ({ agent, clock, registration }) => {
      await clock.advance(10_000);
      slowMs = 40_000;
      await clock.advance(90_000);
      assertEquals(registration.status().missedTtl!.late, "check");
      slowMs = 0;
      await clock.advance(60_000);
      assertEquals((await agent.checks())["service:app-1"]!.Status, "passing");
    },
    {
      check: {
        ttlMs: 30_000,
        intervalMs: 10_000,
        timeoutMs: 60_000,
        run: () =>
          slowMs === 0
            ? undefined
            : new Promise<void>((resolve) => slow.clock.start(resolve, slowMs)),
      },
    },
    slow,
  );
});

test("HeartbeatSchedule: keeps its interval over slow heartbeats, with its own phase and 10 % jitter", () => {
  const schedule = new HeartbeatSchedule(1_000, 3_000, () => 0.25);
  schedule.start(0);
  assertEquals(schedule.dueAt, 250);
  const due: number[] = [];
  for (let i = 0; i < 4; i++) {
    schedule.advance(schedule.dueAt + 90);
    due.push(schedule.dueAt);
  }
  assertEquals(due, [1_200, 2_200, 3_200, 4_200]);
  // A missed one is left out.
  schedule.advance(9_000);
  assert(schedule.dueAt > 9_000 && schedule.dueAt <= 10_000, `${schedule.dueAt}`);
});

test("checkOutput(): cuts at 4,000 bytes on a character, and masks what messages mask", () => {
  assertEquals(checkOutput("a".repeat(5_000)).length, 4_000);
  for (const text of ["é", "€", "😀"]) {
    const cut = checkOutput(`x${text.repeat(4_000)}`);
    const bytes = new TextEncoder().encode(cut).length;
    assert(bytes <= 4_000 && bytes > 3_996 && !cut.includes("\uFFFD"), `${bytes}`);
  }
  assertEquals(checkOutput("\uD800"), "\uFFFD");
  assertEquals(checkOutput("a hunter2 b", ["", "hunter2"]), "a *** b");
  assert(!checkOutput("postgres://me:s3cret@db/x password: other").match(/s3cret|other/));
});

test("RouteMonitor: a name that comes back, two names at once, and sudden loss", () => {
  const returning = new RouteMonitor();
  for (const [index, node] of ["a", "b", "c"].entries()) returning.saw([node], index);
  assertEquals(returning.isMisrouted, false);
  returning.saw(["a"], 4);
  assertEquals([returning.isMisrouted, returning.nodes], [true, ["a", "b", "c"]]);
  const forgotten = new RouteMonitor();
  forgotten.saw(["a"], 0);
  forgotten.saw(["b"], 1);
  forgotten.saw(["a"], 700_000);
  assertEquals(forgotten.isMisrouted, false, "ten minutes later");
  const burst = new RouteMonitor();
  burst.saw(["a", "b"], 0);
  assertEquals(burst.isMisrouted, true);
  for (let i = 0; i < 20; i++) burst.accepted(false);
  assertEquals(burst.isMisrouted, false);
  const sudden = new RouteMonitor();
  for (let i = 0; i < 2; i++) {
    assertEquals(sudden.isMisrouted, false);
    sudden.registered(i * 5_000);
    sudden.unknown(i * 5_000 + 10);
  }
  assertEquals(sudden.isMisrouted, true);
});
