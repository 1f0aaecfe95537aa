import { assert, assertEquals } from "@std/assert";
import { Watchers } from "../../src/watch/watch_set.ts";
import type { WatchObserver } from "../../src/watch/watch_record.ts";
import { ManualClock } from "../../src/testing/manual_clock.ts";
import { endpoint } from "../support/endpoints.ts";
import { ScriptedSource } from "../support/scripted_source.ts";
import { test } from "../support/test.ts";
import { watchContext } from "../support/watching.ts";

function observer(): WatchObserver & { told: number } {
  return {
    told: 0,
    changed() {
      this.told++;
    },
    believed() {},
    stateChanged() {},
    failed() {},
  };
}

test("Watchers asks once for one query, however many subscribe, and stops with the last", async () => {
  const clock = new ManualClock();
  const source = new ScriptedSource();
  const watchers = new Watchers(watchContext(clock, source), new Map());
  const [one, two] = [observer(), observer()];
  const first = watchers.subscribe({ service: "app" }, 1_000, one);
  const second = watchers.subscribe({ service: "app", tag: "" }, 1_000, two);
  assert(first.watcher === second.watcher);
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
  assertEquals([source.open.length, clock.pending, [...watchers].length], [0, 0, 0]);
});

test("Watchers keeps queries apart that differ in tag or datacenter", async () => {
  const clock = new ManualClock();
  const source = new ScriptedSource();
  const watchers = new Watchers(watchContext(clock, source), new Map());
  for (const query of [{}, { tag: "x" }, { datacenter: "x" }, { tag: "x", datacenter: "x" }]) {
    watchers.subscribe({ service: "app", ...query }, 1_000, observer());
  }
  await clock.advance(0);
  assertEquals(source.open.length, 4);
  await watchers.close();
  assertEquals([source.open.length, clock.pending], [0, 0]);
});
