import { assert, assertEquals } from "@std/assert";
import type { FetchCall, FetchEnd } from "../../src/fetch/fetch_observer.ts";
import type { RequestAttempt } from "../../src/request_attempt.ts";
import { test } from "../support/test.ts";
import { answer, refused, told, World } from "./support.ts";

test("createFetch() tells an observer of a call, its attempts and its end", async () => {
  const calls: FetchCall[] = [];
  const attempts: RequestAttempt[] = [];
  const ends: FetchEnd[] = [];
  const world = new World(["a", "b"], ({ to }) => to === "a" ? answer(503) : answer(201), {
    random: () => 0.5,
    observer: {
      started: (call) => {
        calls.push(call);
        return {
          attempted: (attempt) => void attempts.push(attempt),
          ended: (end) => void ends.push(end),
        };
      },
    },
  });
  const startedAt = world.clock.now();
  const response = await world.outcome(world.fetch("http://app/orders?id=1", { method: "put" }));
  assertEquals(response, 201);
  assertEquals(calls, [
    { service: "app", method: "PUT", url: "http://app/orders?id=1", startedAt },
  ]);
  assertEquals(told(attempts), "a rejected 503, b success 201");
  assertEquals(ends.length, 1);
  assertEquals([ends[0]!.response!.status, ends[0]!.durationMs], [201, 12.5]);
  // Three a second over ten seconds, a fifth for the request, less the one retry.
  assertEquals(ends[0]!.availableRetryCount, 29);
});

test("createFetch() tells an observer why a call failed", async () => {
  const ends: FetchEnd[] = [];
  const world = new World(["a"], refused, {
    maxAttempts: 1,
    observer: { started: () => ({ attempted: () => {}, ended: (end) => void ends.push(end) }) },
  });
  const error = await world.outcome(world.fetch("http://app/"));
  assert(ends[0]!.error === error && ends[0]!.response === undefined);
  await world.fetch("http://elsewhere/").catch(() => {});
  assertEquals(ends.length, 1);
});

test("createFetch() is not disturbed by an observer that throws or does not care", async () => {
  const broken = () => {
    throw new Error("observer");
  };
  const observers = [
    { started: broken },
    { started: () => undefined },
    { started: () => ({ attempted: broken, ended: broken }) },
  ];
  for (const observer of observers) {
    const world = new World(["a", "b"], ({ to }) => answer(to === "a" ? 503 : 200), { observer });
    assertEquals(await world.outcome(world.fetch("http://app/")), 200);
  }
});
