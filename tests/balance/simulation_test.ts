import { assert } from "@std/assert";
import { ROWS } from "../../bench/balance/rows.ts";
import { test } from "../support/test.ts";
import { seed } from "./support.ts";

for (const row of ROWS) {
  const { what, balancer, least, most } = row;
  test(`Simulation with ${balancer}: ${what} lies between ${least} and ${most}`, () => {
    const figure = row.measure(seed);
    assert(figure >= least && figure <= most, `${figure} with PILOTED_SEED=${seed}`);
  });
}
