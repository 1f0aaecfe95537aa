import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { PilotedError, type PilotedErrorCode } from "../../src/errors.ts";
import { PinnedServers, type Server } from "../../src/registry/pinned_servers.ts";
import { ManualClock } from "../../src/testing/manual_clock.ts";
import { failureOf } from "../source/support.ts";
import { endpoint } from "../support/endpoints.ts";
import { ScriptedSource } from "../support/scripted_source.ts";
import { test } from "../support/test.ts";

const query = { service: "app" };

interface Scene {
  clock: ManualClock;
  servers: PinnedServers;
  sources: Record<string, ScriptedSource>;
  /** Every connection that was opened, and each that was closed. */
  log: string[];
  moved: PilotedError[];
  /** The names that are found. */
  names: string[];
}

async function scene(names: string[], run: (it: Scene) => Promise<void>): Promise<void> {
  const clock = new ManualClock();
  const log: string[] = [];
  const moved: PilotedError[] = [];
  const sources: Record<string, ScriptedSource> = {};
  const found = [...names];
  const serverOf = (name: string): Server => ({
    address: name,
    open() {
      log.push(`open ${name}`);
      return {
        source: sources[name] ??= new ScriptedSource(),
        multiplexed: () => false,
        close: () => Promise.resolve(void log.push(`close ${name}`)),
      };
    },
  });
  const servers = new PinnedServers({
    find: () => Promise.resolve(found.map(serverOf)),
    clock,
    requestTimeoutMs: 10_000,
    moved: (error) => moved.push(error),
  });
  await run({ clock, servers, sources, log, moved, names: found });
  await servers.close();
  assertEquals(clock.pending, 0);
  // Whatever was opened is closed in the end.
  const count = (word: string) => log.filter((line) => line.startsWith(word)).length;
  assertEquals(count("close"), count("open"));
}

function failure(code: PilotedErrorCode, status?: number): PilotedError {
  return new PilotedError(code, "Cannot read", { status });
}

const refused = failure("REGISTRY_UNREACHABLE");

test("PinnedServers reads one server, and positions are its own", () =>
  scene(["a", "b"], async ({ clock, servers, sources, log }) => {
    const first = servers.source.read(query);
    await clock.advance(0);
    sources.a!.next.answer([endpoint("x")], 7);
    const { position } = await first;
    const second = servers.source.read(query, { position, waitMs: 1_000 });
    await clock.advance(0);
    assertEquals([sources.a!.next.options.position, log], ["7", ["open a"]]);
    sources.a!.next.answer([], 9);
    const after = (await second).position!;
    assert(servers.source.isBehind!(position!, after));
    assert(!servers.source.isBehind!(after, position!));
    assertEquals(servers.address, "a");
  }));

test("PinnedServers repeats a read at the next server, with the index forgotten", () =>
  scene(["a", "b", "c"], async ({ clock, servers, sources, moved, log }) => {
    const first = servers.source.read(query);
    await clock.advance(0);
    sources.a!.next.answer([endpoint("x")], 700);
    const { position } = await first;
    const waiting = servers.source.read(query, { position, waitMs: 60_000 });
    await clock.advance(0);
    // Cut off: a plain read at the same server decides.
    sources.a!.next.fail(refused);
    await clock.advance(0);
    assertEquals(sources.a!.next.options.position, undefined);
    sources.a!.next.fail(refused);
    await clock.advance(0);
    assertEquals(sources.b!.next.options.position, undefined);
    sources.b!.next.answer([endpoint("y")], 3);
    const reading = await waiting;
    assertEquals(reading.endpoints.map(({ id }) => id), ["y"]);
    // 3 is not behind 700: it is of another server.
    assert(!servers.source.isBehind!(reading.position!, position!));
    assertEquals([servers.address, log], ["b", ["open a", "open b", "close a"]]);
    assertEquals(moved.map(({ code, message }) => [code, message]), [
      ["REGISTRY_UNREACHABLE", "Cannot read; b is used from now on"],
    ]);
    // A position of the former server is none at this one.
    const late = servers.source.read(query, { position, waitMs: 60_000 });
    await clock.advance(0);
    assertEquals(sources.b!.next.options.position, undefined);
    sources.b!.next.answer([], 4);
    await late;
  }));

test("PinnedServers stays when only the blocking query was cut off, and says so", () =>
  scene(["a", "b"], async ({ clock, servers, sources, moved }) => {
    const first = servers.source.read(query);
    await clock.advance(0);
    sources.a!.next.answer([], 7);
    const { position } = await first;
    const cut = failure("REGISTRY_UNREACHABLE", 504);
    const waiting = failureOf(servers.source.read(query, { position, waitMs: 60_000 }));
    await clock.advance(0);
    sources.a!.next.fail(cut);
    await clock.advance(0);
    sources.a!.next.answer([], 7);
    assertEquals([await waiting, servers.address, moved], [cut, "a", []]);
  }));

test("PinnedServers takes blocking queries along from a server that is gone", () =>
  scene(["a", "b"], async ({ clock, servers, sources, moved }) => {
    const first = servers.source.read(query);
    await clock.advance(0);
    sources.a!.next.answer([], 7);
    const { position } = await first;
    const waiting = servers.source.read({ service: "other" }, { position, waitMs: 60_000 });
    const plain = servers.source.read(query);
    await clock.advance(0);
    const [held, open] = sources.a!.open;
    assertEquals([held!.query.service, open!.query.service], ["other", "app"]);
    // It hangs: half of the time for a response is for one server, half for the next.
    await clock.advance(5_000);
    assertEquals(sources.a!.open.length, 0);
    assertEquals(sources.b!.open.map(({ query }) => query.service).sort(), ["app", "other"]);
    for (const question of [...sources.b!.open]) question.answer([], 1);
    await Promise.all([waiting, plain]);
    assertEquals(moved.length, 1);
    assertStringIncludes(moved[0]!.message, "from Consul at a: no response within 5000 ms");
  }));

for (const status of [429, 500]) {
  test(`PinnedServers leaves blocking queries at a server that responds ${status}`, () =>
    scene(["a", "b"], async ({ clock, servers, sources, log }) => {
      const first = servers.source.read(query);
      await clock.advance(0);
      sources.a!.next.answer([], 7);
      const { position } = await first;
      const waiting = servers.source.read({ service: "other" }, { position, waitMs: 60_000 });
      const plain = servers.source.read(query);
      await clock.advance(0);
      const code = status === 429 ? "REGISTRY_RESPONSE" : "REGISTRY_UNREACHABLE";
      sources.a!.open[1]!.fail(failure(code, status));
      await clock.advance(0);
      sources.b!.next.answer([], 3);
      assertEquals((await plain).position, "3@2");
      assertEquals([sources.a!.open.length, log], [1, ["open a", "open b"]]);
      sources.a!.next.answer([], 8);
      await waiting;
      await clock.advance(0);
      assertEquals(log, ["open a", "open b", "close a"]);
    }));
}

test("PinnedServers fails when every server does, with every reason, and begins anew after", () =>
  scene(["a", "b"], async ({ clock, servers, sources }) => {
    const failed = failureOf(servers.source.read(query)) as Promise<PilotedError>;
    await clock.advance(0);
    sources.a!.next.fail(
      new PilotedError("REGISTRY_UNREACHABLE", "Cannot read from Consul at a: refused"),
    );
    await clock.advance(1);
    sources.b!.next.fail(
      new PilotedError("TIMEOUT", "Cannot read from Consul at b: no response"),
    );
    const { code, message } = await failed;
    assertEquals(
      [code, message],
      ["TIMEOUT", "Cannot read from Consul at b: no response; before that a: refused"],
    );
    await clock.advance(1);
    const next = servers.source.read(query);
    await clock.advance(0);
    sources.a!.next.answer([endpoint("x")], 1);
    assertEquals((await next).endpoints.length, 1);
  }));

test("PinnedServers passes on what another server would not do better", () =>
  scene(["a", "b"], async ({ clock, servers, sources, log }) => {
    const same: [PilotedErrorCode, number?][] = [
      ["REGISTRY_DENIED", 403],
      ["REGISTRY_RESPONSE", 400],
      ["REGISTRY_RESPONSE", 500],
      ["CONFIG_INVALID"],
    ];
    for (const [code, status] of same) {
      const reading = failureOf(servers.source.read(query)) as Promise<PilotedError>;
      await clock.advance(0);
      sources.a!.next.fail(failure(code, status));
      assertEquals((await reading).code, code);
    }
    assertEquals(log, ["open a"]);
  }));

test("PinnedServers looks for the servers again when one is gone", () =>
  scene(["a"], async ({ clock, servers, sources, names, log }) => {
    const reading = servers.source.read(query);
    await clock.advance(0);
    names.splice(0, 1, "d", "e");
    sources.a!.next.fail(refused);
    await clock.advance(0);
    sources.d!.next.answer([], 1);
    await reading;
    assertEquals(log, ["open a", "open d", "close a"]);
  }));

test("PinnedServers keeps the connections and positions of the only server, whatever it responds", () =>
  scene(["a"], async ({ clock, servers, sources, log, moved }) => {
    for (const error of [refused, failure("REGISTRY_RESPONSE", 429)]) {
      const failed = failureOf(servers.source.read(query));
      await clock.advance(0);
      sources.a!.next.fail(error);
      assertEquals(await failed, error);
    }
    assertEquals([log, moved], [["open a"], []]);
  }));

test("PinnedServers ends a read with the caller's reason", () =>
  scene(["a", "b"], async ({ clock, servers, log }) => {
    const abort = new AbortController();
    const reading = servers.source.read(query, { signal: abort.signal }).catch((error) => error);
    await clock.advance(0);
    abort.abort("enough");
    assertEquals([await reading, log], ["enough", ["open a"]]);
  }));
