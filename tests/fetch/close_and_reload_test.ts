/** Calls of a client that is closed, or whose configuration no longer has the service. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFetch } from "../../src/client/create_fetch.ts";
import { createPiloted } from "../../src/client/create_piloted.ts";
import { PilotedError } from "../../src/errors.ts";
import type { RequestAttempt } from "../../src/request_attempt.ts";
import { EmbeddedConsul } from "../../src/testing/embedded_consul.ts";
import { test } from "../support/test.ts";
import { withBackends } from "./sockets.ts";
import { answer, silence, told, World } from "./support.ts";

function signalled(): [Promise<void>, () => void] {
  let signal = () => {};
  return [new Promise((resolve) => signal = resolve), () => signal()];
}

const closed = () => new PilotedError("CLOSED", "Cannot use this client: it was closed");

for (const options of [{ timeoutMs: Infinity }, { timeoutMs: Infinity, hedge: true }, {}]) {
  test(`createFetch() with ${JSON.stringify(options)} ends calls under way a grace after close()`, async () => {
    const attempts: RequestAttempt[] = [];
    const observer = {
      started: () => ({ attempted: (one: RequestAttempt) => attempts.push(one), ended: () => {} }),
    };
    const world = new World(["a"], silence, { closeGraceMs: 1_000, observer, ...options });
    const waiting = world.fetch("http://app/");
    const own = world.fetch("http://app/", { signal: new AbortController().signal });
    const errors = Promise.all(
      [waiting, own].map((call) => assertRejects(() => call, PilotedError)),
    );
    await world.clock.advance(10);
    world.source.closing.abort(closed());
    await world.clock.advance(999);
    assertEquals(world.source.pool.pendingCount, 2);
    await world.clock.advance(1);
    for (const error of await errors) assertEquals(error.code, "CLOSED");
    assert(world.sent.every(({ init }) => init!.signal!.aborted));
    assertEquals(told(attempts), "a aborted, a aborted");
    assertEquals([world.source.pool.pendingCount, world.clock.pending], [0, 0]);
  });
}

test("createFetch() with timeoutMs and closeGraceMs: Infinity passes the caller's own signal, and no other", async () => {
  const world = new World(["a"], () => answer(200), {
    timeoutMs: Infinity,
    closeGraceMs: Infinity,
  });
  const { signal } = new AbortController();
  await world.fetch("http://app/");
  await world.fetch("http://app/", { signal });
  assertEquals(world.sent.map(({ init }) => init!.signal === signal), [false, true]);
  assertEquals(world.sent[0]!.init!.signal, null);
  assertEquals(world.timersAfterClose, 0);
});

test("createFetch() with timeoutMs: Infinity frees the connection of a call that close() ends", async () => {
  const [arrived, arrive] = signalled();
  const [gone, leave] = signalled();
  await withBackends([(request) => {
    request.socket.once("close", leave);
    arrive();
  }], async ({ fetch, source }) => {
    const waiting = fetch("http://app/").catch((error) => error);
    await arrived;
    source.closing.abort(closed());
    assertEquals((await waiting as PilotedError).code, "CLOSED");
    await gone;
    assertEquals(source.pool.pendingCount, 0);
  }, { timeoutMs: Infinity, closeGraceMs: 20 });
});

test("createFetch() sends nothing for a service that a reload dropped, by any of its hosts", async () => {
  const consul = new EmbeddedConsul();
  for (const name of ["customers", "orders"]) {
    consul.register({ name, address: "10.0.0.1", port: 8080, tags: ["primary"] });
  }
  const folder = await mkdtemp(join(tmpdir(), "piloted-"));
  const path = join(folder, "containerpilot.json5");
  const write = (names: string[]) => {
    const watches = names.map((name) => ({ name, interval: 5 }));
    return writeFile(path, JSON.stringify({ consul: "127.0.0.1:8500", watches }));
  };
  try {
    await write(["customers", "orders"]);
    await using piloted = await createPiloted({
      config: path,
      fetch: consul.fetch,
      signals: false,
      reload: true,
      env: {},
    });
    const sent: string[] = [];
    const fetch = createFetch(piloted, {
      hosts: [".service.consul"],
      fetch: (input) => {
        sent.push(String(input));
        return Promise.resolve(answer(200));
      },
    });
    // Some are found before the reload and kept, the others are looked up after it for the first time.
    const before = ["customers", "customers.service.consul", "primary.customers.service.consul"];
    const after = ["CUSTOMERS", "customers.", "Customers.Service.Consul", "_grpc.customers"];
    const headers = { authorization: "secret" };
    for (const host of before) {
      assertEquals((await fetch(`http://${host}/`, { headers })).status, 200);
    }
    const sentBefore = sent.length;
    await write(["orders"]);
    await piloted.refresh();
    for (const host of [...before, ...before, ...after, ...after]) {
      for (const input of [`http://${host}/`, new URL(`http://${host}/x`)]) {
        const error = await assertRejects(() => fetch(input, { headers }), PilotedError);
        assertEquals(error.code, "UNKNOWN_SERVICE", host);
      }
    }
    assertEquals(sent.length, sentBefore);
    assertEquals((await fetch("http://orders/")).status, 200);
    await write(["orders", "customers"]);
    await piloted.refresh();
    for (const host of before) assertEquals((await fetch(`http://${host}/`)).status, 200);
    assertEquals(sent.slice(sentBefore), Array(4).fill("http://10.0.0.1:8080/"));
  } finally {
    await rm(folder, { recursive: true });
  }
});
