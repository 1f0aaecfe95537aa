/**
 * Random subsetting at the size of issue 11: 1,000 clients over 10,000 endpoints.
 *
 * Run: `deno task bench subset_simulation`
 */
import process from "node:process";
import { simulateSubsets } from "./balance/subset_skew.ts";

const CLIENTS = 1_000;
const ENDPOINTS = 10_000;

console.log(`${CLIENTS} clients, ${ENDPOINTS} endpoints; 5 endpoints go and 5 come\n`);
for (const size of [20, 100, 500]) {
  const figures = simulateSubsets({ clients: CLIENTS, endpoints: ENDPOINTS, size, changes: 5 });
  const { perClient, perEndpoint: [mean, least, most], skew, binomialSkew, churn } = figures;
  const row = (what: string, figure: string, bound = "") =>
    console.log(`${what.padEnd(58)} ${figure.padStart(14)}  ${bound}`);
  row(`size ${size}: connections per client`, perClient.join(" to "), String(size));
  row("  connections of all clients", String(CLIENTS * size), `of ${CLIENTS * ENDPOINTS}`);
  row("  clients per endpoint, mean", mean.toFixed(1));
  row("  fewest and most", `${least} to ${most}`);
  row("  load skew (deviation / mean)", skew.toFixed(3), `by dice: ${binomialSkew.toFixed(3)}`);
  row("  most endpoints lost and got by one change", churn.join(" and "), "at most 1 and 1");
  row("  clients touched by one change", figures.touchedClients.toFixed(1));
  const isGood = perClient[0] === size && perClient[1] === size && Math.max(...churn) <= 1 &&
    Math.abs(skew / binomialSkew - 1) < 0.1;
  if (!isGood) process.exitCode = 1;
}
