/**
 * What the balancers do for requests, in virtual time: the figures of issue 5 beside their bounds.
 *
 *     deno task bench balance_simulation
 *     deno run -A bench/balance_simulation.ts --picture    # draws docs/balancing.svg, too
 *
 * `$PILOTED_SEED` simulates another world. Exits with 1 when a bound is broken.
 */
import { writeFile } from "node:fs/promises";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { drawBalancing } from "./balance/draw_balancing.ts";
import { ROWS } from "./balance/rows.ts";

const seed = Number(process.env.PILOTED_SEED ?? 2016);

console.log(`| what | balancer | figure | bound |\n|---|---|---|---|`);
for (const { what, balancer, unit, digits, least, most, measure } of ROWS) {
  const figure = await measure(seed);
  const [low, value, high] = [least, figure, most].map((number) => number.toFixed(digits));
  const bound = least === most ? low : `${low} to ${high}`;
  const fault = figure >= least && figure <= most ? "" : " BROKEN";
  if (fault !== "") process.exitCode = 1;
  console.log(`| ${what} | \`${balancer}\` | ${value} ${unit} | ${bound}${fault} |`);
}

if (process.argv.includes("--picture")) {
  const path = fileURLToPath(new URL("../docs/balancing.svg", import.meta.url));
  await writeFile(path, drawBalancing(seed));
  console.log(`\nDrew ${path}`);
}
