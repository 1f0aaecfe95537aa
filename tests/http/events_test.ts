import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { PilotedError } from "../../src/errors.ts";
import { routes } from "../../src/http/mod.ts";
import { ManualClock } from "../../src/testing/mod.ts";
import { test } from "../support/test.ts";
import { assertProblem } from "./assert_problem.ts";
import { endpoint, FakeClient } from "./fake_client.ts";
import { readEvents, type SentEvent } from "./read_events.ts";

const A = endpoint("app", 1);
const B = endpoint("app", 2);

function sample(): FakeClient {
  return new FakeClient().set("app", [A]).set("db", []);
}

function open(
  app: ReturnType<typeof routes>,
  path = "/v1/events",
  lastEventId?: string,
): { next(): Promise<SentEvent | undefined>; response: Promise<Response>; end(): Promise<void> } {
  const headers: Record<string, string> = lastEventId === undefined
    ? {}
    : { "last-event-id": lastEventId };
  const response = Promise.resolve(app.request(path, { headers }));
  const events = response.then(readEvents);
  return {
    response,
    next: async () => (await (await events).next()).value ?? undefined,
    end: async () => void await (await events).return(),
  };
}

test("event streams start with a snapshot and continue with events", async () => {
  const client = sample();
  const stream = open(routes(client));
  const response = await stream.response;
  assertEquals(response.headers.get("content-type"), "text/event-stream");
  assertEquals(response.headers.get("cache-control"), "no-store, no-transform");
  const snapshot = await stream.next();
  assertEquals(snapshot?.type, "snapshot");
  assertEquals((snapshot?.data.services as unknown[]).length, 2);
  client.set("app", [B], { state: "stale" });
  await client.refresh();
  const change = await stream.next();
  assertEquals([change?.type, change?.data.service], ["change", "app"]);
  assertEquals([change?.data.added, change?.data.removed, change?.data.endpointCount], [
    [B],
    [A],
    1,
  ]);
  const status = await stream.next();
  assertEquals([status?.type, status?.data.state], ["status", "stale"]);
  assertEquals((await stream.next())?.type, "refresh");
  await stream.end();
});

test("the event stream of a service starts with its endpoints and has no events of others", async () => {
  const client = sample();
  const stream = open(routes(client), "/v1/services/app/events");
  const snapshot = await stream.next();
  assertEquals(snapshot?.data.endpoints, [A]);
  client.set("db", [endpoint("db", 1)]);
  client.set("app", [A, B]);
  assertEquals((await stream.next())?.data.added, [B]);
  await stream.end();
  await assertProblem(await routes(client).request("/v1/services/none/events"), 404);
});

test("Last-Event-ID continues an interrupted stream", async () => {
  const client = sample();
  const app = routes(client);
  const first = open(app);
  const { id } = (await first.next())!;
  client.set("app", [B]);
  const seen = (await first.next())!;
  await first.end();
  client.set("db", [endpoint("db", 1)]);
  client.set("app", [A]);

  const again = open(app, "/v1/events", seen.id);
  assertEquals((await again.next())?.data.service, "db");
  assertEquals((await again.next())?.data.added, [A]);
  await again.end();
  const fromStart = open(app, "/v1/services/app/events", id);
  assertEquals((await fromStart.next())?.id, seen.id);
  assertEquals((await fromStart.next())?.data.added, [A]);
  await fromStart.end();
});

test("an unknown Last-Event-ID starts with a snapshot", async () => {
  const client = sample();
  const app = routes(client);
  const stream = open(app);
  const { id } = (await stream.next())!;
  await stream.end();
  for (let i = 0; i < 1_001; i++) client.set("app", i % 2 === 0 ? [B] : [A]);
  const beyond = id!.replace(/[0-9]+$/, "9999");
  for (const unknown of [id!, beyond, "x", "other-1", "1-", "-1", "é", "9".repeat(40)]) {
    const stream = open(app, "/v1/events", unknown);
    assertEquals((await stream.next())?.type, "snapshot");
    await stream.end();
  }
});

test("heartbeats are sent until the last stream ends", async () => {
  const clock = new ManualClock();
  const app = routes(sample(), { clock, heartbeatMs: 5_000 });
  const streams = [open(app), open(app)];
  for (const stream of streams) await stream.next();
  await clock.advance(5_000);
  for (const stream of streams) assertEquals((await stream.next())?.type, "comment");
  await clock.advance(5_000);
  for (const stream of streams) assertEquals((await stream.next())?.type, "comment");
  await streams[0]!.end();
  assertEquals(clock.pending, 1);
  await streams[1]!.end();
  assertEquals(clock.pending, 0);
});

test("streams send closing when the server stops, and end", async () => {
  const stop = new AbortController();
  const client = sample();
  const app = routes(client, { signal: stop.signal });
  const stream = open(app);
  await stream.next();
  assertEquals((await app.request("/health/ready")).status, 200);
  stop.abort();
  assertEquals((await stream.next())?.type, "closing");
  assertEquals(await stream.next(), undefined);
  await assertProblem(await app.request("/health/ready"), 503);
  const late = open(app);
  assertEquals((await late.next())?.type, "snapshot");
  assertEquals((await late.next())?.type, "closing");
  assertEquals(await late.next(), undefined);
});

test("a client that reads late continues, and is not cut for what came in one turn", async () => {
  const client = sample();
  const app = routes(client);
  const late = open(app);
  const first = await late.next();
  assertEquals(first?.type, "snapshot");
  for (let i = 0; i < 500; i++) client.set("app", i % 2 === 0 ? [B] : [A]);
  const types: (string | undefined)[] = [];
  for (let i = 0; i < 500; i++) types.push((await late.next())?.type);
  assertEquals(types.filter((type) => type === "change").length, 500);
  await late.end();
});

test("a client that is far behind gets a snapshot where that is shorter", async () => {
  const client = sample();
  const app = routes(client);
  const stream = open(app, "/v1/services/app/events");
  const snapshot = (await stream.next())!;
  const big = Array.from({ length: 500 }, (_, number) => endpoint("app", number));
  // One change has about 100 kB, the list at the end one endpoint.
  for (let i = 0; i < 200; i++) client.set("app", i % 2 === 0 ? big : [B]);
  const next = (await stream.next())!;
  assertEquals([next.type, next.data.endpoints], ["snapshot", [B]]);
  await stream.end();
  const again = open(app, "/v1/services/app/events", snapshot.id);
  assertEquals((await again.next())?.data.endpoints, [B]);
  await again.end();
});

test("a client that reads nothing for a minute is cut, and others are not disturbed", async () => {
  const client = sample();
  const clock = new ManualClock();
  const app = routes(client, { clock, heartbeatMs: 15_000 });
  const slow = (await app.request("/v1/events")).body!.getReader();
  const stream = open(app);
  assertEquals((await stream.next())?.type, "snapshot");
  client.set("app", [B]);
  assertEquals((await stream.next())?.type, "change");
  for (let i = 0; i < 5; i++) {
    await clock.advance(15_000);
    assertEquals((await stream.next())?.type, "comment");
  }
  const error = await assertRejects(async () => {
    while (!(await slow.read()).done);
  });
  assertMatch(String(error), /the client has read nothing for 60 s/);
  client.set("app", [A]);
  assertEquals((await stream.next())?.type, "change");
  await stream.end();
  assertEquals(clock.pending, 0);
});

test("streams share the bytes of a snapshot, and ask to reconnect at different times", async () => {
  const big = Array.from({ length: 1_000 }, (_, number) => endpoint("app", number));
  const app = routes(new FakeClient().set("app", big));
  const retries = new Set<string>();
  const buffers = new Set<ArrayBufferLike>();
  const readers: ReadableStreamDefaultReader<Uint8Array>[] = [];
  for (let i = 0; i < 20; i++) {
    const reader = (await app.request("/v1/services/app/events")).body!.getReader();
    const parts: Uint8Array[] = [];
    for (let size = 0; size < 150_000; size += parts.at(-1)!.byteLength) {
      parts.push((await reader.read()).value!);
    }
    retries.add(new TextDecoder().decode(parts[0]));
    for (const { buffer } of parts.slice(1)) buffers.add(buffer);
    readers.push(reader);
  }
  for (const reader of readers) await reader.cancel();
  assert(retries.size > 10, [...retries].join());
  assert(buffers.size <= 3, `${buffers.size} buffers`);
});

test("an on-demand client streams no events and has no long polls: 501", async () => {
  const app = routes(new FakeClient("on-demand").set("app", [A]));
  for (const path of ["/v1/events", "/v1/services/app/events", "/v1/services/app?index=1"]) {
    const { detail } = await assertProblem(await app.request(path), 501);
    assertStringIncludes(String(detail), "on-demand");
  }
  await assertProblem(await app.request("/v1/services/none/events"), 404);
  assertEquals((await app.request("/v1/services/app")).status, 200);
});

test("change events have the endpoint before and after", async () => {
  const client = sample();
  const stream = open(routes(client));
  await stream.next();
  const after = endpoint("app", 1, { weight: 5 });
  client.set("app", [after]);
  const change = await stream.next();
  assertEquals(change?.data.changed, [{ before: A, after }]);
  assertEquals([change?.data.added, change?.data.removed], [[], []]);
  await stream.end();
});

test("status events have the summary of the service", async () => {
  const client = sample();
  const app = routes(client);
  const stream = open(app);
  await stream.next();
  const error = new PilotedError("REGISTRY_UNREACHABLE", "Cannot read app: refused");
  client.set("app", [A], { state: "stale", error });
  const { at: _at, ...data } = (await stream.next())!.data;
  const { services } = await (await app.request("/v1/services")).json();
  assertEquals(data, services[0]);
  assertEquals([data.endpointCount, data.reason], [1, "Cannot read app: refused"]);
  await stream.end();
});

test("balance events count in *Count fields", async () => {
  const client = sample();
  const stream = open(routes(client));
  await stream.next();
  const ejected = { type: "ejected", service: "app", endpoint: A } as const;
  const facts = { reason: "consecutive_failures", ejectionCount: 2, ejectedUntil: 9 } as const;
  client.events.emit("balance", { ...ejected, ...facts });
  client.events.emit("balance", {
    type: "panic",
    service: "app",
    on: true,
    usableCount: 1,
    totalCount: 4,
  });
  const { at: _at, ...data } = (await stream.next())!.data;
  assertEquals(data, {
    service: "app",
    decision: "ejected",
    endpoint: A,
    reason: "consecutive_failures",
    ejectionCount: 2,
    ejectedUntil: 9,
  });
  const panic = (await stream.next())!.data;
  assertEquals([panic.on, panic.usableCount, panic.totalCount], [true, 1, 4]);
  await stream.end();
});
