import { assert, assertEquals } from "@std/assert";
import { checkOutput } from "../../src/registration/check_output.ts";
import { HeartbeatSchedule } from "../../src/registration/heartbeat_schedule.ts";
import { LateLedger } from "../../src/registration/late_ledger.ts";
import { RouteMonitor } from "../../src/registration/route_monitor.ts";
import { Agent, refusal, registering } from "./support.ts";
import { test } from "../support/test.ts";

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
  const noRoute = () => Object.assign(new Error("x"), { code: "EHOSTUNREACH" });
  assertEquals(await lateAfter(noRoute), "network");
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
