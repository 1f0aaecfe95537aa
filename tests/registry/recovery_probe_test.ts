import { assertEquals } from "@std/assert";
import { RecoveryProbe } from "../../src/registry/recovery_probe.ts";
import { ManualClock } from "../../src/testing/manual_clock.ts";
import { test } from "../support/test.ts";

function waiting(count: number): { hastened: number; hasten(): void }[] {
  return Array.from({ length: count }, () => ({
    hastened: 0,
    hasten() {
      this.hastened++;
    },
  }));
}

function total(all: readonly { hastened: number }[]): number {
  return all.reduce((sum, { hastened }) => sum + hastened, 0);
}

test("RecoveryProbe lets one read every second, each in turn", async () => {
  const clock = new ManualClock();
  const probe = new RecoveryProbe(clock, () => 0.5, false);
  const all = waiting(3);
  for (const each of all) probe.add(each);
  await clock.advance(3_000);
  assertEquals(all.map(({ hastened }) => hastened), [1, 1, 1]);
  probe.close();
  assertEquals(clock.pending, 0);
});

test("RecoveryProbe wakes all when a read succeeded, in groups of 50", async () => {
  const clock = new ManualClock();
  const probe = new RecoveryProbe(clock, () => 0.5, false);
  const all = waiting(120);
  for (const each of all) probe.add(each);
  probe.recovered(all[0]!);
  assertEquals(total(all), 50);
  await clock.advance(50);
  assertEquals(total(all), 100);
  await clock.advance(50);
  assertEquals(total(all), 119);
  assertEquals(clock.pending, 0);
});

test("RecoveryProbe has no timer while nobody waits", () => {
  const clock = new ManualClock();
  const probe = new RecoveryProbe(clock, () => 0.5, false);
  const [one] = waiting(1);
  assertEquals(clock.pending, 0);
  probe.add(one!);
  assertEquals(clock.pending, 1);
  probe.delete(one!);
  assertEquals(clock.pending, 0);
});
