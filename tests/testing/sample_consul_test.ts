import { assert, assertEquals, assertRejects } from "@std/assert";
import { ManualClock } from "../../src/testing/mod.ts";
import { startSampleConsul } from "../../src/testing/sample_consul.ts";
import { test } from "../support/test.ts";

interface Entry {
  Service: { ID: string };
  Checks: { Status: string }[];
}

test("startSampleConsul() serves its services and changes one at a time, for ever", async () => {
  const clock = new ManualClock();
  const sample = await startSampleConsul({ clock, everyMs: 1_000 });
  const state = async () => {
    const lists = await Promise.all(sample.services.map(async (name) => {
      const list = await (await fetch(`${sample.url}/v1/health/service/${name}`)).json() as Entry[];
      return list.map(({ Service, Checks }) =>
        `${Service.ID} ${Checks.map(({ Status }) => Status).filter((s) => s !== "passing")}`.trim()
      );
    }));
    return lists.flat();
  };
  const first = await state();
  assertEquals(first, [
    "customers-1",
    "customers-2",
    "customers-3",
    "orders-1",
    "orders-2",
    "search-1 warning",
  ]);
  let before = first;
  const seen = new Set([first.join()]);
  for (let step = 0; step < 24; step++) {
    await clock.advance(1_000);
    const after = await state();
    const gone = before.filter((entry) => !after.includes(entry)).length;
    const come = after.filter((entry) => !before.includes(entry)).length;
    assert(gone <= 1 && come <= 1 && gone + come > 0, `step ${step}: ${after}`);
    seen.add(after.join());
    before = after;
  }
  assertEquals(before, first);
  assert(seen.size >= 6);
  await sample.close();
  await sample.close();
  assertEquals(clock.pending, 0);
});

test("instances of startSampleConsul() answer with their names until it closes", async () => {
  const sample = await startSampleConsul({ clock: new ManualClock() });
  const addresses: string[] = [];
  for (const name of sample.services) {
    const list = await (await fetch(`${sample.url}/v1/health/service/${name}`)).json();
    for (const { Service: { ID, Address, Port } } of list) {
      addresses.push(`http://${Address}:${Port}/x`);
      assertEquals(await (await fetch(addresses.at(-1)!)).text(), `${ID}: /x\n`);
    }
  }
  await sample.close();
  assertEquals(addresses.length, 6);
  for (const address of addresses) await assertRejects(() => fetch(address));
});
