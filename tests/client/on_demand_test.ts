import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import type { Endpoint } from "../../src/endpoint.ts";
import { createPiloted } from "../../src/client/create_piloted.ts";
import type { CreatePilotedOptions } from "../../src/client/create_piloted.ts";
import type { Piloted } from "../../src/client/piloted.ts";
import { PilotedError } from "../../src/errors.ts";
import { ManualClock } from "../../src/testing/mod.ts";
import { endpoint } from "../support/endpoints.ts";
import { ScriptedSource } from "../support/scripted_source.ts";
import { test } from "../support/test.ts";

const A = endpoint("a");
const B = endpoint("b", { address: "10.0.0.2" });

async function onDemand(
  run: (
    it: { piloted: Piloted; source: ScriptedSource; clock: ManualClock },
  ) => Promise<void>,
  options: CreatePilotedOptions = {},
): Promise<void> {
  const source = new ScriptedSource();
  const clock = new ManualClock();
  const piloted = await createPiloted({
    mode: "on-demand",
    config: { consul: "127.0.0.1:1", watches: [{ name: "app", interval: 10 }] },
    source,
    clock,
    random: () => 1,
    ttlMs: 1_000,
    staleMs: 10_000,
    ...options,
  });
  await run({ piloted, source, clock });
  await piloted.close();
  assertEquals(clock.pending, 0);
}

/** Lets what was answered arrive. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

test("on-demand asks nothing until somebody looks up, and then once for all who wait", () =>
  onDemand(async ({ piloted, source }) => {
    await settled();
    assertEquals(source.asked.length, 0);
    const lookups = [piloted.service("app"), piloted.service("app"), piloted.service("app")];
    await settled();
    assertEquals(source.asked.length, 1);
    source.next.answer([A, B]);
    assertEquals(await Promise.all(lookups), [A, B, A]);
  }));

test("on-demand answers from its cache for ttlMs", () =>
  onDemand(async ({ piloted, source, clock }) => {
    const first = piloted.service("app");
    await source.opened(1);
    source.next.answer([A]);
    await first;
    await clock.advance(1_000);
    assertEquals(piloted.load("app"), undefined);
    assertEquals(await piloted.service("app"), A);
    assertEquals(source.asked.length, 1);
  }));

test("on-demand gives a stale list at once while a new one is on its way", () =>
  onDemand(async ({ piloted, source, clock }) => {
    const first = piloted.service("app");
    await source.opened(1);
    source.next.answer([A]);
    await first;
    await clock.advance(1_001);
    const work: Promise<unknown>[] = [];
    assertEquals(piloted.load("app", (promise) => void work.push(promise)), undefined);
    assertEquals(piloted.load("app", (promise) => void work.push(promise)), undefined);
    await source.opened(1);
    assertEquals([source.asked.length, work.length], [2, 2]);
    assertEquals(piloted.pick("app"), A);
    source.next.answer([B], 2);
    await Promise.all(work);
    assertEquals(piloted.pick("app"), B);
  }));

test("on-demand waits when a list is older than ttlMs and staleMs", () =>
  onDemand(async ({ piloted, source, clock }) => {
    const first = piloted.service("app");
    await source.opened(1);
    source.next.answer([A]);
    await first;
    await clock.advance(11_001);
    const second = piloted.service("app");
    await settled();
    source.next.answer([B], 2);
    assertEquals(await second, B);
  }));

test("on-demand keeps the last good list when the registry fails, and leaves it alone for a while", () =>
  onDemand(async ({ piloted, source, clock }) => {
    const first = piloted.service("app");
    await source.opened(1);
    source.next.answer([A]);
    await first;
    await clock.advance(60_000);
    const second = piloted.service("app");
    await source.opened(1);
    source.next.fail(new PilotedError("REGISTRY_UNREACHABLE", "Cannot ask: refused"));
    assertEquals(await second, A);
    const { state, reason, watches } = piloted.status("app");
    assertEquals([state, reason], ["stale", "Cannot ask: refused"]);
    assertEquals(watches[0]!.failureCount, 1);
    assertEquals(await piloted.service("app"), A);
    assertEquals(source.asked.length, 2);
    await clock.advance(1_000);
    const third = piloted.service("app");
    await source.opened(1);
    assertEquals(source.asked.length, 3);
    source.next.answer([B], 3);
    assertEquals(await third, B);
    assertEquals(piloted.status("app").state, "live");
  }));

test("on-demand says why when there never was an answer", () =>
  onDemand(async ({ piloted, source }) => {
    assertThrows(() => piloted.pick("app"), PilotedError, "Cannot pick");
    const lookup = piloted.service("app");
    await source.opened(1);
    source.next.fail(new PilotedError("REGISTRY_DENIED", "Cannot ask: 403"));
    const error = await assertRejects(() => lookup, PilotedError, "Cannot ask: 403");
    assertEquals([error.code, (error.cause as PilotedError).code], [
      "NO_ENDPOINTS",
      "REGISTRY_DENIED",
    ]);
    assertEquals(piloted.status("app").state, "denied");
  }));

test("on-demand hands out by the health policy and keeps the rotation over equal answers", () =>
  onDemand(async ({ piloted, source, clock }) => {
    const critical = endpoint("c", { status: "critical", address: "10.0.0.3" });
    const first = piloted.service("app");
    await source.opened(1);
    source.next.answer([A, B, critical]);
    assertEquals(await first, A);
    await clock.advance(60_000);
    const again = piloted.service("app");
    await source.opened(1);
    source.next.answer([{ ...B }, critical, { ...A }], 2);
    assertEquals(await again, B);
    assertEquals(piloted.serviceHosts("app"), [A, B]);
    assertEquals(piloted.status("app").watches[0]!.instanceCounts.critical, 1);
  }));

test("on-demand joins the watches of one name", () =>
  onDemand(async ({ piloted, source }) => {
    const lookup = piloted.service("app");
    await source.opened(2);
    assertEquals(source.open.map(({ query }) => query.tag), ["x", "y"]);
    source.open[0]!.answer([A]);
    source.open[0]!.answer([A, B]);
    await lookup;
    assertEquals(piloted.serviceHosts("app"), [A, B]);
    assertEquals(piloted.status("app").watches.map(({ endpointCount }) => endpointCount), [1, 2]);
  }, {
    config: {
      consul: "127.0.0.1:1",
      watches: [{ name: "app", tag: "x", interval: 1 }, { name: "app", tag: "y", interval: 1 }],
    },
  }));

test("on-demand refuses names that are not watched, and everything after close()", () =>
  onDemand(async ({ piloted }) => {
    const unknown = await assertRejects(() => piloted.service("nothing"), PilotedError);
    assertEquals([unknown.code, unknown.services], ["UNKNOWN_SERVICE", ["app"]]);
    await piloted.close();
    for (const call of [() => piloted.service("app"), () => piloted.refresh()]) {
      assertEquals((await assertRejects(call, PilotedError)).code, "CLOSED");
    }
    assertEquals(piloted.status().state, "closed");
  }));

test("on-demand gives up on a source that ignores its signal, and keeps the list", () =>
  onDemand(async ({ piloted, source, clock }) => {
    const first = piloted.service("app");
    await source.opened(1);
    source.next.answer([A]);
    await first;
    await clock.advance(60_000);
    const second = piloted.service("app");
    await source.opened(1);
    // Never answered.
    await clock.advance(10_000);
    assertEquals(await second, A);
    const { state, watches } = piloted.status("app");
    assertEquals([state, watches[0]!.error?.code], ["stale", "TIMEOUT"]);
  }));

test("on-demand names the failure of a source, and not a timeout", () =>
  onDemand(async ({ piloted, source }) => {
    const lookup = piloted.service("app").catch((error) => error);
    await source.opened(1);
    source.next.fail(new Error("the disk is full"));
    const error = await lookup;
    assertEquals([error.code, error.cause.code], ["NO_ENDPOINTS", "REGISTRY_UNREACHABLE"]);
    assertStringIncludes(error.message, "the disk is full");
  }));

test("on-demand accepts an empty list only when the leader has confirmed it at two lookups", () =>
  onDemand(async ({ piloted, source, clock }) => {
    const consistencies: unknown[] = [];
    const lookup = async (list: readonly Endpoint[]) => {
      const looking = piloted.service("app").catch(({ code }) => code);
      await clock.advance(0);
      const question = source.open[0];
      consistencies.push(question?.options.consistency);
      question?.answer(list, 2);
      await clock.advance(0);
      return await looking;
    };
    assertEquals(await lookup([A]), A);
    await clock.advance(2_000);
    assertEquals([await lookup([]), piloted.status("app").state], [A, "unconfirmed"]);
    // Before the confirmation is due nothing is read.
    await clock.advance(1_999);
    assertEquals(await lookup([]), A);
    await clock.advance(1);
    assertEquals([await lookup([]), piloted.status("app").state], [A, "unconfirmed"]);
    await clock.advance(3_000);
    await lookup([]);
    assertEquals([piloted.serviceHosts("app"), piloted.status("app").state], [[], "live"]);
    assertEquals(consistencies, ["stale", "stale", undefined, "consistent", "consistent"]);
  }));

test("on-demand datacenters fail one by one", () =>
  onDemand(async ({ piloted, source }) => {
    const lookup = piloted.service("app");
    await source.opened(2);
    source.open[0]!.fail(new PilotedError("REGISTRY_RESPONSE", "Cannot read: no path to dc1"));
    await settled();
    source.open[0]!.answer([B]);
    assertEquals(await lookup, B);
    assertEquals(piloted.status("app").watches.map(({ state }) => state), ["pending", "live"]);
  }, {
    config: {
      consul: "127.0.0.1:1",
      watches: [{ name: "app", datacenter: "dc1" }, { name: "app", datacenter: "dc2" }],
    },
  }));

test("on-demand fails over to another datacenter at the lookup that needs it, and returns", () =>
  onDemand(async ({ piloted, source, clock }) => {
    const reply = async (lists: Record<string, readonly Endpoint[]>) => {
      for (let turn = 0; turn < 4; turn++) {
        for (const { query, answer } of [...source.open]) answer(lists[query.datacenter ?? "own"]!);
        await clock.advance(0);
      }
    };
    const first = piloted.service("app");
    await reply({ own: [], dc2: [B] });
    assertEquals(await first, B);
    assertEquals(piloted.status("app").failover, "dc2");
    for (let seconds = 0; seconds <= 60; seconds += 20) {
      await clock.advance(20_000);
      const again = piloted.service("app");
      await reply({ own: [A], dc2: [B] });
      await again;
    }
    assertEquals(piloted.status("app").failover, undefined);
    assertEquals(piloted.pick("app"), A);
  }, { failover: ["dc2"] }));

test("on-demand has leases, fetch, zones and events of what it reads", () =>
  onDemand(async ({ piloted, source }) => {
    const changes: string[] = [];
    piloted.on("change", ({ added }) => changes.push(...added.map(({ id }) => id)));
    const lookup = piloted.service("app");
    await source.opened(1);
    source.next.answer([A, endpoint("far", { address: "10.0.0.9", zone: "far" })]);
    await lookup;
    assertEquals(changes, ["a", "far"]);
    const lease = piloted.acquire("app");
    assertEquals(piloted.status("app").balance.localShare, 0);
    lease.release("success");
    assertEquals(typeof piloted.fetch, "function");
    assertThrows(() => piloted.watch("app"), PilotedError, 'mode "on-demand" reads only when');
  }, { zone: "near" }));

test("createPiloted() refuses options that need loops or timers with mode on-demand", async () => {
  for (const option of [{ snapshotFile: "x" }, { signals: true }, { reload: true }]) {
    const options = { mode: "on-demand", config: { consul: "127.0.0.1:1" }, ...option } as const;
    await assertRejects(() => createPiloted(options), TypeError, Object.keys(option)[0]);
  }
});

test("createPiloted() refuses a mode, ttlMs or staleMs that is none", async () => {
  const config = { consul: "127.0.0.1:1" };
  const wrong = { mode: "sometimes" as "live", config };
  await assertRejects(() => createPiloted(wrong), TypeError, 'received "sometimes"');
  for (const option of [{ ttlMs: -1 }, { staleMs: NaN }]) {
    const options = { mode: "on-demand", config, ...option } as const;
    await assertRejects(() => createPiloted(options), Error, "it must be");
  }
});
