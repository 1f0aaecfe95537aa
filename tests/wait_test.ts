import type { Clock } from "../src/clock.ts";
import { assert, assertEquals } from "@std/assert";
import { spawn } from "node:child_process";
import process from "node:process";
import { systemClock } from "../src/clock.ts";
import { ManualClock } from "../src/testing/manual_clock.ts";
import { abortable, deadline, onAbort, sleep, startDeadline } from "../src/wait.ts";
import { test } from "./support/test.ts";

const reason = new Error("enough");
const late = new Error("too late");
const never = () => new Promise<string>(() => {});

/** A signal that counts its listeners. */
function countedSignal(): { controller: AbortController; signal: AbortSignal; count(): number } {
  const controller = new AbortController();
  const { signal } = controller;
  let count = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
    count++;
    addEventListener.apply(signal, args);
  };
  signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
    count--;
    removeEventListener.apply(signal, args);
  };
  return { controller, signal, count: () => count };
}

test("onAbort() calls the listener once with the reason, at once when it has aborted", () => {
  const controller = new AbortController();
  const seen: unknown[] = [];
  onAbort(controller.signal, (reason) => seen.push(reason));
  const remove = onAbort(controller.signal, () => seen.push("removed"));
  remove();
  controller.abort(reason);
  onAbort(controller.signal, (reason) => seen.push(reason));
  onAbort(undefined, () => seen.push("never"))();
  assertEquals(seen, [reason, reason]);
});

test("abortable() settles as the promise does, or rejects when the signal aborts", async () => {
  const { controller, signal, count } = countedSignal();
  assertEquals(await abortable(Promise.resolve(1), signal), 1);
  assertEquals(await abortable(Promise.reject(late), signal).catch((error) => error), late);
  assertEquals(count(), 0);
  const waiting = abortable(never(), signal).catch((error) => error);
  controller.abort(reason);
  assertEquals(await waiting, reason);
  assertEquals(await abortable(never(), signal).catch((error) => error), reason);
});

test("sleep() ends with its time, or with the signal's reason, and leaves nothing behind", async () => {
  const clock = new ManualClock();
  const { controller, signal, count } = countedSignal();
  let awake = false;
  const sleeping = sleep(clock, 100, { signal }).then(() => awake = true);
  await clock.advance(99);
  assertEquals(awake, false);
  await clock.advance(1);
  await sleeping;
  assertEquals(count(), 0);
  const cut = sleep(clock, 100, { signal }).catch((error) => error);
  controller.abort(reason);
  assertEquals([await cut, clock.pending], [reason, 0]);
  assertEquals(await sleep(clock, 100, { signal }).catch((error) => error), reason);
});

test("deadline() settles at the deadline although the work ignores its signal", async () => {
  const clock = new ManualClock();
  const { signal, count } = countedSignal();
  const signals: AbortSignal[] = [];
  const options = { timeoutMs: 1_000, error: () => late, signal };
  const work = (own: AbortSignal) => {
    signals.push(own);
    return never();
  };
  const waiting = deadline(clock, work, options).catch((error) => error);
  await clock.advance(999);
  assertEquals(signals[0]!.aborted, false);
  await clock.advance(1);
  assertEquals([await waiting, signals[0]!.reason, clock.pending, count()], [late, late, 0, 0]);
});

test("deadline() returns what the work returns, and stops its timer", async () => {
  const clock = new ManualClock();
  const { controller, signal, count } = countedSignal();
  const options = { timeoutMs: 1_000, error: () => late, signal };
  assertEquals(await deadline(clock, () => Promise.resolve("done"), options), "done");
  assertEquals([clock.pending, count()], [0, 0]);
  const waiting = deadline(clock, never, options).catch((error) => error);
  controller.abort(reason);
  assertEquals([await waiting, clock.pending], [reason, 0]);
});

/** A clock whose timers fire late, as after a pause of the process. */
class PausedClock extends ManualClock {
  pauseMs = 0;
  override now(): number {
    return super.now() + this.pauseMs;
  }
}

test("startDeadline() that fires late is extended once, so that what arrived is handled first", async () => {
  const clock = new PausedClock();
  const ends: [number, boolean][] = [];
  const start = clock.now();
  startDeadline(clock, 500, (extended) => ends.push([clock.now() - start, extended]));
  clock.pauseMs = 5_000;
  await clock.advance(500);
  assertEquals(ends, []);
  await clock.advance(499);
  assertEquals(ends, []);
  await clock.advance(1);
  assertEquals(ends, [[6_000, true]]);
  const punctual = startDeadline(clock, 500, (extended) => ends.push([0, extended]));
  await clock.advance(500);
  assertEquals(ends[1], [0, false]);
  punctual.cancel();
  clock.pauseMs = 5_000;
  const cancelled = startDeadline(clock, 500, () => ends.push([-1, false]));
  clock.pauseMs = 10_000;
  await clock.advance(500);
  cancelled.cancel();
  await clock.advance(10_000);
  assertEquals([ends.length, clock.pending], [2, 0]);
});

test("deadline() takes a response that arrived while the process was busy", async () => {
  // A real response of another process, and an event loop that is blocked beyond the deadline.
  const child = spawn(process.execPath, ["--version"], { stdio: ["ignore", "pipe", "ignore"] });
  const output = new Promise<string>((resolve) =>
    child.stdout.once("data", (data) => resolve(`${data}`))
  );
  const closed = new Promise((resolve) => child.once("close", resolve));
  const read = deadline(systemClock, () => output, { timeoutMs: 300, error: () => late });
  const end = Date.now() + 1_500;
  while (Date.now() < end);
  assert((await read).length > 0);
  await closed;
});

test("startDeadline() takes several turns of the event loop for an extension", async () => {
  const clock = new ManualClock();
  let startCount = 0;
  const counting: Clock = {
    now: () => clock.now(),
    start: (callback, delayMs) => (startCount++, clock.start(callback, delayMs)),
  };
  let late = 0;
  let expired = 0;
  const options = { late: () => void late++ };
  const timer = startDeadline(counting, 500, () => void expired++, options);
  clock.pause(5_000);
  await clock.advance(499);
  assertEquals([late, expired], [1, 0]);
  await clock.advance(1);
  assertEquals([startCount, late, expired, clock.pending], [6, 1, 1, 0]);
  timer.cancel();
  const cancelled = startDeadline(counting, 500, () => void expired++);
  clock.pause(5_000);
  await clock.advance(250);
  cancelled.cancel();
  await clock.advance(5_000);
  assertEquals([expired, clock.pending], [1, 0]);
});
