import { assertEquals } from "@std/assert";
import { Deadline, Deadlines } from "../../src/fetch/deadlines.ts";
import { Pauses } from "../../src/fetch/pauses.ts";
import { ManualClock } from "../../src/testing/manual_clock.ts";
import { test } from "../support/test.ts";

/** Deadlines that write down how they ended. */
function wheel() {
  const clock = new ManualClock();
  const pauses = new Pauses();
  const deadlines = new Deadlines(clock, pauses);
  const ended: string[] = [];
  class Named extends Deadline {
    readonly name: string;
    constructor(name: string) {
      super();
      this.name = name;
    }
    expire(): void {
      ended.push(this.name);
    }
    close(reason: unknown): void {
      ended.push(`${this.name} ${reason}`);
    }
  }
  const add = (name: string, timeoutMs: number) => {
    const deadline = new Named(name);
    deadlines.add(deadline, clock.now(), timeoutMs);
    return deadline;
  };
  return { clock, deadlines, pauses, ended, add };
}

test("Deadlines expire in their order, never early, and behind one timer", async () => {
  const { clock, ended, add } = wheel();
  await clock.advance(3.4);
  add("long", 2_000);
  add("short", 20);
  add("long, too", 2_000);
  add("middle", 700.5);
  assertEquals(clock.pending, 1);
  await clock.advance(19.9);
  assertEquals(ended, []);
  await clock.advance(1.1);
  assertEquals(ended, ["short"]);
  await clock.advance(679);
  assertEquals(ended, ["short"]);
  await clock.advance(11);
  assertEquals(ended, ["short", "middle"]);
  await clock.advance(1_300);
  assertEquals(ended, ["short", "middle", "long", "long, too"]);
  assertEquals(clock.pending, 0);
});

test("Deadlines forget what was cancelled, whatever its place", async () => {
  const { clock, ended, add } = wheel();
  const [first, second, third, fourth] = ["1", "2", "3", "4"].map((name) => add(name, 100));
  second!.cancel();
  second!.cancel();
  fourth!.cancel();
  await clock.advance(101);
  assertEquals(ended, ["1", "3"]);
  for (const deadline of [first, third]) deadline!.cancel();
  add("short, after a long one was cancelled", 10);
  await clock.advance(11);
  assertEquals(ended.length, 3);
});

test("Deadlines wait for one that is added to a moment that was kept empty", async () => {
  const { clock, ended, add } = wheel();
  add("late", 10_000);
  const early = add("early", 50);
  add("first", 10);
  add("same moment", 50).cancel();
  early.cancel();
  await clock.advance(11);
  add("again", 39);
  await clock.advance(40);
  assertEquals(ended, ["first", "again"]);
});

test("Deadlines cancel another one that is due at the same moment", async () => {
  const { clock, deadlines, ended, add } = wheel();
  const other = add("other", 100);
  class Canceller extends Deadline {
    expire(): void {
      ended.push("canceller");
      other.cancel();
    }
    close(): void {}
  }
  other.cancel();
  deadlines.add(new Canceller(), clock.now(), 100);
  deadlines.add(other, clock.now(), 100);
  await clock.advance(101);
  assertEquals(ended, ["canceller"]);
});

test("Deadlines that are noticed late are extended once, and forgotten when they are cancelled meanwhile", async () => {
  const { clock, pauses, ended, add } = wheel();
  const startedAt = clock.now();
  add("kept", 1_000);
  const cancelled = add("cancelled", 1_000);
  await clock.advance(10);
  clock.pause(5_000);
  await clock.advance(0);
  assertEquals([ended, pauses.cover(startedAt)], [[], true]);
  await clock.advance(500);
  cancelled.cancel();
  await clock.advance(500);
  assertEquals([ended, clock.pending], [["kept"], 0]);
});

test("Deadlines.close() ends all that is left after the grace, those without an end included", async () => {
  const { clock, deadlines, ended, add } = wheel();
  add("endless", Infinity);
  add("long", 60_000);
  add("gone", Infinity).cancel();
  deadlines.close(1_000, "closed");
  await clock.advance(999);
  assertEquals(ended, []);
  await clock.advance(1);
  assertEquals([ended.sort(), clock.pending], [["endless closed", "long closed"], 0]);
  const idle = wheel();
  idle.add("done", 60_000).cancel();
  idle.deadlines.close(1_000, "closed");
  assertEquals(idle.clock.pending, 0);
  const patient = wheel();
  patient.add("endless", Infinity);
  patient.deadlines.close(Infinity, "closed");
  assertEquals(patient.clock.pending, 0);
});
