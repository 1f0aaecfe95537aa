import { assert, assertEquals } from "@std/assert";
import process from "node:process";
import type { FetchOptions } from "../../src/fetch/fetch_options.ts";
import { currentRuntime, startScript } from "../support/process.ts";
import { test } from "../support/test.ts";
import { answer, attemptsOf, reset, silence, told, World } from "./support.ts";

/** A world whose backends respond after `delayMs`, or never. */
function delayed(delayMs: number, options: FetchOptions): World {
  const world: World = new World(
    ["a", "b"],
    () =>
      delayMs === Infinity
        ? silence()
        : new Promise((resolve) => world.clock.start(() => resolve(answer(200)), delayMs)),
    options,
  );
  return world;
}

test("createFetch() receives the responses that arrived while this process was paused", async () => {
  for (const options of [{ timeoutMs: 1_000 }, { attemptTimeoutMs: 1_000 }]) {
    const world = delayed(2_000, options);
    const requests = Array.from({ length: 20 }, () => world.fetch("http://app/"));
    await world.clock.advance(10);
    world.clock.pause(5_000);
    await world.clock.advance(0);
    for (const request of requests) assertEquals((await request).status, 200);
    const { ejectedCount, endpoints } = world.source.pool.status();
    assertEquals([ejectedCount, world.sent.length], [0, 20]);
    // What was measured is the pause.
    assertEquals(endpoints.map(({ latencyMs }) => latencyMs), [undefined, undefined]);
    assertEquals(world.timersAfterClose, 0);
  }
});

test("createFetch() blames no endpoint for timeouts of deadlines that fired late, and ends them within a second", async () => {
  const world = delayed(Infinity, { timeoutMs: 3_000 });
  const requests = Array.from({ length: 20 }, () => world.fetch("http://app/"));
  const errors = Promise.all(requests.map((request) => request.catch((error) => error)));
  await world.clock.advance(10);
  world.clock.pause(5_000);
  await world.clock.advance(999);
  assertEquals(world.source.pool.pendingCount, 20);
  await world.clock.advance(1);
  for (const error of await errors) assert(/^. timeout$/.test(told(attemptsOf(error))));
  const { ejectedCount, pendingCount, endpoints } = world.source.pool.status();
  assertEquals([ejectedCount, pendingCount], [0, 0]);
  assertEquals(endpoints.map((one) => one.consecutiveFailureCount), [0, 0]);
});

test("createFetch() blames no endpoint for other failures of requests that were in flight during a pause", async () => {
  const world: World = new World(
    ["a", "b"],
    (_, number) =>
      number === 1 ? silence() : new Promise((_, reject) =>
        world.clock.start(() => {
          try {
            reset();
          } catch (error) {
            reject(error);
          }
        }, 4_500)
      ),
    { attemptTimeoutMs: 4_000, maxAttempts: 1 },
  );
  const requests = Array.from({ length: 11 }, () => world.fetch("http://app/").catch(() => {}));
  await world.clock.advance(10);
  world.clock.pause(5_000);
  await world.clock.advance(1_000);
  await Promise.all(requests);
  const counts = world.source.pool.status().endpoints.map((one) => one.consecutiveFailureCount);
  assert(counts.every((count) => count < 5), `${counts}`);
});

test("createFetch() still counts the timeouts of a running process", async () => {
  const world = delayed(Infinity, { attemptTimeoutMs: 1_000, maxAttempts: 1 });
  const requests = Array.from({ length: 10 }, () => world.fetch("http://app/").catch(() => {}));
  await world.clock.advance(1_000);
  await Promise.all(requests);
  assertEquals(world.source.pool.status().ejectedCount, 1);
  // Requests that are sent after a pause count again.
  const later = delayed(Infinity, { attemptTimeoutMs: 1_000, maxAttempts: 1 });
  const during = later.fetch("http://app/").catch(() => {});
  later.clock.pause(5_000);
  await later.clock.advance(1_000);
  await during;
  const after = Array.from({ length: 10 }, () => later.fetch("http://app/").catch(() => {}));
  await later.clock.advance(1_000);
  await Promise.all(after);
  assertEquals(later.source.pool.status().ejectedCount, 1);
});

test("createFetch() retries after a pause that outlasted its deadline during a wait", async () => {
  const world = new World(["a", "b"], ({ to }) => to === "a" ? answer(503) : answer(200), {
    timeoutMs: 2_000,
    random: () => 0.5,
  });
  const request = world.fetch("http://app/");
  await world.clock.advance(1);
  world.clock.pause(5_000);
  await world.clock.advance(0);
  assertEquals((await request).status, 200);
});

test("createFetch() sends nothing after its deadline when it woke up in time", async () => {
  const world: World = new World(["a", "b"], () => {
    // The backend takes all the time there is but for the wait of 12.5 ms.
    return new Promise((resolve) => world.clock.start(() => resolve(answer(503)), 80));
  }, { timeoutMs: 100, random: () => 0.5 });
  const request = world.fetch("http://app/");
  await world.clock.advance(85);
  world.clock.pause(50);
  await world.clock.advance(0);
  assertEquals((await request).status, 503);
  assertEquals(world.order, "a");
});

test("createFetch() sends no hedges for what it could not receive while it was paused", async () => {
  let delayMs = 10;
  const world: World = new World(
    ["a", "b"],
    () => new Promise((resolve) => world.clock.start(() => resolve(answer(200)), delayMs)),
    { hedge: { percent: 100 }, retryBudget: { percent: 100 } },
  );
  const warm = Array.from({ length: 100 }, () => world.fetch("http://app/"));
  await world.clock.advance(10);
  await Promise.all(warm);
  const before = world.source.pool.status().endpoints.map(({ latencyMs }) => latencyMs);
  world.sent.length = 0;
  delayMs = 50;
  const requests = Array.from({ length: 20 }, () => world.fetch("http://app/"));
  await world.clock.advance(1);
  world.clock.pause(5_000);
  await world.clock.advance(0);
  await Promise.all(requests);
  assertEquals(world.sent.length, 20);
  // Neither the balancer nor the next hedge has learned that requests take five seconds.
  const after = world.source.pool.status().endpoints.map(({ latencyMs }) => latencyMs);
  after.forEach((latencyMs, i) => assert(latencyMs! <= before[i]!, `${latencyMs}`));
  const slow = world.fetch("http://app/");
  await world.clock.advance(20);
  assertEquals(world.sent.length, 22);
  await world.clock.advance(50);
  assertEquals((await slow).status, 200);
});

const PAUSES = { "a stopped process": "stop", "a busy event loop": "busy" } as const;

for (const [name, how] of Object.entries(PAUSES)) {
  test(`createFetch() survives ${name} of five seconds without a failed request or an ejection`, {
    timeout: 60_000,
  }, async () => {
    const child = await startScript(currentRuntime, "tests/fetch/fixtures/paused_client.ts", [how]);
    try {
      await child.waitFor(/ready/);
      if (how === "stop") {
        // On Deno, kill() of a child sends only one signal.
        process.kill(child.pid, "SIGSTOP");
        await new Promise((resolve) => setTimeout(resolve, 5_000));
        process.kill(child.pid, "SIGCONT");
      }
      const [, line] = await child.waitFor(/result (.*)\n/);
      const result = JSON.parse(line!);
      assertEquals([result.failures, result.ejectionCount], [[], 0]);
      assert(result.pausedMs > 4_000 && result.requestCount > 50, line);
      assertEquals((await child.exited).code, 0);
    } finally {
      await child.stop();
    }
  });
}
