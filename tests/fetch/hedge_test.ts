import { assert, assertEquals } from "@std/assert";
import { PilotedError } from "../../src/errors.ts";
import type { FetchOptions } from "../../src/fetch/fetch_options.ts";
import type { RequestAttempt } from "../../src/request_attempt.ts";
import { test } from "../support/test.ts";
import { answer, attemptsOf, type Backend, refused, silence, told, World } from "./support.ts";

/** A world in which a hundred requests have taken 10 ms each, and where every attempt is told. */
async function experienced(
  ids: string[],
  then: Backend,
  options: FetchOptions = {},
): Promise<{ world: World; attempts: RequestAttempt[] }> {
  const attempts: RequestAttempt[] = [];
  let backend: Backend = () =>
    new Promise((resolve) => world.clock.start(() => resolve(answer(200)), 10));
  const world = new World(ids, (sent, number) => backend(sent, number), {
    hedge: true,
    observer: {
      started: () => ({ attempted: (attempt) => attempts.push(attempt), ended: () => {} }),
    },
    ...options,
  });
  const warm = Array.from({ length: 100 }, () => world.fetch("http://app/"));
  await world.clock.advance(10);
  await Promise.all(warm);
  backend = then;
  world.sent.length = 0;
  attempts.length = 0;
  return { world, attempts };
}

test("createFetch() sends a second request when the first takes longer than 95 % did", async () => {
  const { world, attempts } = await experienced(
    ["a", "b"],
    ({ to }) => to === "a" ? silence() : answer(200),
  );
  assertEquals(await world.outcome(world.fetch("http://app/"), 1), 200);
  assertEquals(world.order, "ab");
  const [first, second] = world.sent.map(({ at }) => at);
  assert(second! - first! > 9 && second! - first! < 11.5, `${second! - first!}`);
  assertEquals(told(attempts), "b success 200 hedge, a superseded");
  assertEquals(world.sent[0]!.init!.signal!.aborted, true);
  assertEquals(world.sent[1]!.init!.signal!.aborted, false);
  assertEquals([world.source.pool.pendingCount, world.timersAfterClose], [0, 0]);
  assertEquals(world.source.pool.status().endpoints[0]!.consecutiveFailureCount, 0);
});

test("createFetch() takes the first request's answer when that is faster after all", async () => {
  const { world, attempts } = await experienced(
    ["a", "b"],
    ({ to }) =>
      new Promise((resolve) =>
        world.clock.start(() => resolve(answer(200)), to === "a" ? 15 : 1_000)
      ),
  );
  assertEquals(await world.outcome(world.fetch("http://app/"), 1), 200);
  assertEquals(told(attempts), "a success 200, b superseded hedge");
});

test("createFetch() does not hedge fast or unsafe requests, and none without a history", async () => {
  const stream = { method: "OPTIONS", body: new ReadableStream(), duplex: "half" };
  const cases: [RequestInit, number][] = [
    [{}, 5],
    [{ method: "POST" }, 500],
    [{ method: "PUT", body: "x" }, 500],
    [stream as RequestInit, 500],
  ];
  for (const [init, durationMs] of cases) {
    const { world } = await experienced(
      ["a", "b"],
      () => new Promise((resolve) => world.clock.start(() => resolve(answer(200)), durationMs)),
    );
    assertEquals(await world.outcome(world.fetch("http://app/", init), 1), 200);
    assertEquals(world.order.length, 1);
    assertEquals(world.timersAfterClose, 0);
  }
  const fresh = new World(
    ["a", "b"],
    () => new Promise((resolve) => fresh.clock.start(() => resolve(answer(200)), 500)),
    { hedge: true },
  );
  assertEquals(await fresh.outcome(fresh.fetch("http://app/")), 200);
  assertEquals(fresh.order, "a");
});

test("createFetch() waits for the other one when a hedge or what it hedged fails or refuses", async () => {
  const failures: [() => Response, string][] = [
    [refused, "connect_failed"],
    [() => answer(503), "rejected 503"],
  ];
  for (const [failure, words] of failures) {
    for (const failing of ["a", "b"]) {
      const { world, attempts } = await experienced(["a", "b"], async ({ to }) => {
        // The first one begins at 0, its hedge after about 10 ms; the failure comes at about 13.
        const durationMs = to !== failing ? 40 : to === "a" ? 13 : 3;
        await new Promise<void>((resolve) => world.clock.start(resolve, durationMs));
        return to === failing ? failure() : answer(200);
      });
      assertEquals(await world.outcome(world.fetch("http://app/"), 1), 200);
      assertEquals(world.order, "ab");
      const hedge = (id: string) => id === "b" ? " hedge" : "";
      const other = failing === "a" ? "b" : "a";
      const expected = `${failing} ${words}${hedge(failing)}, ${other} success 200${hedge(other)}`;
      assertEquals(told(attempts), expected);
    }
  }
});

test("createFetch() does not hedge with an endpoint that has failed before", async () => {
  const { world } = await experienced(["a", "b"], ({ to }) => {
    if (to === "a") return refused();
    return new Promise((resolve) => world.clock.start(() => resolve(answer(200)), 100));
  });
  assertEquals(await world.outcome(world.fetch("http://app/"), 1), 200);
  assertEquals(world.order, "ab");
});

test("createFetch() counts superseded attempts among the latencies", async () => {
  const { world } = await experienced(["a", "b"], (_, number) => {
    return number % 2 === 1 ? silence() : answer(200);
  }, { hedge: { percentile: 50, percent: 100 }, retryBudget: { percent: 100 } });
  for (let i = 0; i < 150; i++) await world.outcome(world.fetch("http://app/"), 2);
  const [first, second] = world.sent.slice(-2).map(({ at }) => at);
  assert(second! - first! > 9, `${second! - first!}`);
});

test("createFetch() counts hedges as attempts and as retries", async () => {
  const { world } = await experienced(["a", "b", "c"], silence, {
    attemptTimeoutMs: 100,
    maxAttempts: 2,
  });
  const error = await world.outcome(world.fetch("http://app/"), 5) as PilotedError;
  assertEquals([error.code, told(attemptsOf(error))], ["TIMEOUT", "b timeout, c timeout hedge"]);
  assertEquals(world.source.pool.pendingCount, 0);
  const poor = await experienced(["a", "b"], silence, {
    attemptTimeoutMs: 100,
    retryBudget: { percent: 0, minimumPerSecond: 0 },
  });
  await poor.world.outcome(poor.world.fetch("http://app/"), 5);
  assertEquals(poor.world.order, "a");
});

test("createFetch() hedges at most one request in twenty", async () => {
  const { world } = await experienced(
    ["a", "b"],
    () => new Promise((resolve) => world.clock.start(() => resolve(answer(200)), 15.5)),
    { retryBudget: { minimumPerSecond: 100 }, observer: undefined },
  );
  // 100 requests were free; 20 more make 120, a twentieth of which is 6.
  for (let i = 0; i < 20; i++) await world.outcome(world.fetch("http://app/"), 1);
  assertEquals(world.sent.length, 26);
});

test("createFetch() stops both requests when the caller aborts, and blames none", async () => {
  const { world, attempts } = await experienced(["a", "b"], silence);
  const controller = new AbortController();
  const waiting = world.fetch("http://app/", { signal: controller.signal }).catch((error) => error);
  await world.clock.advance(50);
  controller.abort("enough");
  assertEquals(await waiting, "enough");
  assertEquals(told(attempts), "a aborted, b aborted hedge");
  assertEquals([world.source.pool.pendingCount, world.timersAfterClose], [0, 0]);
});

test("createFetch() has nothing to hedge with where there is one endpoint", async () => {
  const { world } = await experienced(
    ["a"],
    () => new Promise((resolve) => world.clock.start(() => resolve(answer(200)), 50)),
  );
  assertEquals(await world.outcome(world.fetch("http://app/"), 1), 200);
  assertEquals(world.order, "a");
});

test("createFetch() frees the connection of a refusal while it waits for the other request", async () => {
  let cancelled = 0;
  const body = () => new ReadableStream({ cancel: () => void cancelled++ });
  const { world } = await experienced(["a", "b"], async ({ to }) => {
    await new Promise<void>((resolve) => world.clock.start(resolve, to === "a" ? 13 : 40));
    return to === "a" ? new Response(body(), { status: 503 }) : answer(200);
  });
  assertEquals(await world.outcome(world.fetch("http://app/"), 1), 200);
  assertEquals(cancelled, 1);
});

test("createFetch() survives a client that is closed before the hedge or the retry", async () => {
  const closed = () => {
    throw new PilotedError("CLOSED", "Cannot use this client: it was closed");
  };
  const hedged = await experienced(
    ["a", "b"],
    () => new Promise((resolve) => hedged.world.clock.start(() => resolve(answer(200)), 50)),
  );
  const waiting = hedged.world.fetch("http://app/");
  hedged.world.source.acquire = closed;
  assertEquals(await hedged.world.outcome(waiting, 1), 200);
  const retried = new World(["a", "b"], () => {
    retried.source.acquire = closed;
    return answer(503);
  });
  assertEquals(await retried.outcome(retried.fetch("http://app/")), 503);
});
