import process from "node:process";
import { assert } from "@std/assert";
import { ROWS } from "../../bench/balance/rows.ts";
import { test } from "../support/test.ts";

// A simulation is the same in every run, unless it is told to be another one.
const seed = Number(process.env.PILOTED_SEED ?? 2016);

for (const row of ROWS) {
  const [least, most] = [row.least, row.most].map((bound) => bound.toFixed(row.digits));
  test(`${row.balancer} in simulation: ${row.what}, from ${least} to ${most}`, async () => {
    const figure = await row.measure(seed);
    assert(figure >= row.least && figure <= row.most, `${figure} with PILOTED_SEED=${seed}`);
  });
}
