import { assert, assertEquals } from "@std/assert";
import { LiveWatch } from "../../src/watch/live_watch.ts";
import type { WatchObserver } from "../../src/watch/watch.ts";
import { WatchSet } from "../../src/watch/watch_set.ts";
import { ManualClock } from "../../src/testing/manual_clock.ts";
import { endpoint } from "../support/endpoints.ts";
import { ScriptedSource } from "../support/scripted_source.ts";
import { test } from "../support/test.ts";
import { sessionFor } from "../support/watching.ts";

function observer(): WatchObserver & { told: number } {
  return {
    told: 0,
    changed() {
      this.told++;
    },
    accepted() {},
    stateChanged() {},
    failed() {},
  };
}

function watchSet(clock: ManualClock, source: ScriptedSource): WatchSet {
  const { session, options } = sessionFor(clock, source);
  return new WatchSet((query, intervalMs, observer) =>
    new LiveWatch(query, intervalMs, session, options, observer)
  );
}

test("WatchSet asks once for one query, however many subscribe, and stops with the last", async () => {
  const clock = new ManualClock();
  const source = new ScriptedSource();
  const watches = watchSet(clock, source);
  const [one, two] = [observer(), observer()];
  const first = watches.subscribe({ service: "app" }, 1_000, one);
  const second = watches.subscribe({ service: "app", tag: "" }, 1_000, two);
  assert(first.watch === second.watch);
  await clock.advance(0);
  assertEquals(source.open.length, 1);
  source.next.answer([endpoint("a")], 5);
  await clock.advance(1_000);
  assertEquals([one.told, two.told], [1, 1]);
  await first.end();
  await first.end();
  assertEquals(source.open.length, 1);
  source.next.answer([endpoint("b")], 6);
  await clock.advance(1_000);
  assertEquals([one.told, two.told], [1, 2]);
  await second.end();
  assertEquals([source.open.length, clock.pending, [...watches].length], [0, 0, 0]);
});

test("WatchSet keeps queries apart that differ in tag or datacenter", async () => {
  const clock = new ManualClock();
  const source = new ScriptedSource();
  const watches = watchSet(clock, source);
  for (const query of [{}, { tag: "x" }, { datacenter: "x" }, { tag: "x", datacenter: "x" }]) {
    watches.subscribe({ service: "app", ...query }, 1_000, observer());
  }
  await clock.advance(0);
  assertEquals(source.open.length, 4);
  await watches.close();
  assertEquals([source.open.length, clock.pending], [0, 0]);
});
