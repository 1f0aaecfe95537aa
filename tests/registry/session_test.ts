import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { PilotedError } from "../../src/errors.ts";
import { Session } from "../../src/registry/session.ts";
import type { Source } from "../../src/source/source.ts";
import { ManualClock } from "../../src/testing/manual_clock.ts";
import { failureOf } from "../source/support.ts";
import { endpoint } from "../support/endpoints.ts";
import { ScriptedSource } from "../support/scripted_source.ts";
import { test } from "../support/test.ts";

const query = { service: "app" };
const stale = { consistency: "stale" } as const;

interface Scene {
  clock: ManualClock;
  session: Session;
  closed: string[];
  connect(source: Source): { source: Source; multiplexed(): boolean; close(): Promise<void> };
}

async function scene(source: Source, run: (it: Scene) => Promise<void>): Promise<void> {
  const clock = new ManualClock();
  const closed: string[] = [];
  const connect = (source: Source) => ({
    source,
    multiplexed: () => false,
    close: () => Promise.resolve(void closed.push(source.name)),
  });
  const session = new Session(connect(source), {
    clock,
    random: () => 0.5,
    maxConnections: 8,
    waitMs: 60_000,
    requestTimeoutMs: 10_000,
    keepProcessAlive: true,
    watchedCount: () => 1,
  });
  await run({ clock, session, closed, connect });
  await session.close();
  assertEquals(clock.pending, 0);
}

const never = new AbortController().signal;

test("Session.read() times out at its deadline although the source ignores its signal", () =>
  scene({
    name: "deaf",
    place: "Consul at c:1",
    read: () => new Promise(() => {}),
  }, async ({ clock, session }) => {
    const plain = failureOf(session.read(query, stale, never));
    await clock.advance(10_000);
    const error = await plain as PilotedError;
    assertEquals([error.code, error.service], ["TIMEOUT", "app"]);
    assertEquals(
      error.message,
      'Cannot read service "app" from Consul at c:1: no response within 10000 ms',
    );
    // The permit is free again: as many as there are may time out at once.
    const many = Array.from({ length: 5 }, () => failureOf(session.read(query, stale, never)));
    await clock.advance(40_000);
    assertEquals((await Promise.all(many)).map(({ code }) => code), Array(5).fill("TIMEOUT"));
  }));

test("Session.read() aborts with the caller's reason, and frees its permit", () => {
  const source = new ScriptedSource();
  return scene(source, async ({ clock, session }) => {
    const reason = new Error("enough");
    const abort = new AbortController();
    const reads = Array.from(
      { length: 3 },
      () => session.read(query, stale, abort.signal).catch((error) => error),
    );
    await clock.advance(0);
    assertEquals(source.open.length, 2);
    abort.abort(reason);
    assertEquals(await Promise.all(reads), [reason, reason, reason]);
    // All permits are free again, also the one for which an aborted read had waited.
    const next = [1, 2].map(() => session.read(query, stale, never));
    await clock.advance(0);
    assertEquals(source.open.length, 2);
    for (const question of [...source.open]) question.answer([endpoint("a")], 1);
    assertEquals((await Promise.all(next)).map(({ endpoints }) => endpoints.length), [1, 1]);
  });
});

for (
  const [what, read] of [
    ["throws a string", () => Promise.reject("boom")],
    ["throws nothing", () => Promise.reject(undefined)],
    ["throws at once", () => {
      throw new TypeError("boom");
    }],
    ["throws a DOMException", () => Promise.reject(new DOMException("boom", "AbortError"))],
  ] as [string, Source["read"]][]
) {
  test(`Session.read() maps what a source ${what} to REGISTRY_UNREACHABLE`, () =>
    scene({ name: "odd", read }, async ({ session }) => {
      const error = await failureOf(session.read(query, stale, never)) as PilotedError;
      assert(error instanceof PilotedError);
      assertEquals([error.code, error.service], ["REGISTRY_UNREACHABLE", "app"]);
      assertStringIncludes(error.message, 'service "app": the source odd failed');
    }));
}

test("Session.replace() repeats at the new registry what was under way at the old one, and closes that", () => {
  const [old, next] = [new ScriptedSource(), new ScriptedSource()];
  const named = { name: "old", read: old.read.bind(old) };
  return scene(named, async ({ clock, session, closed, connect }) => {
    const before = session.read(query, stale, never);
    await clock.advance(0);
    const replaced = session.replace(connect(next));
    const after = session.read(query, stale, never);
    await clock.advance(0);
    assertEquals([old.open.length, next.open.length, closed], [1, 1, []]);
    next.next.answer([endpoint("b")], 1);
    assertEquals((await after).endpoints[0]?.id, "b");
    // Its position would be worth nothing at the new one.
    old.next.answer([endpoint("a")], 1);
    await replaced;
    assertEquals(closed, ["old"]);
    await clock.advance(0);
    next.next.answer([endpoint("c")], 2);
    assertEquals((await before).endpoints[0]?.id, "c");
  });
});

test("Session.summarize() has a deadline of its own and says where there is no summary", () =>
  scene({
    name: "slow",
    read: () => new Promise(() => {}),
    summarize: () => new Promise(() => {}),
  }, async ({ clock, session, connect }) => {
    const waiting = failureOf(session.summarize({ position: "1", waitMs: 16_000 }, never));
    await clock.advance(16_000 + 1_000 + 10_000);
    assertEquals((await waiting as PilotedError).code, "TIMEOUT");
    await session.replace(connect({ name: "plain", read: () => new Promise(() => {}) }));
    const missing = await failureOf(session.summarize({}, never)) as PilotedError;
    assertEquals(missing.code, "REGISTRY_RESPONSE");
  }));

test("Session.replace() hides that the old registry refuses a token that was replaced", () => {
  const [old, next] = [new ScriptedSource(), new ScriptedSource()];
  return scene(old, async ({ clock, session, connect }) => {
    const wait = { position: "7", watch: { change: () => {}, poll: () => {} } };
    const reading = session.read(query, { ...stale, wait: wait as never }, never);
    await clock.advance(0);
    assertEquals(old.next.options.position, "7");
    let taken = () => {};
    const reload = new Promise<void>((resolve) => taken = resolve);
    void session.reloading(reload);
    old.next.fail(new PilotedError("REGISTRY_DENIED", "ACL not found", { status: 403 }));
    await clock.advance(0);
    assertEquals(next.open.length, 0);
    void session.replace(connect(next));
    taken();
    await clock.advance(0);
    // Without the position, which is one of the old registry.
    assertEquals(next.next.options.position, undefined);
    next.next.answer([endpoint("b")], 1);
    assertEquals((await reading).endpoints[0]?.id, "b");
  });
});

test("Session.read() passes a refusal on when the reload brings no other registry", () => {
  const source = new ScriptedSource();
  return scene(source, async ({ clock, session }) => {
    const reading = failureOf(session.read(query, stale, never));
    await clock.advance(0);
    void session.reloading(Promise.reject(new Error("the file is broken")));
    source.next.fail(new PilotedError("REGISTRY_DENIED", "ACL not found", { status: 403 }));
    assertEquals((await reading as PilotedError).code, "REGISTRY_DENIED");
  });
});
