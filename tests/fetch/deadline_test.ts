import { assert, assertEquals, assertRejects } from "@std/assert";
import { PilotedError } from "../../src/errors.ts";
import { test } from "../support/test.ts";
import { answer, attemptsOf, refused, silence, told, World } from "./support.ts";

test("createFetch() has one deadline over all attempts", async () => {
  const world = new World(["a", "b", "c"], ({ to }) => to === "a" ? answer(503) : silence(), {
    timeoutMs: 1_000,
    random: () => 0.5,
  });
  const startedAt = world.clock.now();
  const error = await world.outcome(world.fetch("http://app/"), 10) as PilotedError;
  assert(error instanceof PilotedError);
  assertEquals([error.code, told(attemptsOf(error))], ["TIMEOUT", "a rejected 503, b timeout"]);
  assertEquals(attemptsOf(error)[1]!.durationMs, 987.5);
  assertEquals(world.clock.now() - startedAt, 1_000);
  assertEquals(world.source.pool.pendingCount, 0);
  assertEquals(world.timersAfterClose, 0);
});

test("createFetch() limits each attempt and tries again", async () => {
  const world = new World(["a", "b"], ({ to }) => to === "a" ? silence() : answer(200), {
    attemptTimeoutMs: 100,
    random: () => 0,
  });
  assertEquals(await world.outcome(world.fetch("http://app/"), 10), 200);
  assertEquals(world.sent.map(({ to, at }) => [to, at]), [["a", 0], ["b", 100]]);
  assertEquals(world.source.pool.status().endpoints[0]!.consecutiveFailureCount, 1);
  assertEquals(world.timersAfterClose, 0);
});

test("createFetch() does not send what is not idempotent again after a timeout", async () => {
  const world = new World(["a", "b"], silence, { attemptTimeoutMs: 100 });
  const init = { method: "POST" };
  const error = await world.outcome(world.fetch("http://app/", init)) as PilotedError;
  assertEquals([error.code, told(attemptsOf(error))], ["TIMEOUT", "a timeout"]);
});

test("createFetch() does not begin a wait that would outlast the deadline", async () => {
  const world = new World(["a", "b"], refused, { timeoutMs: 10, random: () => 0.5 });
  const error = await world.outcome(world.fetch("http://app/"), 0) as PilotedError;
  assertEquals([error.code, told(attemptsOf(error))], ["REQUEST_FAILED", "a connect_failed"]);
});

test("createFetch() lets the body of an answer take longer than the deadline", async () => {
  const world = new World(["a"], ({ init }) =>
    new Response(
      new ReadableStream({
        start(controller) {
          init?.signal?.addEventListener("abort", () => controller.error(init.signal!.reason));
          world.clock.start(() => controller.close(), 5_000);
        },
      }),
    ), { timeoutMs: 1_000, attemptTimeoutMs: 500 });
  const response = await world.fetch("http://app/");
  const text = response.text();
  await world.clock.advance(5_000);
  assertEquals(await text, "");
});

test("createFetch() rejects with the caller's reason and releases the lease, whenever he aborts", async () => {
  const moments: [string, number, ConstructorParameters<typeof World>[2]][] = [
    ["during the first attempt", 10, {}],
    ["during an attempt with a deadline", 10, { timeoutMs: 1_000 }],
    ["during the wait for the second", 2_000, {}],
  ];
  for (const [moment, atMs, options] of moments) {
    const world = new World(["a"], () => {
      return atMs < 100 ? silence() : answer(429, { "retry-after": "5" });
    }, options);
    const controller = new AbortController();
    const { signal } = controller;
    const waiting = world.fetch("http://app/", { signal });
    waiting.catch(() => {});
    await world.clock.advance(atMs);
    const reason = { mine: moment };
    controller.abort(reason);
    assert(await waiting.catch((error) => error) === reason, moment);
    assertEquals(world.source.pool.pendingCount, 0);
    assertEquals(world.timersAfterClose, 0);
    assertEquals(world.source.pool.status().endpoints[0]!.consecutiveFailureCount, 0);
    assertEquals(world.order, "a");
  }
});

test("createFetch() ends the wait before a retry when the client is closed, and frees the connection", async () => {
  let cancelled = 0;
  const body = () => new ReadableStream({ cancel: () => void cancelled++ });
  const headers = { "retry-after": "5" };
  const world = new World(["a"], () => new Response(body(), { status: 429, headers }));
  const waiting = world.fetch("http://app/", { signal: new AbortController().signal });
  const error = assertRejects(() => waiting, PilotedError, "was closed");
  await world.clock.advance(100);
  world.source.closing.abort(new PilotedError("CLOSED", "Cannot use this client: it was closed"));
  await error;
  assertEquals([cancelled, world.timersAfterClose, world.source.pool.pendingCount], [1, 0, 0]);
});

test("createFetch() sends nothing when the caller has aborted before", async () => {
  for (const options of [{}, { timeoutMs: 1_000 }]) {
    const world = new World(["a"], () => answer(200), options);
    const signal = AbortSignal.abort(new Error("too late"));
    await assertRejects(() => world.fetch("http://app/", { signal }), Error, "too late");
    assertEquals(world.order, "");
  }
});

test("createFetch() frees the connection of a refusal when the caller aborts the wait after it", async () => {
  let cancelled = 0;
  const body = () => new ReadableStream({ cancel: () => void cancelled++ });
  const headers = { "retry-after": "5" };
  const world = new World(["a"], () => new Response(body(), { status: 429, headers }));
  const controller = new AbortController();
  const waiting = world.fetch("http://app/", { signal: controller.signal }).catch(() => {});
  await world.clock.advance(100);
  controller.abort();
  await waiting;
  assertEquals(cancelled, 1);
});

test("createFetch() keeps the caller's signal on the body of an answer", async () => {
  for (const options of [{}, { timeoutMs: 1_000 }, { hedge: true }]) {
    const world = new World(["a"], () => answer(200), options);
    const controller = new AbortController();
    await world.fetch("http://app/", { signal: controller.signal });
    const { signal } = world.sent[0]!.init!;
    assertEquals(signal!.aborted, false);
    controller.abort("done");
    assertEquals(signal!.reason, "done");
  }
});
