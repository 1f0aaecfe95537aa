/**
 * An agent that comes back is noticed by services that nothing happens to: the first read after a
 * failure is a plain one, because an index is only good within an unbroken sequence of answers.
 */
import { assert, assertEquals } from "@std/assert";
import { createPiloted } from "../../src/client/create_piloted.ts";
import type { Piloted } from "../../src/client/piloted.ts";
import { EmbeddedConsul, type Fault, faults, ManualClock } from "../../src/testing/mod.ts";
import { test } from "../support/test.ts";

const WITHIN_MS = 2_000;
const STEP_MS = 50;

interface Scene {
  clock: ManualClock;
  consul: EmbeddedConsul;
  piloted: Piloted;
}

const unreachable: Fault = () => Promise.reject(new TypeError("fetch failed"));

/** A client of `app` with the one instance `a`, on a clock of its own. */
async function scene(run: (it: Scene) => Promise<void>): Promise<void> {
  const clock = new ManualClock();
  await using consul = new EmbeddedConsul({ clock, random: () => 0.5 });
  register(consul, "a");
  await using piloted = await createPiloted({
    config: { consul: "consul:8500", watches: [{ name: "app" }] },
    fetch: consul.fetch,
    clock,
    random: () => 0.5,
    signals: false,
    env: {},
  });
  await passes(clock, 1_000);
  assertEquals([piloted.status("app").state, hosts(piloted)], ["live", "a"]);
  await run({ clock, consul, piloted });
}

function register(consul: EmbeddedConsul, id: string): void {
  consul.register({ name: "app", id, address: `10.0.0.${id.charCodeAt(0)}`, port: 80 });
}

function hosts(piloted: Piloted): string {
  return piloted.serviceHosts("app").map(({ id }) => id).sort().join(" ");
}

/** Lets time pass in steps; an answer of the agent takes some turns of the event loop and no time. */
async function passes(clock: ManualClock, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += STEP_MS) {
    await clock.advance(STEP_MS);
    for (let turns = 0; turns < 5; turns++) await new Promise((resolve) => setTimeout(resolve));
  }
}

/** How long it takes until something holds, in milliseconds of the clock. */
async function timeUntil(clock: ManualClock, holds: () => boolean): Promise<number> {
  const started = clock.now();
  while (!holds() && clock.now() - started < 2 * WITHIN_MS) await passes(clock, STEP_MS);
  return clock.now() - started;
}

/** Takes the agent away for some seconds. */
async function away({ clock, consul, piloted }: Scene, fault: Fault): Promise<void> {
  const back = consul.inject(fault);
  // A query that the agent holds is lost as well, as when its process ends.
  consul.resetIndex(waitingIndex(consul));
  await passes(clock, 3_000);
  assertEquals([piloted.status("app").state, hosts(piloted)], ["stale", "a"]);
  back();
}

for (
  const [name, fault] of [
    ["answers 503", faults.answer(503)],
    ["can't be reached", unreachable],
    ["has no leader", faults.answer(500, "No cluster leader")],
  ] as const
) {
  test(`a quiet service is live within 2 s of an agent's return that ${name}`, () =>
    scene(async (it) => {
      await away(it, fault);
      const { clock, piloted } = it;
      const tookMs = await timeUntil(clock, () => piloted.status("app").state === "live");
      assert(tookMs <= WITHIN_MS, `stale for ${tookMs} ms after the agent came back`);
    }));
}

test("changes of an agent that came back with lower indexes are seen within 2 s", () =>
  scene(async (it) => {
    const { clock, consul, piloted } = it;
    const back = consul.inject(faults.answer(503));
    register(consul, "a2");
    consul.deregister("a2");
    await passes(clock, 3_000);
    assertEquals(piloted.status("app").state, "stale");
    // Wiped: everything is there again, and indexes begin anew.
    consul.resetIndex(1);
    back();
    register(consul, "b");
    consul.deregister("a");
    const tookMs = await timeUntil(clock, () => hosts(piloted) === "b");
    assert(tookMs <= WITHIN_MS, `still ${hosts(piloted)} after ${tookMs} ms`);
  }));

test("a change soon after a wiped agent came back is seen at once", () =>
  scene(async (it) => {
    const { clock, consul, piloted } = it;
    await away(it, faults.answer(503));
    consul.resetIndex(1);
    await passes(clock, WITHIN_MS);
    register(consul, "b");
    const tookMs = await timeUntil(clock, () => hosts(piloted) === "a b");
    assert(tookMs <= 500, `still ${hosts(piloted)} after ${tookMs} ms`);
  }));

/** The index that a restart of the agent keeps. */
function waitingIndex(consul: EmbeddedConsul): number {
  return Math.max(...consul.requests.map(({ query }) => Number(query.index ?? 0)));
}
