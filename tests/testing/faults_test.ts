import { assert, assertEquals, assertRejects } from "@std/assert";
import { get } from "node:http";
import { EmbeddedConsul, type Fault, faults, ManualClock } from "../../src/testing/mod.ts";
import { test } from "../support/test.ts";

const PATH = "/v1/health/service/app";

// Every fault must look the same in the process and over a connection.
async function eachWay(
  fault: Fault,
  check: (ask: (query?: string) => Promise<Response>) => Promise<void>,
): Promise<void> {
  await using consul = new EmbeddedConsul();
  consul.register({ name: "app", port: 1 });
  consul.inject(fault);
  await check((query = "") => consul.fetch(`http://consul${PATH}${query}`));
  const { url } = await consul.listen({ graceMs: 10 });
  await check((query = "") => fetch(`${url}${PATH}${query}`, { redirect: "manual" }));
}

test("faults.answer() answers by itself", () =>
  eachWay(faults.answer(418, "tea"), async (ask) => {
    const response = await ask();
    assertEquals([response.status, await response.text()], [418, "tea"]);
  }));

test("faults.noLeader() refuses a read, answers a stale one and tells its age", () =>
  eachWay(faults.noLeader(5_000), async (ask) => {
    const refused = await ask();
    assertEquals([refused.status, await refused.text()], [500, "No cluster leader"]);
    assertEquals(refused.headers.get("X-Consul-Index"), "1");
    const stale = await ask("?stale");
    assertEquals((await stale.json() as unknown[]).length, 1);
    assertEquals(stale.headers.get("X-Consul-KnownLeader"), "false");
    assertEquals(stale.headers.get("X-Consul-LastContact"), "5000");
    const cached = await ask("?cached");
    assertEquals((await cached.json() as unknown[]).length, 1);
    assertEquals(cached.headers.get("X-Consul-KnownLeader"), "true");
  }));

test("faults.rateLimit(), denied(), html() and redirect() answer as they are called", async () => {
  const cases: [Fault, number, string, string][] = [
    [faults.rateLimit({ retryAfterSeconds: 7 }), 429, "Retry-After", "7"],
    [faults.blocked(), 403, "Content-Type", "text/plain; charset=utf-8"],
    [faults.denied(), 403, "Content-Type", "text/plain; charset=utf-8"],
    [faults.html(), 502, "Content-Type", "text/html"],
    [faults.redirect("http://127.0.0.1:9/", 307), 307, "Location", "http://127.0.0.1:9/"],
  ];
  for (const [fault, status, header, value] of cases) {
    await eachWay(fault, async (ask) => {
      const response = await ask();
      await response.body?.cancel();
      assertEquals([response.status, response.headers.get(header)], [status, value]);
    });
  }
});

test("faults.delay() waits on its clock and then tells the truth", async () => {
  const clock = new ManualClock();
  await using consul = new EmbeddedConsul();
  consul.inject(faults.delay(1_000, clock));
  let answered = false;
  const answer = consul.fetch(`http://consul${PATH}`).then((response) => {
    answered = true;
    return response.json();
  });
  await clock.advance(999);
  assertEquals(answered, false);
  await clock.advance(1);
  assertEquals(await answer, []);
});

test("faults.hang() ends with the client's signal or the Consul", async () => {
  const consul = new EmbeddedConsul();
  consul.inject(faults.hang());
  const abort = new AbortController();
  const first = consul.fetch(`http://consul${PATH}`, { signal: abort.signal });
  const reason = new Error("enough");
  abort.abort(reason);
  assertEquals(await first.catch((error) => error), reason);
  const second = assertRejects(() => consul.fetch(`http://consul${PATH}`), TypeError);
  const { url } = await consul.listen({ graceMs: 10 });
  const third = fetch(url + PATH).then(async (response) => {
    await response.body?.cancel();
    return response.status;
  }, () => "cut");
  while (consul.requests.length < 3) await new Promise((resolve) => setTimeout(resolve, 1));
  await consul.close();
  await second;
  assert(["cut", 500].includes(await third));
});

test("faults.drop() cuts the body so that reading it fails", async () => {
  for (const bytes of [0, 5]) {
    await eachWay(faults.drop(bytes), async (ask) => {
      // A connection may break so early that there is no answer at all.
      await assertRejects(async () => await (await ask()).text());
    });
  }
});

test("faults.truncate() ends the body early without an error", () =>
  eachWay(faults.truncate(10), async (ask) => {
    assertEquals((await (await ask()).text()).length, 10);
  }));

test("faults.hugeBody() sends exactly so many bytes and survives a client that leaves", () =>
  eachWay(faults.hugeBody(1_000_000), async (ask) => {
    const body = await (await ask()).text();
    assertEquals([body.length, body.trim()], [1_000_000, "["]);
    await (await ask()).body?.cancel();
  }));

test("faults.emptyList() and rewrite() keep the headers of the truth", async () => {
  await eachWay(faults.emptyList(), async (ask) => {
    const response = await ask();
    assertEquals(await response.json(), []);
    assert(Number(response.headers.get("X-Consul-Index")) > 1);
  });
  const twice = faults.rewrite((list) => [...list as unknown[], ...list as unknown[]]);
  await eachWay(twice, async (ask) => {
    assertEquals((await (await ask()).json() as unknown[]).length, 2);
  });
});

test("faults.headers() changes only headers", () =>
  eachWay(faults.headers({ "X-Consul-Index": "7" }), async (ask) => {
    const response = await ask();
    assertEquals(response.headers.get("X-Consul-Index"), "7");
    assertEquals((await response.json() as unknown[]).length, 1);
  }));

test("inject() matches by path, method, service and times, the last one first", async () => {
  await using consul = new EmbeddedConsul();
  const status = async (path: string, method = "GET") => {
    const response = await consul.fetch(`http://consul${path}`, { method });
    await response.body?.cancel();
    return response.status;
  };
  const remove = consul.inject(faults.answer(501), { service: "app" });
  assertEquals(await status(`${PATH}?passing`), 501);
  assertEquals(await status("/v1/catalog/service/app"), 501);
  assertEquals(await status("/v1/health/service/apple"), 200);
  consul.inject(faults.answer(502), { path: /^\/v1\/health/, times: 2 });
  assertEquals(await status(PATH), 502);
  assertEquals(await status("/v1/status/leader"), 200);
  assertEquals(await status("/v1/health/service/apple"), 502);
  assertEquals(await status(PATH), 501);
  remove();
  assertEquals(await status(PATH), 200);
  consul.inject(faults.answer(503), { method: "PUT", path: "/v1/agent/maintenance" });
  assertEquals(await status("/v1/agent/maintenance"), 405);
  assertEquals(await status("/v1/agent/maintenance", "PUT"), 503);
});

test("limits have Consul's own bodies and no Retry-After", async () => {
  const elsewhere = "rate limit exceeded, try again later or against a different server";
  const leader = "rate limit exceeded for operation that can only be performed by the leader, " +
    "try again later";
  const connections = "Your IP is issuing too many concurrent connections, please rate limit " +
    "your calls\n";
  const cases: [Fault, number, string][] = [
    [faults.rateLimit(), 429, elsewhere],
    [faults.rateLimit({ body: "" }), 429, ""],
    [faults.leaderRateLimit(), 503, leader],
    [faults.tooManyConnections(), 429, connections],
    [faults.blocked(), 403, "Endpoint is blocked by agent configuration"],
  ];
  for (const [fault, status, body] of cases) {
    await eachWay(fault, async (ask) => {
      const response = await ask();
      assertEquals([response.status, await response.text()], [status, body]);
      assertEquals(response.headers.get("Retry-After"), null);
    });
  }
});

test("faults.gatewayTimeout() ends only what stays quiet, and leaves nothing waiting", async () => {
  const clock = new ManualClock();
  await using consul = new EmbeddedConsul({ clock });
  consul.register({ name: "app", port: 1 });
  consul.inject(faults.gatewayTimeout(25_000, clock));
  const url = `http://consul${PATH}`;
  assertEquals((await (await consul.fetch(url)).json() as unknown[]).length, 1);
  const quiet = consul.fetch(`${url}?index=99&wait=5m`);
  await clock.advance(24_999);
  assertEquals(consul.waiting, 1);
  await clock.advance(1);
  const response = await quiet;
  assertEquals([response.status, response.headers.get("Content-Type")], [504, "text/html"]);
  await response.body?.cancel();
  assertEquals([consul.waiting, clock.pending], [0, 0]);
  const changed = consul.fetch(`${url}?index=11&wait=5m`);
  await clock.advance(20_000);
  consul.register({ name: "app", port: 2 });
  assertEquals((await changed).status, 200);
  assertEquals(clock.pending, 0);
});

test("faults.closeQuiet() breaks the connection of what stays quiet", () =>
  eachWay(faults.closeQuiet(20), async (ask) => {
    assertEquals((await (await ask()).json() as unknown[]).length, 1);
    await assertRejects(async () => await (await ask("?index=99&wait=5m")).text());
  }));

test("faults.compress() is understood by every fetch, and no other header changes", async () => {
  await eachWay(faults.compress(), async (ask) => {
    const response = await ask();
    assert(Number(response.headers.get("X-Consul-Index")) > 1);
    assertEquals((await response.json() as unknown[]).length, 1);
  });
  await using consul = new EmbeddedConsul();
  consul.register({ name: "app", port: 1, meta: { long: "x".repeat(10_000) } });
  // Deno's own fetch does not understand this one.
  const remove = consul.inject(faults.compress("deflate"));
  assertEquals((await (await consul.fetch(`http://consul${PATH}`)).json() as unknown[]).length, 1);
  remove();
  consul.inject(faults.compress());
  const { url } = await consul.listen({ graceMs: 10 });
  // No fetch shows the bytes as they were sent.
  const bytes = await new Promise<number>((resolve, reject) => {
    get(url + PATH, (response) => {
      let length = 0;
      response.on("data", (chunk: Uint8Array) => length += chunk.length);
      response.on("end", () => resolve(length));
      assertEquals(response.headers["content-encoding"], "gzip");
    }).on("error", reject);
  });
  assert(bytes < 2_000, String(bytes));
});
