import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { createPiloted } from "../../src/client/create_piloted.ts";
import type { OnDemandOptions } from "../../src/client/create_on_demand.ts";
import type { OnDemandPiloted } from "../../src/client/on_demand.ts";
import { PilotedError } from "../../src/errors.ts";
import { ManualClock } from "../../src/testing/mod.ts";
import { endpoint } from "../support/endpoints.ts";
import { ScriptedSource } from "../support/scripted_source.ts";
import { test } from "../support/test.ts";

const A = endpoint("a");
const B = endpoint("b", { address: "10.0.0.2" });

async function onDemand(
  run: (
    it: { piloted: OnDemandPiloted; source: ScriptedSource; clock: ManualClock },
  ) => Promise<void>,
  options: Partial<OnDemandOptions> = {},
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
    source.next.answer([A]);
    await first;
    await clock.advance(1_001);
    const work: Promise<unknown>[] = [];
    assertEquals(piloted.load("app", (promise) => void work.push(promise)), undefined);
    assertEquals(piloted.load("app", (promise) => void work.push(promise)), undefined);
    assertEquals([source.asked.length, work.length], [2, 2]);
    assertEquals(piloted.pick("app"), A);
    source.next.answer([B], 2);
    await Promise.all(work);
    assertEquals(piloted.pick("app"), B);
  }));

test("on-demand waits when a list is older than ttlMs and staleMs", () =>
  onDemand(async ({ piloted, source, clock }) => {
    const first = piloted.service("app");
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
    source.next.answer([A]);
    await first;
    await clock.advance(60_000);
    const second = piloted.service("app");
    source.next.fail(new PilotedError("REGISTRY_UNREACHABLE", "Cannot ask: refused"));
    assertEquals(await second, A);
    const { state, reason, watches } = piloted.status("app");
    assertEquals([state, reason], ["stale", "Cannot ask: refused"]);
    assertEquals(watches[0]!.failures, 1);
    assertEquals(await piloted.service("app"), A);
    assertEquals(source.asked.length, 2);
    await clock.advance(1_000);
    const third = piloted.service("app");
    assertEquals(source.asked.length, 3);
    source.next.answer([B], 3);
    assertEquals(await third, B);
    assertEquals(piloted.status("app").state, "live");
  }));

test("on-demand says why when there never was an answer", () =>
  onDemand(async ({ piloted, source }) => {
    assertThrows(() => piloted.pick("app"), PilotedError, "Cannot pick");
    const lookup = piloted.service("app");
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
    source.next.answer([A, B, critical]);
    assertEquals(await first, A);
    await clock.advance(60_000);
    const again = piloted.service("app");
    source.next.answer([{ ...B }, critical, { ...A }], 2);
    assertEquals(await again, B);
    assertEquals(piloted.serviceHosts("app"), [A, B]);
    assertEquals(piloted.status("app").watches[0]!.statuses.critical, 1);
  }));

test("on-demand joins the watches of one name", () =>
  onDemand(async ({ piloted, source }) => {
    const lookup = piloted.service("app");
    assertEquals(source.open.map(({ query }) => query.tag), ["x", "y"]);
    source.open[0]!.answer([A]);
    source.open[0]!.answer([A, B]);
    await lookup;
    assertEquals(piloted.serviceHosts("app"), [A, B]);
    assertEquals(piloted.status("app").watches.map(({ endpoints }) => endpoints), [1, 2]);
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

test("createPiloted() refuses a mode, ttlMs or staleMs that is none", async () => {
  const config = { consul: "127.0.0.1:1" };
  const wrong = { mode: "sometimes" as "live", config };
  await assertRejects(() => createPiloted(wrong), TypeError, "received sometimes");
  for (const option of [{ ttlMs: -1 }, { staleMs: NaN }]) {
    const options = { mode: "on-demand", config, ...option } as const;
    await assertRejects(() => createPiloted(options), RangeError, "must be at least 0");
  }
});
