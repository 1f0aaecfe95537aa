import { assert, assertEquals, assertRejects } from "@std/assert";
import { PilotedError } from "../../src/errors.ts";
import type { FetchOptions } from "../../src/fetch/fetch_options.ts";
import { endpoint } from "../support/endpoints.ts";
import { test } from "../support/test.ts";
import {
  answer,
  attemptsOf,
  type Backend,
  backends,
  refused,
  reset,
  told,
  World,
} from "./support.ts";

const METHODS = ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "POST", "PATCH"];

/** Fails the first time, then answers 200. */
function once(failure: () => Response): Backend {
  return (_, number) => number === 1 ? failure() : answer(200);
}

test("createFetch() tries another endpoint after 502, 503, 504, a refused or a reset connection", async () => {
  const failures = [() => answer(502), () => answer(503), () => answer(504), refused, reset];
  for (const failure of failures) {
    const world = new World(["a", "b", "c"], once(failure));
    assertEquals(await world.outcome(world.fetch("http://app/")), 200);
    assertEquals(world.order, "ab");
  }
});

test("createFetch() takes every other status as an answer", async () => {
  for (const status of [200, 204, 301, 400, 401, 404, 409, 429, 500, 501]) {
    const world = new World(["a", "b"], () => answer(status));
    assertEquals(await world.outcome(world.fetch("http://app/", { redirect: "manual" })), status);
    assertEquals(world.order, "a");
  }
});

test("createFetch() gives the last refusal after three attempts at three endpoints", async () => {
  const world = new World(["a", "b", "c", "d"], ({ to }) => answer(503, { "x-from": to }));
  const waiting = world.fetch("http://app/");
  assertEquals(await world.outcome(waiting), 503);
  assertEquals((await waiting).headers.get("x-from"), "c");
  assertEquals(await (await waiting).text(), "body");
  assertEquals(world.order, "abc");
});

test("createFetch() fails with every attempt when no connection holds", async () => {
  const world = new World(["a", "b", "c"], ({ to }) => to === "b" ? reset() : refused());
  const error = await world.outcome(world.fetch("http://app/")) as PilotedError;
  assert(error instanceof PilotedError);
  assertEquals([error.code, error.service], ["REQUEST_FAILED", "app"]);
  assertEquals(told(attemptsOf(error)), "a connect_failed, b reset, c connect_failed");
  assertEquals((error.cause as Error).message, "fetch failed");
  assert(
    attemptsOf(error).every(({ error, durationMs }) => error !== undefined && durationMs >= 0),
  );
  assert(error.message.includes("received connect_failed from 10.0.0.3:80"), error.message);
});

test("createFetch() tries every endpoint once, whatever the balancer prefers", async () => {
  const world = new World(["a", "b", "c"], refused, {}, { balancer: ([first]) => first });
  await world.outcome(world.fetch("http://app/"));
  assertEquals(world.order, "abc");
});

test("createFetch() goes back to an endpoint that failed when there is no other", async () => {
  const world = new World(["a"], once(refused));
  assertEquals(await world.outcome(world.fetch("http://app/")), 200);
  assertEquals(world.order, "aa");
});

test("createFetch() waits between attempts, by chance, up to 25 and 50 ms", async () => {
  for (const chance of [0, 0.5, 0.75]) {
    const world = new World(["a", "b", "c"], () => answer(503), { random: () => chance });
    await world.outcome(world.fetch("http://app/"));
    const [, second, third] = world.sent.map(({ at }) => at);
    assertEquals([second, third! - second!], [25 * chance, 50 * chance]);
  }
});

test("createFetch() tries idempotent methods again, and others only if they never left", async () => {
  for (const method of METHODS) {
    const idempotent = METHODS.indexOf(method) < 5;
    for (const [failure, again] of [[reset, idempotent], [refused, true]] as const) {
      const world = new World(["a", "b"], once(failure));
      const outcome = await world.outcome(world.fetch("http://app/", { method }));
      assertEquals(world.order, again ? "ab" : "a");
      assertEquals(outcome === 200, again);
    }
    const world = new World(["a", "b"], once(() => answer(503)));
    assertEquals(
      await world.outcome(world.fetch("http://app/", { method: method.toLowerCase() })),
      idempotent ? 200 : 503,
    );
  }
});

test("createFetch() tries everything again with retry: always, and nothing with never", async () => {
  const cases: [FetchOptions["retry"], string, string][] = [
    ["always", "POST", "ab"],
    ["never", "GET", "a"],
  ];
  for (const [retry, method, order] of cases) {
    const world = new World(["a", "b"], once(reset), { retry });
    await world.outcome(world.fetch("http://app/", { method }));
    assertEquals(world.order, order);
  }
});

test("createFetch() sends a body again that can be sent again", async () => {
  const bodies = ["text", new TextEncoder().encode("bytes"), new URLSearchParams("a=1")];
  for (const body of bodies) {
    const world = new World(["a", "b"], once(reset));
    assertEquals(await world.outcome(world.fetch("http://app/", { method: "PUT", body })), 200);
    assert(world.sent.every(({ init }) => init?.body === body));
  }
  const world = new World(["a", "b"], once(reset));
  const request = new Request("http://app/", { method: "PUT", body: "text" });
  assertEquals(await world.outcome(world.fetch(request)), 200);
  assertEquals(world.order, "ab");
});

test("createFetch() never sends a stream again, not even one that never left", async () => {
  for (const retry of ["idempotent", "always"] as const) {
    const world = new World(["a", "b"], once(refused), { retry });
    const body = new ReadableStream();
    const init = { method: "PUT", body, duplex: "half" } as RequestInit;
    const error = await world.outcome(world.fetch("http://app/", init)) as PilotedError;
    assertEquals([error.code, told(attemptsOf(error))], ["REQUEST_FAILED", "a connect_failed"]);
  }
});

for (const status of [429, 503]) {
  test(`createFetch() tries another endpoint at once after a ${status} with Retry-After, and the same one not before its time`, async () => {
    const limited: Backend = ({ to }) =>
      to === "a" ? answer(status, { "retry-after": "2" }) : answer(200);
    const world = new World(["a", "b"], limited);
    for (let i = 0; i < 4; i++) {
      assertEquals(await world.outcome(world.fetch("http://app/"), 10), 200);
    }
    assertEquals(world.order, "abbbb");
    assert(world.sent[1]!.at <= 50);
    await world.clock.advance(2_000);
    await world.outcome(world.fetch("http://app/"));
    await world.outcome(world.fetch("http://app/"));
    assertEquals(world.order.slice(5).includes("a"), true);

    const only = new World(["a"], once(() => answer(status, { "retry-after": "2" })));
    assertEquals(await only.outcome(only.fetch("http://app/"), 10), 200);
    assertEquals(only.sent.map(({ at }) => at), [0, 2_000]);
  });
}

test("createFetch() tells the balancer nothing by a 429", async () => {
  const world = new World(["a"], once(() => answer(429, { "retry-after": "6" })));
  assertEquals(await world.outcome(world.fetch("http://app/")), 429);
  const [first] = world.source.pool.status().endpoints;
  assertEquals([first!.consecutiveFailureCount, first!.latencyMs], [0, undefined]);
});

test("createFetch() gives a 429 back that asks for too long, or for nothing", async () => {
  const cases: [string, FetchOptions][] = [
    ["6", {}],
    ["2", { timeoutMs: 1_000 }],
    ["2", { maxRetryAfterMs: 1_000 }],
    ["whenever", {}],
    ["", {}],
  ];
  for (const [value, options] of cases) {
    const headers: Record<string, string> = value === "" ? {} : { "retry-after": value };
    const world = new World(["a"], () => answer(429, headers), options);
    assertEquals(await world.outcome(world.fetch("http://app/")), 429);
    assertEquals(world.order, "a");
    assertEquals(world.source.pool.status().endpoints[0]!.latencyMs, undefined);
  }
});

test("createFetch() earns its retries by requests", async () => {
  for (const options of [{}, { timeoutMs: 1_000 }]) {
    const retryBudget = { percent: 100, minimumPerSecond: 0 };
    const world = new World(["a", "b", "c"], () => answer(503), { retryBudget, ...options });
    assertEquals(await world.outcome(world.fetch("http://app/")), 503);
    assertEquals(world.order, "ab");
  }
});

test("createFetch() counts an instance that has moved as one that was not tried", async () => {
  const world = new World(["a"], ({ to }) => {
    if (to === "b") return answer(200);
    const [a] = backends("a");
    const moved = endpoint("a", { address: "10.0.0.2", port: 80 });
    world.source.update([moved, { ...a!, id: "other" }]);
    return refused();
  });
  assertEquals(await world.outcome(world.fetch("http://app/")), 200);
  assertEquals(world.order, "ab");
});

test("createFetch() keeps the key of a request for its further attempts", async () => {
  const seconds = new Set<string>();
  for (let i = 0; i < 10; i++) {
    const world = new World(["a", "b", "c", "d", "e"], once(refused), { key: () => "user-7" }, {
      balancer: "hash",
      random: Math.random,
    });
    assertEquals(await world.outcome(world.fetch("http://app/")), 200);
    seconds.add(world.order);
  }
  assertEquals(seconds.size, 1);
});

test("createFetch() gives a failure back at once when the budget is empty", async () => {
  const budget = { percent: 0, minimumPerSecond: 0.2, windowMs: 10_000 };
  const world = new World(["a", "b", "c"], () => answer(503), { retryBudget: budget });
  assertEquals(await world.outcome(world.fetch("http://app/")), 503);
  assertEquals(world.order, "abc");
  assertEquals(await world.outcome(world.fetch("http://app/")), 503);
  assertEquals(world.order, "abca");
});

test("createFetch() frees the connection of a refusal that it does not give", async () => {
  let cancelled = 0;
  const body = () => new ReadableStream({ cancel: () => void cancelled++ });
  const world = new World(["a", "b"], once(() => new Response(body(), { status: 503 })));
  assertEquals(await world.outcome(world.fetch("http://app/")), 200);
  assertEquals(cancelled, 1);
});

test("createFetch() gives the refusal when all endpoints have left before the next attempt", async () => {
  const world = new World(["a", "b"], () => {
    world.source.update([]);
    return answer(503);
  });
  const waiting = world.fetch("http://app/");
  assertEquals(await world.outcome(waiting), 503);
  assertEquals(await (await waiting).text(), "body");
});

test("createFetch() sends nothing new to an endpoint that has left, and waits for what is under way", async () => {
  let finish = () => {};
  const world = new World(
    ["a", "b"],
    ({ to }) =>
      to === "a" ? new Promise((resolve) => finish = () => resolve(answer(200))) : answer(200),
  );
  const slow = world.fetch("http://app/");
  await world.clock.advance(0);
  world.source.update(backends("b"));
  for (let i = 0; i < 5; i++) assertEquals((await world.fetch("http://app/")).status, 200);
  assertEquals(world.order, "abbbbb");
  finish();
  assertEquals((await slow).status, 200);
  assertEquals(world.source.pool.pendingCount, 0);
});

test("createFetch() does not blame an endpoint for a wrong call", async () => {
  const wrong = new TypeError("Invalid header name");
  const world = new World(["a", "b"], () => {
    throw wrong;
  });
  const error = await assertRejects(() => world.fetch("http://app/"), TypeError);
  assert(error === wrong);
  assertEquals(world.order, "a");
  assertEquals(world.source.pool.status().endpoints[0]!.consecutiveFailureCount, 0);
});

test("createFetch() tells the balancer of successes and failures", async () => {
  const world = new World(["a", "b"], ({ to }) => to === "a" ? refused() : answer(200));
  for (let i = 0; i < 12; i++) {
    assertEquals(await world.outcome(world.fetch("http://app/"), 1), 200);
  }
  const { ejectedCount, pendingCount, endpoints } = world.source.pool.status();
  assertEquals([ejectedCount, pendingCount], [1, 0]);
  assert(endpoints[0]!.ejectedUntil !== undefined);
  assertEquals(world.order.replaceAll("b", ""), "aaaaa");
});
