import type { Fetch } from "../../src/platform_fetch.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { createFetch } from "../../src/client/create_fetch.ts";
import { type FetchOptions, resolveFetchOptions } from "../../src/fetch/fetch_options.ts";
import type { FetchSource } from "../../src/fetch/fetch_source.ts";
import { PilotedError } from "../../src/errors.ts";
import { test } from "../support/test.ts";
import { answer, backends, PoolSource, refused, World } from "./support.ts";

test("createFetch() sends a URL of a service to an endpoint and keeps the rest of it", async () => {
  const world = new World(["a", "b"], () => answer(200));
  const urls = [
    "http://app",
    "http://app/orders/7?sort=up#top",
    "https://app/secure",
    "http://App?q=http://app/",
    " HTTP:\\\\APP:80\\odd",
  ];
  for (const url of urls) assertEquals((await world.fetch(url)).status, 200);
  assertEquals(world.sent.map(({ url }) => url), [
    "http://10.0.0.1:80",
    "http://10.0.0.2:80/orders/7?sort=up#top",
    "https://10.0.0.1:80/secure",
    "http://10.0.0.2:80?q=http://app/",
    "http://10.0.0.1:80/odd",
  ]);
});

test("createFetch() takes a URL, a Request, and whatever can be written as a URL", async () => {
  const world = new World(["a"], () => answer(200));
  await world.fetch(new URL("http://app/url"));
  await world.fetch(new Request("http://app/request", { method: "DELETE" }));
  await world.fetch({ toString: () => "http://app/string" } as unknown as URL);
  assertEquals(world.sent.map(({ url }) => url), [
    "http://10.0.0.1:80/url",
    "http://10.0.0.1:80/request",
    "http://10.0.0.1:80/string",
  ]);
  assertEquals(world.sent[1]!.init?.method, "DELETE");
});

test("createFetch() hands the init over, and follows redirects itself", async () => {
  const world = new World(["a"], () => answer(200));
  const init = { method: "POST", headers: { traceparent: "00-1-2-01" }, body: "x" };
  await world.fetch("http://app/", init);
  assertEquals({ ...world.sent[0]!.init, signal: undefined }, {
    ...init,
    redirect: "manual",
    signal: undefined,
  });
});

test("createFetch() makes an init of a Request, its body bytes, and what overrides it", async () => {
  const world = new World(["a"], () => answer(200));
  const request = new Request("http://app/", {
    method: "PUT",
    headers: { "content-type": "text/plain", "x-one": "1" },
    body: "hello",
    redirect: "manual",
  });
  await world.fetch(request, { headers: { "x-two": "2" }, dispatcher: "mine" } as RequestInit);
  const init = world.sent[0]!.init as RequestInit & { dispatcher: string };
  assertEquals(init.method, "PUT");
  assertEquals(init.redirect, "manual");
  assertEquals(init.dispatcher, "mine");
  assertEquals(new Headers(init.headers).get("x-two"), "2");
  assertEquals(new Headers(init.headers).get("x-one"), null);
  assertEquals(new TextDecoder().decode(init.body as Uint8Array), "hello");
});

test("createFetch() passes what is not a service's on untouched", async () => {
  const seen: unknown[] = [];
  const world = new World(["a"], () => answer(200), {
    fetch: (...args) => {
      seen.push(args);
      return Promise.resolve(answer(200));
    },
  });
  const request = new Request("http://elsewhere/");
  const init = { method: "POST" };
  const inputs = ["http://other/", "http://other:8080/", "ftp://app/", "no url", request];
  for (const input of inputs) await world.fetch(input, init);
  assertEquals(seen.length, inputs.length);
  inputs.forEach((input, i) => assert((seen[i] as unknown[])[0] === input));
  for (const args of seen) assert((args as unknown[])[1] === init);
});

test("createFetch() refuses what is not a service's when told so", async () => {
  const world = new World(["a"], () => answer(200), { unknownHosts: "reject" });
  const error = await assertRejects(
    () => world.fetch("http://other/secret?token=1"),
    PilotedError,
    "http://other",
  );
  assertEquals(error.code, "UNKNOWN_SERVICE");
  assertEquals(error.url, "http://other");
  assert(!error.message.includes("secret"));
  assertEquals((await world.fetch("http://app/")).status, 200);
});

test("createFetch() rejects credentials in a service's URL, and never throws", async () => {
  const world = new World(["a"], () => answer(200));
  await assertRejects(() => world.fetch("http://me:secret@app/"), TypeError);
});

test("createFetch() uses the global fetch of the moment", async () => {
  const real = globalThis.fetch;
  const source = new PoolSource({});
  source.update(backends("a"));
  const balanced = createFetch(source);
  globalThis.fetch = ((url: string) => Promise.resolve(new Response(url))) as Fetch;
  try {
    assertEquals(await (await balanced("http://app/x")).text(), "http://10.0.0.1:80/x");
  } finally {
    source.closing.abort(new Error("closed"));
    globalThis.fetch = real;
  }
});

test("createFetch() gives the key of a request to the balancer", async () => {
  const world = new World(["a", "b", "c", "d"], () => answer(200), {
    key: (url) => new URL(url).searchParams.get("user") ?? undefined,
  }, { balancer: "hash" });
  for (let i = 0; i < 5; i++) await world.fetch("http://app/?user=7");
  assertEquals(new Set(world.order).size, 1);
});

test("createFetch() fails with NO_ENDPOINTS at once where there is none", async () => {
  const world = new World([], () => answer(200));
  const error = await assertRejects(() => world.fetch("http://app/"), PilotedError);
  assertEquals(error.code, "NO_ENDPOINTS");
  assertEquals(world.source.waits, []);
});

test("createFetch() waits for the first endpoint when told so, and then no longer", async () => {
  const world = new World([], () => answer(200), { waitForEndpointsMs: 5_000, timeoutMs: 3_000 });
  const waiting = world.fetch("http://app/");
  assertEquals(world.source.waits, [3_000]);
  world.source.update(backends("a"));
  assertEquals((await waiting).status, 200);
  await world.fetch("http://app/");
  assertEquals(world.source.waits.length, 1);
});

test("createFetch() stops waiting for an endpoint when the caller aborts", async () => {
  const world = new World([], () => answer(200), { waitForEndpointsMs: 5_000 });
  const controller = new AbortController();
  const waiting = world.fetch("http://app/", { signal: controller.signal });
  controller.abort(new Error("enough"));
  await assertRejects(() => waiting, Error, "enough");
});

test("createFetch() lets only so many requests be under way per service", async () => {
  const answers: (() => void)[] = [];
  const world = new World(
    ["a"],
    () => new Promise((resolve) => answers.push(() => resolve(answer(200)))),
    { maxInFlight: 2 },
  );
  const first = world.fetch("http://app/");
  const second = world.fetch("http://app/");
  const error = await assertRejects(() => world.fetch("http://app/"), PilotedError);
  assertEquals([error.code, error.service], ["OVERLOADED", "app"]);
  await world.clock.advance(0);
  answers[0]!();
  await first;
  const third = world.fetch("http://app/");
  await world.clock.advance(0);
  for (const end of answers) end();
  await Promise.all([second, third]);
  assertEquals(world.sent.length, 3);
});

test("createFetch() counts a request as under way until its end, however it ends", async () => {
  const ends = [() => answer(200), () => answer(503), refused];
  for (const options of [{}, { timeoutMs: 1_000 }]) {
    const world = new World(["a"], (_, number) => ends[number % 3]!(), {
      maxInFlight: 1,
      maxAttempts: 1,
      ...options,
    });
    for (let i = 0; i < 6; i++) await world.fetch("http://app/").catch(() => {});
    assertEquals(world.order, "aaaaaa");
  }
});

test("createFetch() counts a request with retries once", async () => {
  const world = new World(["a", "b"], ({ to, url }) => {
    if (url.endsWith("/silent")) return new Promise(() => {});
    return to === "a" ? answer(503) : answer(200);
  }, { maxInFlight: 1 });
  for (let i = 0; i < 3; i++) assertEquals(await world.outcome(world.fetch("http://app/")), 200);
  const first = world.fetch("http://app/silent").catch(() => {});
  const error = await assertRejects(() => world.fetch("http://app/"), PilotedError);
  assertEquals(error.code, "OVERLOADED");
  await world.clock.advance(60_000);
  await first;
});

test("resolveFetchOptions() has the defaults of the issue", () => {
  const { fetch, clock, random, classify, ...rest } = resolveFetchOptions({ hedge: true });
  assert(
    typeof fetch === "function" && typeof classify === "function" && typeof random === "function" &&
      clock.now() > 0,
  );
  assertEquals(rest, {
    unknownHosts: "pass-through",
    retry: "idempotent",
    hosts: [],
    timeoutMs: 15_000,
    leaseUntil: undefined,
    closeGraceMs: 5_000,
    attemptTimeoutMs: Infinity,
    maxAttempts: 3,
    backoffBaseMs: 25,
    backoffMaxMs: 250,
    maxRetryAfterMs: 5_000,
    maxInFlight: 1_024,
    waitForEndpointsMs: 0,
    retryBudget: { percent: 20, minimumPerSecond: 3, windowMs: 10_000 },
    hedge: { percentile: 95, percent: 5 },
    routes: [],
    split: undefined,
    key: undefined,
    observer: undefined,
  });
  assertEquals(resolveFetchOptions({}).hedge, undefined);
});

test("createFetch() names the option, the object and the value that it rejects", () => {
  const source = new PoolSource({});
  const option = (name: string, of = "createFetch()") => `Cannot use option ${name} of ${of}`;
  const wrong: [unknown, ErrorConstructor, string][] = [
    [{ maxAttempts: 0 }, RangeError, `${option("maxAttempts")}: it must be at least 1, received 0`],
    [{ maxInFlight: 0 }, RangeError, option("maxInFlight")],
    [{ timeoutMs: NaN }, TypeError, "a number, received NaN"],
    [{ timeoutMs: "5" }, TypeError, `a number, received "5"`],
    [{ timeoutMs: -1 }, RangeError, option("timeoutMs")],
    [{ attemptTimeoutMs: -1 }, RangeError, option("attemptTimeoutMs")],
    [{ backoffBaseMs: -1 }, RangeError, option("backoffBaseMs")],
    [{ backoffMaxMs: -1 }, RangeError, option("backoffMaxMs")],
    [{ maxRetryAfterMs: -1 }, RangeError, option("maxRetryAfterMs")],
    [{ waitForEndpointsMs: -1 }, RangeError, option("waitForEndpointsMs")],
    [{ retries: 2 }, TypeError, "Did you mean retry?"],
    [{ attempts: 2 }, TypeError, "Did you mean maxAttempts?"],
    [{ timeout: 2 }, TypeError, "Did you mean timeoutMs?"],
    [{ retry: "sometimes" }, TypeError, `idempotent, always, never, received "sometimes"`],
    [{ unknownHosts: "drop" }, TypeError, "pass-through, reject"],
    [{ fetch: "no" }, TypeError, option("fetch")],
    [{ key: 1 }, TypeError, option("key")],
    [{ random: 1 }, TypeError, option("random")],
    [{ observer: 1 }, TypeError, option("observer")],
    [{ clock: 1 }, TypeError, option("clock")],
    [
      { retryBudget: { percent: -1 } },
      RangeError,
      option("percent", "retryBudget in createFetch()"),
    ],
    [
      { retryBudget: { minimumPerSecond: -1 } },
      RangeError,
      option("minimumPerSecond", "retryBudget"),
    ],
    [{ retryBudget: { windowMs: 0 } }, RangeError, option("windowMs", "retryBudget")],
    [{ retryBudget: { perSecond: 1 } }, TypeError, option("perSecond", "retryBudget")],
    [{ retryBudget: 5 }, TypeError, option("retryBudget")],
    [{ hedge: { percentile: -1 } }, RangeError, option("percentile", "hedge in createFetch()")],
    [{ hedge: { percentile: 101 } }, RangeError, option("percentile", "hedge")],
    [{ hedge: { percent: -1 } }, RangeError, option("percent", "hedge")],
    [{ hedge: { percentil: 90 } }, TypeError, "Did you mean percentile?"],
    [{ hedge: "yes" }, TypeError, "the options of hedge in createFetch()"],
    [null, TypeError, "the options of createFetch()"],
  ];
  for (const [options, type, words] of wrong) {
    assertThrows(() => createFetch(source, options as FetchOptions), type, words);
  }
});

test("createFetch() says what is wrong with its source", async () => {
  const promise = Promise.resolve(new PoolSource({}));
  const wrong: [unknown, string][] = [
    [promise, "received a promise: await createPiloted() first"],
    [undefined, "a value of type undefined"],
    [null, "received null"],
    ["customers", "a value of type string"],
    [{ has: () => true, acquire: () => {} }, "an object without waitForEndpoints()"],
    [{}, "without has(), acquire(), waitForEndpoints()"],
  ];
  for (const [source, words] of wrong) {
    assertThrows(() => createFetch(source as FetchSource), TypeError, words);
  }
  await promise;
});
