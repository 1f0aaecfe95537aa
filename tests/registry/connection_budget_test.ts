import { assertEquals, assertLessOrEqual } from "@std/assert";
import {
  ConnectionBudget,
  type ConnectionBudgetOptions,
  type Permit,
  type Pollable,
} from "../../src/registry/connection_budget.ts";
import type { HintObserver } from "../../src/registry/change_hint.ts";
import { ManualClock } from "../../src/testing/manual_clock.ts";
import { test } from "../support/test.ts";

interface Scene {
  clock: ManualClock;
  budget: ConnectionBudget;
  /** Asks for a long turn and notes it when it comes. */
  ask(service: string, changedAt?: number): void;
  turns: { service: string; turn: Permit }[];
}

async function scene(
  test: (it: Scene) => Promise<void>,
  options: Partial<ConnectionBudgetOptions> = {},
): Promise<void> {
  const clock = new ManualClock();
  const budget = new ConnectionBudget({
    clock,
    random: () => 0.5,
    maxConnections: 8,
    waitMs: 60_000,
    ...options,
  });
  const closing = new AbortController();
  const turns: Scene["turns"] = [];
  const asks: Promise<void>[] = [];
  await test({
    clock,
    budget,
    turns,
    ask(service, changedAt = 0) {
      const asker: Pollable = { query: { service }, changedAt };
      asks.push(
        budget.longPermit(asker, closing.signal).then((turn) => void turns.push({ service, turn }))
          .catch(() => {}),
      );
    },
  });
  closing.abort();
  budget.close();
  await Promise.all(asks);
  assertEquals(clock.pending, 0);
}

function ask(it: Scene, count: number): void {
  for (let i = 0; i < count; i++) it.ask(`s${i}`);
}

test("ConnectionBudget gives long turns as places allow, with half to all of waitMs, and parks the rest", () =>
  scene(async (it) => {
    ask(it, 7);
    await it.clock.advance(0);
    // Of 8 connections 2 are for short questions and 1 for the hint.
    assertEquals(it.turns.map(({ turn }) => turn.waitMs), Array(5).fill(45_000));
    assertEquals(it.budget.load, { long: 5, places: 5, parked: 2 });
  }));

test("ConnectionBudget reads parked watches in rotation", () =>
  scene(async (it) => {
    ask(it, 7);
    await it.clock.advance(2_000);
    const parked = it.turns.slice(5);
    assertEquals(parked.map(({ service, turn }) => [service, turn.waitMs]), [["s5", 0], ["s6", 0]]);
  }));

test("ConnectionBudget reads each of 800 parked watches within 1.5 s without a hint, and at most 650 a second", () =>
  scene(async (it) => {
    const waited = new Map<string, number>();
    let total = 0;
    ask(it, 847);
    await it.clock.advance(0);
    // The blocking queries stay.
    it.turns.splice(0);
    for (let ms = 0; ms < 10_000; ms += 10) {
      await it.clock.advance(10);
      for (const { service, turn } of it.turns.splice(0)) {
        turn.release();
        total++;
        waited.set(service, ms);
        it.ask(service);
      }
      for (const [service, at] of waited) assertLessOrEqual(ms - at, 1_600, service);
    }
    assertEquals(waited.size, 800);
    assertLessOrEqual(total, 6_600);
  }, { maxConnections: 64 }));

test("ConnectionBudget goes back to the fast rotation at once when the hint is lost", () => {
  let observer: HintObserver | undefined;
  let active = true;
  return scene(async (it) => {
    ask(it, 15);
    await it.clock.advance(3_000);
    assertEquals(it.turns.length, 5);
    active = false;
    observer!.lost();
    it.turns.splice(0);
    const read = new Set<string>();
    for (let ms = 0; ms < 1_600; ms += 10) {
      await it.clock.advance(10);
      for (const { service, turn } of it.turns.splice(0)) {
        turn.release();
        read.add(service);
        it.ask(service);
      }
    }
    assertEquals(read.size, 10);
  }, {
    hint: (given) => {
      observer = given;
      return {
        get active() {
          return active;
        },
        stop() {},
      };
    },
  });
});

test("ConnectionBudget hands a free place to the parked watch that changed last", () =>
  scene(async (it) => {
    ask(it, 5);
    it.ask("cold");
    it.ask("warm", 1_000);
    it.ask("hot", 2_000);
    await it.clock.advance(0);
    it.turns[0]!.turn.release();
    await it.clock.advance(0);
    assertEquals(it.turns.at(-1)?.service, "hot");
    assertEquals(it.turns.at(-1)?.turn.waitMs, 45_000);
  }));

test("ConnectionBudget halves its places with 429 and gives one back every ten seconds of good answers", () =>
  scene(async (it) => {
    it.budget.succeeded();
    assertEquals(it.budget.load.places, 5);
    it.budget.refused();
    ask(it, 5);
    await it.clock.advance(0);
    assertEquals(it.budget.load.long, 2);
    await it.clock.advance(10_000);
    it.budget.succeeded();
    it.budget.succeeded();
    it.ask("more");
    await it.clock.advance(0);
    assertEquals(it.budget.load.long, 3);
  }));

test("ConnectionBudget.shortPermit() never has more under way than there are places, and ends with the signal", () =>
  scene(async (it) => {
    const aborting = new AbortController();
    const turns: Permit[] = [];
    const waiting = Array.from(
      { length: 5 },
      () =>
        it.budget.shortPermit(aborting.signal).then(
          (turn) => void turns.push(turn),
          () => "ended",
        ),
    );
    await it.clock.advance(0);
    assertEquals(turns.length, 2);
    turns[0]!.release();
    turns[0]!.release();
    await it.clock.advance(0);
    assertEquals(turns.length, 3);
    aborting.abort();
    const ended = await Promise.all(waiting);
    assertEquals(ended.filter((each) => each === "ended").length, 2);
  }));

test("ConnectionBudget reads at once what the hint names, and rotates slowly while there is one", () => {
  let observer: HintObserver | undefined;
  let stopped = false;
  return scene(async (it) => {
    ask(it, 4);
    assertEquals(observer, undefined);
    ask(it, 20);
    await it.clock.advance(0);
    await it.clock.advance(5_000);
    // A lap of 19 parked watches takes two minutes.
    assertEquals(it.turns.length, 5);
    observer!.read(new Set(["s12", "s13", "unwatched"]));
    await it.clock.advance(0);
    assertEquals(it.turns.slice(5).map(({ service }) => service), ["s12", "s13"]);
    for (const { turn } of it.turns.slice(5)) turn.release();
    observer!.readAll();
    for (let turn = 7; turn < 24; turn++) {
      await it.clock.advance(0);
      it.turns[turn]?.turn.release();
    }
    assertEquals(it.turns.length, 24);
    assertEquals(observer!.foundCount, 0);
    assertEquals(stopped, false);
    it.budget.close();
    assertEquals(stopped, true);
  }, {
    hint: (given) => {
      observer = given;
      return { active: true, stop: () => stopped = true };
    },
  });
});

test("ConnectionBudget counts what is found by reading all, and not what the hint had named", () => {
  let observer: HintObserver | undefined;
  return scene(async (it) => {
    ask(it, 5);
    const changing = { query: { service: "x" }, changedAt: 0 };
    const found: number[] = [];
    for (const read of [() => observer!.read(new Set(["x"])), () => observer!.readAll()]) {
      const turn = it.budget.longPermit(changing, new AbortController().signal);
      read();
      const { release } = await turn;
      changing.changedAt++;
      release();
      found.push(observer!.foundCount);
    }
    assertEquals(found, [0, 1]);
  }, {
    hint: (given) => {
      observer = given;
      return { active: true, stop() {} };
    },
  });
});

test("ConnectionBudget parks nobody while questions share connections, and still heeds a 429", () => {
  return scene(async (it) => {
    ask(it, 500);
    await it.clock.advance(0);
    assertEquals(it.budget.load, { long: 500, places: Infinity, parked: 0 });
    it.budget.refused();
    assertEquals(it.budget.load.places, 250);
    for (const { turn } of it.turns.splice(0)) turn.release();
    ask(it, 500);
    await it.clock.advance(0);
    assertEquals([it.budget.load.long, it.budget.load.parked], [250, 250]);
  }, { multiplexed: () => true });
});

test("ConnectionBudget forgets a parked watch that is aborted", async () => {
  const clock = new ManualClock();
  const budget = new ConnectionBudget({
    clock,
    random: () => 0.5,
    maxConnections: 2,
    waitMs: 60_000,
  });
  const signal = new AbortController().signal;
  const held = await budget.longPermit({ query: { service: "a" }, changedAt: 0 }, signal);
  const abort = new AbortController();
  const parked = budget.longPermit({ query: { service: "b" }, changedAt: 1 }, abort.signal);
  assertEquals(budget.load.parked, 1);
  const reason = new Error("enough");
  abort.abort(reason);
  assertEquals(await parked.catch((error) => error), reason);
  assertEquals(budget.load.parked, 0);
  held.release();
  assertEquals(budget.load.long, 0);
  budget.close();
  assertEquals(clock.pending, 0);
});

test("ConnectionBudget leaves parked watches alone, and the hint off, while the registry limits the rate", () => {
  let isLimited = true;
  let hints = 0;
  return scene(async (it) => {
    ask(it, 7);
    await it.clock.advance(10_000);
    assertEquals([it.turns.length, hints], [5, 0]);
    isLimited = false;
    await it.clock.advance(2_000);
    assertEquals([it.turns.length, hints], [7, 1]);
  }, {
    isLimited: () => isLimited,
    hint: () => {
      hints++;
      return { active: false, stop() {} };
    },
  });
});
