import { assertEquals, assertLessOrEqual } from "@std/assert";
import { ChangeHint, type Summaries } from "../../src/registry/change_hint.ts";
import { PilotedError } from "../../src/errors.ts";
import type { ReadOptions, Summary } from "../../src/source/source.ts";
import { ManualClock } from "../../src/testing/manual_clock.ts";
import { unreachable } from "../support/scripted_source.ts";
import { test } from "../support/test.ts";

interface Scene {
  clock: ManualClock;
  hint: ChangeHint;
  asked: ReadOptions[];
  preferred: string[][];
  all: number;
  lost: number;
  found: number;
  answer(services: Record<string, string>, index: number, afterMs?: number): Promise<void>;
  fail(error: unknown): Promise<void>;
}

async function scene(run: (it: Scene) => Promise<void>, watched = 10): Promise<void> {
  const clock = new ManualClock();
  let settle: { resolve(summary: Summary): void; reject(error: unknown): void } | undefined;
  const it = { clock, asked: [], preferred: [], all: 0, lost: 0, found: 0 } as unknown as Scene;
  const summaries: Summaries = {
    isBehind: (position, known) => Number(position) < Number(known),
    summarize(options, signal) {
      it.asked.push(options);
      return new Promise((resolve, reject) => {
        settle = { resolve, reject };
        signal.addEventListener("abort", () => reject(signal.reason));
      });
    },
  };
  it.answer = async (services, index, afterMs = 1_000) => {
    await clock.advance(1_000);
    settle!.resolve({ position: String(index), services: new Map(Object.entries(services)) });
    await clock.advance(afterMs);
  };
  it.fail = async (error) => {
    await clock.advance(1_000);
    settle!.reject(error);
    await clock.advance(1_000);
  };
  it.hint = new ChangeHint(
    summaries,
    { clock, random: () => 0.5, waitMs: 60_000, watchedCount: () => watched },
    {
      get foundCount() {
        return it.found;
      },
      read: (services) => it.preferred.push([...services]),
      readAll: () => it.all++,
      lost: () => it.lost++,
    },
  );
  await clock.advance(0);
  await run(it);
  it.hint.stop();
  await clock.advance(0);
  assertEquals(clock.pending, 0);
}

test("ChangeHint has everything read once, then names the services that differ", () =>
  scene(async (it) => {
    assertEquals(it.hint.active, false);
    await it.answer({ a: "1", b: "1" }, 5);
    assertEquals([it.hint.active, it.all], [true, 1]);
    assertEquals([it.asked[1]?.position, it.asked[1]?.waitMs], ["5", 45_000]);
    await it.answer({ a: "2", c: "1" }, 6);
    assertEquals(it.preferred, [["a", "c", "b"]]);
    // A port may have changed along with them.
    assertEquals(it.all, 2);
  }));

test("ChangeHint does nothing when the wait ended without a change", () =>
  scene(async (it) => {
    await it.answer({ a: "1" }, 5);
    await it.answer({ a: "1" }, 5);
    await it.clock.advance(120_000);
    assertEquals([it.all, it.preferred.length], [1, 0]);
  }));

test("ChangeHint reads everything for a change that the summary does not show, ever more seldom in vain", () =>
  scene(async (it) => {
    await it.answer({ a: "1" }, 5);
    await it.answer({ a: "1" }, 6);
    assertEquals(it.all, 2);
    for (let index = 7; index < 307; index++) await it.answer({ a: "1" }, index);
    // Ten minutes of changes that no watch could see.
    assertLessOrEqual(it.all, 12);
    const before = it.all;
    for (let index = 307; index < 312; index++) {
      it.found++;
      await it.answer({ a: "1" }, index);
    }
    assertEquals(it.all - before, 5);
  }));

test("ChangeHint reads everything later when it may not at once", () =>
  scene(async (it) => {
    await it.answer({ a: "1" }, 5);
    await it.answer({ a: "1" }, 6);
    await it.answer({ a: "1" }, 7);
    await it.answer({ a: "1" }, 8, 500);
    assertEquals(it.all, 3);
    await it.clock.advance(500);
    assertEquals(it.all, 4);
  }));

test("ChangeHint reads everything when the index goes back", () =>
  scene(async (it) => {
    await it.answer({ a: "1" }, 50);
    await it.answer({ a: "1" }, 5);
    assertEquals(it.all, 2);
    assertEquals(it.asked.at(-1)?.position, undefined);
  }));

test("ChangeHint leaves a catalog alone that is much larger than what is watched", () =>
  scene(async (it) => {
    const services = Object.fromEntries(Array.from({ length: 41 }, (_, i) => [`s${i}`, "1"]));
    await it.answer(services, 5);
    assertEquals([it.hint.active, it.all], [false, 0]);
    await it.clock.advance(590_000);
    assertEquals(it.asked.length, 1);
    await it.clock.advance(20_000);
    assertEquals(it.asked.length, 2);
  }));

test("ChangeHint backs off while the registry is away, and gives up for ten minutes when refused", () =>
  scene(async (it) => {
    await it.answer({ a: "1" }, 5);
    await it.fail(unreachable());
    assertEquals(it.hint.active, false);
    await it.answer({ a: "1" }, 6);
    assertEquals([it.hint.active, it.all], [true, 2]);
    const asked = it.asked.length;
    await it.fail(new PilotedError("REGISTRY_DENIED", "Cannot read: received 403"));
    await it.clock.advance(590_000);
    assertEquals([it.hint.active, it.asked.length], [false, asked]);
  }));

test("ChangeHint says once that it is lost", () =>
  scene(async (it) => {
    await it.fail(unreachable());
    assertEquals(it.lost, 0);
    await it.clock.advance(60_000);
    await it.answer({ a: "1" }, 5);
    assertEquals([it.hint.active, it.lost], [true, 0]);
    await it.fail(unreachable());
    await it.clock.advance(60_000);
    await it.fail(unreachable());
    assertEquals([it.hint.active, it.lost], [false, 1]);
  }));
