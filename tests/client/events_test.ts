import { assertEquals, assertRejects } from "@std/assert";
import { createPiloted, type CreatePilotedOptions } from "../../src/client/create_piloted.ts";
import type { PilotedEvent } from "../../src/client/events.ts";
import type { Piloted } from "../../src/client/piloted.ts";
import { PilotedError } from "../../src/errors.ts";
import { ManualClock } from "../../src/testing/manual_clock.ts";
import { endpoint } from "../support/endpoints.ts";
import { ScriptedSource, unreachable } from "../support/scripted_source.ts";
import { test } from "../support/test.ts";

interface Scene {
  clock: ManualClock;
  source: ScriptedSource;
  piloted: Piloted;
}

async function scene(
  run: (it: Scene) => Promise<void>,
  options: CreatePilotedOptions = {},
): Promise<void> {
  const clock = new ManualClock();
  const source = new ScriptedSource();
  const starting = createPiloted({
    config: { consul: "consul:8500", watches: [{ name: "app" }] },
    signals: false,
    random: () => 0.5,
    ...options,
    clock,
    source,
  });
  await source.opened(1);
  source.next.answer([endpoint("a")], 1);
  const piloted = await starting;
  try {
    await run({ clock, source, piloted });
  } finally {
    await piloted.close();
  }
  assertEquals(clock.pending, 0);
}

test("once() resolves to the next event of a type", () =>
  scene(async ({ clock, source, piloted }) => {
    const changed = piloted.once("change");
    await clock.advance(100);
    source.next.answer([endpoint("b")], 2);
    assertEquals((await changed).added.map(({ id }) => id), ["b"]);
    const reason = new Error("enough");
    const aborted = piloted.once("change", { signal: AbortSignal.abort(reason) });
    assertEquals(await aborted.catch((error) => error), reason);
    await assertRejects(
      async () => await piloted.once("nothing" as "change"),
      TypeError,
      "nothing",
    );
  }));

test("events() gives every event as a tagged union, in order", () =>
  scene(async ({ clock, source, piloted }) => {
    const events = piloted.events();
    await clock.advance(100);
    source.next.answer([endpoint("a"), endpoint("b")], 2);
    await clock.advance(100);
    source.next.fail(unreachable());
    await clock.advance(0);
    const seen: PilotedEvent[] = [];
    for (let i = 0; i < 3; i++) seen.push((await events.next()).value);
    assertEquals(seen.map(({ type }) => type), ["change", "status", "error"]);
    const [change, status] = seen;
    assertEquals(change?.type === "change" && change.detail.endpoints.length, 2);
    assertEquals(status?.type === "status" && status.detail.state, "stale");
    await events.return!();
  }));

test('on("status") receives what status(name) returns', () =>
  scene(async ({ clock, source, piloted }) => {
    const status = piloted.once("status");
    await clock.advance(100);
    source.next.fail(unreachable());
    await clock.advance(0);
    assertEquals(await status, { ...piloted.status("app"), watches: (await status).watches });
    assertEquals((await status).endpointCount, 1);
  }));

test("watch() with initial starts with the current list", () =>
  scene(async ({ clock, source, piloted }) => {
    const changes = piloted.watch("app", { initial: true });
    const first = (await changes.next()).value;
    assertEquals(first.added.map(({ id }: { id: string }) => id), ["a"]);
    assertEquals([first.removed, first.changed], [[], []]);
    await clock.advance(100);
    source.next.answer([endpoint("a"), endpoint("b")], 2);
    assertEquals((await changes.next()).value.added.map(({ id }: { id: string }) => id), ["b"]);
    await changes.return!();
  }));

test('on("warning") receives the configuration\'s warnings, also when added after createPiloted()', () =>
  scene(async ({ clock, piloted }) => {
    const warnings: string[] = [];
    piloted.on("warning", ({ at }) => warnings.push(at));
    await clock.advance(0);
    assertEquals(warnings, piloted.config.warnings.map(({ at }) => at));
    assertEquals(warnings.length, 1);
  }, {
    config: { consul: "consul:8500", watches: [{ name: "app" }, { name: "app" }] },
  }));

test("logger gets one line for each change of state, and none for each attempt", async () => {
  const lines: string[] = [];
  const write = (level: string) => (message: string) => void lines.push(`${level} ${message}`);
  const logger = { info: write("info"), warn: write("warn"), error: write("error") };
  await scene(async ({ clock, source }) => {
    await clock.advance(100);
    for (let failures = 0; failures < 5; failures++) {
      while (source.open.length === 0) await clock.advance(100);
      source.next.fail(unreachable());
      await clock.advance(0);
    }
    while (source.open.length === 0) await clock.advance(100);
    source.next.answer([endpoint("a")], 2);
    await clock.advance(0);
  }, { logger });
  assertEquals(lines, [
    "info piloted: app is live, 1 endpoint",
    "warn piloted: app is stale, 1 endpoint: Cannot read service: no answer",
    "info piloted: app is live, 1 endpoint",
  ]);
});

test("logger gets a line for each warning of the configuration", async () => {
  const lines: string[] = [];
  const logger = { info: () => {}, warn: (line: string) => lines.push(line), error: () => {} };
  await scene(({ clock }) => clock.advance(0), {
    logger,
    config: { consul: "consul:8500", watches: [{ name: "app" }, { name: "app" }] },
  });
  assertEquals(lines, ["piloted: configuration: watches[1] watches the same as watches[0]"]);
});

test("logger stops with the client that failed to start", async () => {
  const lines: string[] = [];
  const logger = { info: () => {}, warn: (line: string) => lines.push(line), error: () => {} };
  const source = { name: "down", read: () => Promise.reject(unreachable()) };
  const clock = new ManualClock();
  const config = { consul: "consul:8500", watches: [{ name: "app" }] };
  const starting = createPiloted({ config, source, clock, logger, signals: false });
  await assertRejects(() => starting, PilotedError, "no answer");
  assertEquals(clock.pending, 0);
});
