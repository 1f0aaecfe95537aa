import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { createPiloted } from "../../src/client/create_piloted.ts";
import type { RefreshEvent } from "../../src/client/events.ts";
import type { PilotedOptions } from "../../src/client/options.ts";
import type { Piloted } from "../../src/client/piloted.ts";
import { PilotedError } from "../../src/errors.ts";
import type { Change } from "../../src/snapshot.ts";
import { StaticSource } from "../../src/source/static.ts";
import { EmbeddedConsul } from "../../src/testing/mod.ts";
import { ManualClock } from "../../src/testing/manual_clock.ts";
import { addressFor, endpoint } from "../support/endpoints.ts";
import { ScriptedSource, unreachable } from "../support/scripted_source.ts";
import { test } from "../support/test.ts";

interface Scene {
  clock: ManualClock;
  source: ScriptedSource;
  piloted: Piloted;
}

const config = {
  consul: "consul:8500",
  watches: [{ name: "app" }, { name: "db" }],
};

/** A client whose two services have been answered: `app` with a, b, c and `db` with nothing. */
async function scene(test: (it: Scene) => Promise<void>, options: PilotedOptions = {}) {
  const clock = new ManualClock();
  const source = new ScriptedSource();
  const starting = createPiloted({
    config,
    signals: false,
    random: () => 0.5,
    ...options,
    clock,
    source,
  });
  await source.opened(2);
  for (const question of [...source.open]) {
    const app = question.query.service === "app";
    question.answer(app ? ["a", "b", "c"].map((id) => endpoint(id)) : [], 10);
  }
  const piloted = await starting;
  try {
    await clock.advance(1_000);
    await test({ clock, source, piloted });
  } finally {
    await piloted.close();
  }
  assertEquals(clock.pending, 0);
}

/** The question for a service that is not a blocking query. */
function beside(source: ScriptedSource, service: string) {
  return source.open.find(({ query, options }) =>
    query.service === service && options.position === undefined
  )!;
}

function held(source: ScriptedSource, service: string) {
  return source.open.find(({ query, options }) =>
    query.service === service && options.position !== undefined
  )!;
}

test("createPiloted() resolves when every watched service has been asked for once", async () => {
  const clock = new ManualClock();
  const source = new ScriptedSource();
  let ready = false;
  const starting = createPiloted({ config, signals: false, clock, source }).then((piloted) => {
    ready = true;
    return piloted;
  });
  await source.opened(2);
  assertEquals(source.open.map(({ query }) => query.service), ["app", "db"]);
  source.open[0]!.answer([endpoint("a")]);
  await clock.advance(0);
  assertEquals(ready, false);
  source.open.find(({ query }) => query.service === "db")!.answer([]);
  const piloted = await starting;
  assertEquals(piloted.services, ["app", "db"]);
  assertEquals(piloted.status().state, "ready");
  await piloted.close();
});

test("pick() and service() share one rotation: A, B, C, A", () =>
  scene(async ({ piloted }) => {
    const ids = [piloted.pick("app").id, (await piloted.service("app")).id];
    ids.push(piloted.pick("app").id, (await piloted.service("app")).id);
    assertEquals(ids, ["a", "b", "c", "a"]);
  }));

test("pick() goes on where it was after a refresh that changes nothing", () =>
  scene(async ({ clock, piloted, source }) => {
    assertEquals(piloted.pick("app").id, "a");
    const refreshed = piloted.refresh();
    await clock.advance(0);
    beside(source, "app").answer(["c", "a", "b"].map((id) => endpoint(id)), 11);
    beside(source, "db").answer([], 11);
    await refreshed;
    assertEquals([1, 2, 3].map(() => piloted.pick("app").id), ["b", "c", "a"]);
  }));

test("serviceHosts() gives every endpoint, frozen and shared", () =>
  scene(({ piloted }) => {
    const hosts = piloted.serviceHosts("app");
    assertEquals(hosts.map(({ id }) => id), ["a", "b", "c"]);
    assert(Object.isFrozen(hosts) && Object.isFrozen(hosts[0]));
    assert(piloted.serviceHosts("app") === hosts);
    assertEquals(piloted.serviceHosts("db"), []);
    return Promise.resolve();
  }));

test("service() and pick() refuse a service without healthy endpoints with NO_ENDPOINTS", () =>
  scene(async ({ piloted }) => {
    const error = await assertRejects(() => piloted.service("db"), PilotedError) as PilotedError;
    assertEquals([error.code, error.service], ["NO_ENDPOINTS", "db"]);
    assertThrows(
      () => piloted.pick("db"),
      PilotedError,
      'lists no instance of "db"; check the name',
    );
  }));

test("service(), pick(), serviceHosts(), watch() and status() name the watched services", () =>
  scene(async ({ piloted }) => {
    const calls = [
      () => piloted.pick("nope"),
      () => piloted.serviceHosts("nope"),
      () => piloted.watch("nope"),
      () => piloted.status("nope"),
    ];
    for (const call of calls) {
      const error = assertThrows(call, PilotedError) as PilotedError;
      assertEquals(error.code, "UNKNOWN_SERVICE");
      assertEquals(error.services, ["app", "db"]);
      assert(error.message.includes(`"app", "db"`));
    }
    await assertRejects(() => piloted.service("nope"), PilotedError, "Cannot look up");
    await assertRejects(() => piloted.service("constructor"), PilotedError, "Cannot look up");
  }));

test("service() waits for a refresh under way", () =>
  scene(async ({ clock, piloted, source }) => {
    const refreshed = piloted.refresh();
    let answered: string | undefined;
    const waiting = piloted.service("app").then(({ id }) => answered = id);
    await clock.advance(0);
    assertEquals(answered, undefined);
    beside(source, "app").answer([endpoint("d")], 11);
    beside(source, "db").answer([], 11);
    await Promise.all([refreshed, waiting]);
    assertEquals(answered, "d");
  }));

test("service() gives the last good answer when the refresh takes longer than refreshTimeoutMs", () =>
  scene(async ({ clock, piloted, source }) => {
    const refreshed = piloted.refresh();
    let answered: string | undefined;
    const waiting = piloted.service("app").then(({ id }) => answered = id);
    await clock.advance(249);
    assertEquals(answered, undefined);
    await clock.advance(1);
    await waiting;
    assertEquals(answered, "a");
    beside(source, "app").answer([endpoint("d")], 11);
    beside(source, "db").answer([], 11);
    await refreshed;
  }, { refreshTimeoutMs: 250 }));

test("refresh() keeps the list of a service that fails, updates the others, and says so", () =>
  scene(async ({ clock, piloted, source }) => {
    const errors: PilotedError[] = [];
    const refreshes: RefreshEvent[] = [];
    piloted.on("error", (error) => errors.push(error));
    piloted.on("refresh", (event) => refreshes.push(event));
    const refreshed = piloted.refresh();
    await clock.advance(5);
    beside(source, "app").fail(unreachable({ service: "app", status: 500 }));
    beside(source, "db").answer([endpoint("d", { service: "db" })], 11);
    await refreshed;
    assertEquals(piloted.serviceHosts("app").length, 3);
    assertEquals(piloted.pick("db").id, "d");
    assertEquals(errors.map(({ service }) => service), ["app"]);
    assertEquals(refreshes, [{ services: ["app", "db"], failed: ["app"], durationMs: 5 }]);
    assertEquals(piloted.status("app").state, "stale");
    assertEquals(piloted.status("db").state, "live");
  }));

test("refresh() joins calls during a refresh into one more", () =>
  scene(async ({ clock, piloted, source }) => {
    let done = 0;
    piloted.on("refresh", () => done++);
    const all = Array.from({ length: 100 }, () => piloted.refresh());
    await clock.advance(0);
    const questions = source.asked.length;
    for (let round = 1; round <= 2; round++) {
      beside(source, "app").answer([endpoint("a")], 10 + round);
      beside(source, "db").answer([], 10 + round);
      await clock.advance(0);
    }
    await Promise.all(all);
    assertEquals(done, 2);
    assertEquals(source.asked.length, questions + 2);
    assertEquals(beside(source, "app"), undefined);
  }));

test('on("change") tells what was added, removed and changed, and not that the index moved', () =>
  scene(async ({ clock, piloted, source }) => {
    const changes: Change[] = [];
    piloted.on("change", (change) => changes.push(change));
    held(source, "app").answer(["a", "b", "c"].map((id) => endpoint(id)), 11);
    await clock.advance(1_000);
    assertEquals(changes, []);
    held(source, "app").answer(
      [endpoint("a"), endpoint("b", { port: 9 }), endpoint("d")],
      12,
    );
    await clock.advance(0);
    const [change] = changes;
    assertEquals(change?.service, "app");
    assertEquals(change?.added.map(({ id }) => id), ["d"]);
    assertEquals(change?.removed.map(({ id }) => id), ["c"]);
    assertEquals(change?.changed.map(({ before, after }) => [after.id, before.port, after.port]), [[
      "b",
      8080,
      9,
    ]]);
    assertEquals(change?.endpoints.map(({ id }) => id), ["a", "b", "d"]);
  }));

test("watch() iterates over the changes of one service, loses none, and ends with close()", () =>
  scene(async ({ clock, piloted, source }) => {
    const changes = piloted.watch("app");
    held(source, "db").answer([endpoint("x", { service: "db" })], 11);
    held(source, "app").answer([endpoint("a")], 11);
    await clock.advance(1_000);
    held(source, "app").answer([endpoint("b")], 12);
    await clock.advance(1_000);
    const first = await changes.next();
    const second = await changes.next();
    assertEquals(first.value?.removed.map(({ id }: { id: string }) => id), ["b", "c"]);
    assertEquals(second.value?.added.map(({ id }: { id: string }) => id), ["b"]);
    const last = changes.next();
    await piloted.close();
    assertEquals(await last, { done: true, value: undefined });
  }));

test("watch() rejects with the signal's own reason", () =>
  scene(async ({ piloted }) => {
    const controller = new AbortController();
    const waiting = piloted.watch("app", { signal: controller.signal }).next();
    const reason = new Error("enough");
    controller.abort(reason);
    const thrown = await waiting.catch((error) => error);
    assert(thrown === reason);
  }));

test("createPiloted() rejects with REGISTRY_UNREACHABLE when nothing answers, and leaves nothing", async () => {
  const clock = new ManualClock();
  const source = new ScriptedSource();
  const starting = createPiloted({ config, signals: false, clock, source });
  const failed = starting.catch((error) => error);
  await source.opened(2);
  for (const question of [...source.open]) question.fail(unreachable());
  assertEquals((await failed).code, "REGISTRY_UNREACHABLE");
  assertEquals([clock.pending, source.open.length], [0, 0]);
});

test("createPiloted() calls a registry that never answers unreachable", async () => {
  const clock = new ManualClock();
  const source = new ScriptedSource();
  const failed = createPiloted({ config, signals: false, clock, source }).catch((error) => error);
  await source.opened(2);
  await clock.advance(10_000);
  const error = await failed;
  assertEquals([error.code, error.cause.code], ["REGISTRY_UNREACHABLE", "TIMEOUT"]);
  assertEquals(clock.pending, 0);
});

test('createPiloted() with onStartFailure "background" resolves and goes on trying', async () => {
  const clock = new ManualClock();
  const source = new ScriptedSource();
  const starting = createPiloted({
    config,
    signals: false,
    clock,
    source,
    onStartFailure: "background",
  });
  await source.opened(2);
  for (const question of [...source.open]) question.fail(unreachable());
  const piloted = await starting;
  const error = assertThrows(() => piloted.pick("app"), PilotedError) as PilotedError;
  assertEquals(error.code, "NO_ENDPOINTS");
  assertEquals((error.cause as PilotedError).code, "REGISTRY_UNREACHABLE");
  assertEquals(piloted.status("app").state, "pending");
  await clock.advance(2_000);
  for (const question of [...source.open]) question.answer([endpoint("a")], 1);
  await clock.advance(0);
  assertEquals(piloted.pick("app").id, "a");
  await piloted.close();
  assertEquals(clock.pending, 0);
});

test("createPiloted() waits for the first lists no longer than startTimeoutMs", async () => {
  for (const onStartFailure of ["background", "reject"] as const) {
    const clock = new ManualClock();
    const source = new ScriptedSource();
    const options = { config, signals: false, clock, source, onStartFailure, startTimeoutMs: 500 };
    const starting = createPiloted(options);
    starting.catch(() => {});
    await source.opened(2);
    await clock.advance(500);
    if (onStartFailure === "reject") {
      const error = await assertRejects(() => starting, PilotedError, "no lists within 500 ms");
      assertEquals((error as PilotedError).code, "TIMEOUT");
      assertEquals(clock.pending, 0);
      continue;
    }
    const piloted = await starting;
    assertEquals(piloted.status("app").state, "pending");
    for (const question of [...source.open]) question.answer([endpoint("a")], 1);
    await clock.advance(0);
    assertEquals(piloted.pick("app").id, "a");
    await piloted.close();
    assertEquals(clock.pending, 0);
  }
});

test("createPiloted() accepts that one of several services can't be read at the start", async () => {
  const clock = new ManualClock();
  const source = new ScriptedSource();
  const starting = createPiloted({ config, signals: false, clock, source });
  await source.opened(2);
  source.open[0]!.answer([endpoint("a")]);
  source.open.find(({ query }) => query.service === "db")!.fail(
    new PilotedError("REGISTRY_DENIED", "Cannot read: received 403", { status: 403 }),
  );
  const piloted = await starting;
  assertEquals(piloted.status("db").state, "denied");
  assertThrows(() => piloted.pick("db"), PilotedError, "received 403");
  await piloted.close();
});

test("close() is idempotent, ends what waits, and everything afterwards says CLOSED", () =>
  scene(async ({ clock, piloted }) => {
    assertEquals(piloted.pick("app").id, "a");
    const refreshed = piloted.refresh().catch((error) => error);
    const waiting = piloted.service("app").catch((error) => error);
    await clock.advance(0);
    await Promise.all([piloted.close(), piloted.close()]);
    assertEquals((await refreshed).code, "CLOSED");
    assertEquals((await waiting).code, "CLOSED");
    assertEquals(assertThrows(() => piloted.pick("app"), PilotedError).code, "CLOSED");
    const error = await assertRejects(() => piloted.refresh(), PilotedError) as PilotedError;
    assertEquals(error.code, "CLOSED");
    assertEquals(piloted.status().state, "closed");
  }));

test("createPiloted() refuses options that are not theirs", async () => {
  const options = { config, source: new StaticSource({}) };
  await assertRejects(
    () => createPiloted({ ...options, health: "green" as "any" }),
    TypeError,
    'option health of createPiloted(): it must be one of passing, warning, any, received "green"',
  );
  await assertRejects(
    () => createPiloted({ ...options, maxConnections: 0 }),
    RangeError,
    "maxConnections of createPiloted(): it must be at least 2, received 0",
  );
});

for (
  const [health, ids] of [
    ["passing", ["good"]],
    ["warning", ["good", "warned"]],
    ["any", ["bad", "good", "warned"]],
    [undefined, ["good", "warned"]],
  ] as const
) {
  test(`health ${health} hands out ${ids.join(", ")}`, async () => {
    const consul = new EmbeddedConsul();
    for (
      const [id, status] of [
        ["good", "passing"],
        ["warned", "warning"],
        ["bad", "critical"],
        ["mended", "passing"],
      ] as const
    ) {
      consul.register({ name: "app", id, address: addressFor(id), port: 80, status });
    }
    consul.maintenance("mended", true);
    const piloted = await createPiloted({
      config: { consul: "consul:8500", watches: [{ name: "app" }] },
      fetch: consul.fetch,
      signals: false,
      health,
    });
    assertEquals(piloted.serviceHosts("app").map(({ id }) => id).sort(), [...ids]);
    await piloted.close();
    await consul.close();
  });
}

test("Two watches of one name give the endpoints of both", async () => {
  const source = new StaticSource({
    app: [
      { address: "10.0.0.1", port: 80, tags: ["blue"] },
      { address: "10.0.0.2", port: 80, tags: ["green"] },
      { address: "10.0.0.3", port: 80, tags: ["blue", "green"] },
      { address: "10.0.0.4", port: 80, tags: ["red"] },
    ],
  });
  const watches = [{ name: "app", tag: "blue" }, { name: "app", tag: "green" }];
  const piloted = await createPiloted({
    config: { consul: "consul:8500", watches },
    signals: false,
    source,
  });
  const addresses = piloted.serviceHosts("app").map(({ address }) => address).sort();
  assertEquals(addresses, ["10.0.0.1", "10.0.0.2", "10.0.0.3"]);
  assertEquals(piloted.status("app").watches.length, 2);
  await piloted.close();
});

test("A listener that throws disturbs no loop and no other listener", () =>
  scene(async ({ clock, piloted, source }) => {
    const errors: PilotedError[] = [];
    let told = 0;
    piloted.on("change", () => {
      throw new Error("mine");
    });
    piloted.on("change", () => Promise.reject(new Error("mine too")));
    piloted.on("change", () => told++);
    piloted.on("error", (error) => {
      errors.push(error);
      throw new Error("and mine");
    });
    held(source, "app").answer([endpoint("a")], 11);
    await clock.advance(1_000);
    assertEquals(told, 1);
    assertEquals(errors.map(({ code }) => code), ["LISTENER_FAILED", "LISTENER_FAILED"]);
    assertEquals(held(source, "app").options.position, "11");
  }));
