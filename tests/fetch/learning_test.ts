/** What the balanced fetch learns from responses, timeouts and downloads. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { createPiloted } from "../../src/client/create_piloted.ts";
import { createFetch } from "../../src/client/create_fetch.ts";
import { PilotedError } from "../../src/errors.ts";
import { EmbeddedConsul } from "../../src/testing/embedded_consul.ts";
import { endpoint } from "../support/endpoints.ts";
import { test } from "../support/test.ts";
import { answer, silence, World } from "./support.ts";
import { withBackends } from "./sockets.ts";

test("createFetch() blames no endpoint for the impatience of one caller", async () => {
  const world = new World(
    ["a", "b"],
    () => new Promise((resolve) => world.clock.start(() => resolve(answer(200)), 50)),
    { maxAttempts: 1 },
  );
  for (let i = 0; i < 20; i++) {
    assertEquals(await world.outcome(world.fetch("http://app/"), 10), 200);
    const hasty = world.fetch("http://app/", { piloted: { timeoutMs: 20 } } as RequestInit);
    assert(await world.outcome(hasty, 10) instanceof PilotedError);
  }
  assertEquals(world.source.pool.status().ejectedCount, 0);
});

test("createFetch() counts a whole timeoutMs without a response as a failure", async () => {
  const world = new World(["a", "b"], ({ to }) => to === "a" ? silence() : answer(200), {
    timeoutMs: 1_000,
  });
  for (let i = 0; i < 10; i++) await world.outcome(world.fetch("http://app/"), 50);
  assertEquals(world.source.pool.status().ejectedCount, 1);
});

test("createFetch() takes registrations of one address for one endpoint", async () => {
  const world = new World([], () => answer(503));
  const same = { address: "10.0.0.1", port: 80 };
  world.source.update([
    endpoint("one", { ...same, tags: ["x"] }),
    endpoint("two", { ...same, tags: ["y"] }),
    endpoint("three", { address: "10.0.0.2", port: 80 }),
  ]);
  const [merged, other] = world.source.pool.endpoints;
  assertEquals([merged!.ids, merged!.tags, other!.ids], [["one", "two"], ["x", "y"], undefined]);
  await world.outcome(world.fetch("http://app/"));
  assertEquals(world.order.slice(0, 2), "ab");
});

test("createFetch() blames an endpoint whose address no URL can carry, and nobody for wrong headers", async () => {
  await withBackends([(_, response) => void response.end("ok")], async ({ fetch, source }) => {
    const [good] = source.pool.endpoints;
    source.update([endpoint("bad", { address: "10.0.0.256" }), good!]);
    for (let i = 0; i < 4; i++) {
      assertEquals(await (await fetch("http://app/", { method: "POST", body: "x" })).text(), "ok");
    }
    const { endpoints } = source.pool.status();
    assert(endpoints.find((one) => one.endpoint.id === "bad")!.consecutiveFailureCount > 0);
    source.update([good!]);
    const wrong = [
      { expect: "100-continue" },
      { "transfer-encoding": "chunked" },
      { upgrade: "websocket" },
      { "keep-alive": "timeout=5" },
      { "content-length": "100" },
      { "content-length": "1" },
    ];
    for (const headers of [...wrong, ...wrong]) {
      await fetch("http://app/", { method: "POST", body: "xyz", headers: headers as HeadersInit })
        .then((response) => response.text(), () => {});
    }
    assertEquals(source.pool.status().endpoints[0]!.consecutiveFailureCount, 0);
    await assertRejects(() => fetch("http://app/", { method: "CONNECT" }), TypeError);
  });
});

test("createFetch() holds a lease of least-pending to the end of the body, read, cancelled or forgotten", async () => {
  const world = new World(["a", "b"], () => new Response("body"), {}, {
    balancer: "least-pending",
  });
  const { pool } = world.source;
  const first = await world.fetch("http://app/");
  const second = await world.fetch("http://app/");
  assertEquals([pool.pendingCount, new Set(world.order).size], [2, 2]);
  assertEquals([await first.text(), first.bodyUsed], ["body", true]);
  assertEquals(pool.pendingCount, 1);
  await second.body!.cancel();
  assertEquals(pool.pendingCount, 0);
  const reader = (await world.fetch("http://app/")).body!.getReader();
  while (!(await reader.read()).done);
  assertEquals(pool.pendingCount, 0);
  for (let i = 0; i < 40; i++) void (await world.fetch("http://app/"));
  assertEquals(pool.status().endpoints.map(({ pendingCount }) => pendingCount), [20, 20]);
  assert(pool.status().endpoints.every(({ latencyMs }) => latencyMs! <= 1));
});

test("createFetch() removes its listener from a signal that is given to every call", async () => {
  const world = new World(["a"], () => answer(200));
  const { signal } = new AbortController();
  let listeners = 0;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => (listeners++, add(...args));
  signal.removeEventListener = (
    ...args: Parameters<typeof remove>
  ) => (listeners--, remove(...args));
  for (let i = 0; i < 100; i++) {
    const response = await world.fetch("http://app/", { signal });
    assertEquals(world.sent.at(-1)!.init!.signal === signal, false);
    await response.text();
  }
  // Each call of the scripted backend adds none to it: it sees another signal.
  assertEquals(listeners, 0);
});

test("createFetch() maps names of Consul's DNS, tags included, and any case", async () => {
  const world = new World(["a", "b"], () => answer(200), { hosts: [".service.consul"] });
  const [a, b] = world.source.pool.endpoints;
  world.source.update([a!, { ...b!, tags: ["Primary"] }]);
  for (const url of ["http://APP.service.consul/x", "http://app./x", "http://App/x"]) {
    assertEquals((await world.fetch(url)).status, 200);
  }
  const before = world.sent.length;
  for (let i = 0; i < 3; i++) await world.fetch("http://primary.app.service.consul/");
  assertEquals(world.order.slice(before), "bbb");
  const error = await assertRejects(() => world.fetch("http://replica.app.service.consul/"));
  assert(error instanceof PilotedError && error.code === "NO_ENDPOINTS");
  assert(error.message.includes("replica"), error.message);
  await assertRejects(() => world.fetch("http://app:8080/"), TypeError, "leave out :8080");
});

test("createFetch() sends nothing for a watched name to DNS: in any case, after a reload, after close()", async () => {
  const consul = new EmbeddedConsul();
  consul.register({ name: "myService", address: "10.0.0.1", port: 8080 });
  const piloted = await createPiloted({
    config: { consul: "127.0.0.1:8500", watches: [{ name: "myService" }] },
    fetch: consul.fetch,
    signals: false,
  });
  const sent: string[] = [];
  const fetch = createFetch(piloted, {
    fetch: (input) => {
      sent.push(String(input));
      return Promise.resolve(answer(200));
    },
  });
  const inputs = [
    "http://myService/",
    new URL("http://myService/"),
    new Request("http://myService/"),
  ];
  for (const input of inputs) await fetch(input);
  assertEquals(sent, Array(3).fill("http://10.0.0.1:8080/"));
  await piloted.close();
  for (const input of ["http://myservice/", "http://MYSERVICE./", new URL("http://myService/")]) {
    const error = await assertRejects(() => fetch(input), PilotedError);
    assertEquals(error.code, "CLOSED");
  }
  assertEquals(sent.length, 3);
});

test("createFetch() ends calls under way a grace after close()", async () => {
  const world = new World(["a"], silence, { closeGraceMs: 1_000 });
  const waiting = world.fetch("http://app/");
  const error = assertRejects(() => waiting, PilotedError, "closed");
  await world.clock.advance(10);
  world.source.closing.abort(new PilotedError("CLOSED", "Cannot use this client: it was closed"));
  await world.clock.advance(999);
  assertEquals(world.source.pool.pendingCount, 1);
  await world.clock.advance(1);
  await error;
  assertEquals([world.source.pool.pendingCount, world.clock.pending], [0, 0]);
});

test("Lease.report() ends the latency of a connection, which stays in use until its release", async () => {
  const world = new World(["a", "b", "c"], silence, {}, { balancer: "p2c-ewma" });
  const { pool } = world.source;
  const leases = [];
  for (let i = 0; i < 60; i++) {
    const lease = pool.acquire()!;
    await world.clock.advance(5);
    lease.report!();
    leases.push(lease);
  }
  assertEquals(pool.status().endpoints.map(({ pendingCount }) => pendingCount), [20, 20, 20]);
  await world.clock.advance(3_600_000);
  for (const lease of leases) lease.release();
  assertEquals(pool.pendingCount, 0);
  assert(pool.status().endpoints.every(({ latencyMs }) => latencyMs! < 10));
});

test("createFetch() leaves no connections of aborted calls", async () => {
  await withBackends([() => {}], async ({ fetch, servers, source }) => {
    for (let round = 0; round < 4; round++) {
      const controller = new AbortController();
      const calls = Array.from(
        { length: 50 },
        () => fetch("http://app/", { signal: controller.signal }).catch((error) => error),
      );
      await new Promise((resolve) => setTimeout(resolve, 50));
      controller.abort();
      await Promise.all(calls);
    }
    let left = -1;
    for (let i = 0; i < 100 && left !== 0; i++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      left = await new Promise<number>((resolve, reject) =>
        servers[0]!.getConnections((error, count) => error ? reject(error) : resolve(count))
      );
    }
    assertEquals([left, source.pool.pendingCount], [0, 0]);
  });
});
