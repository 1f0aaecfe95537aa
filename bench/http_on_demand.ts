/**
 * What a lookup costs that is answered from the cache of a client on demand, beside one of a client
 * that keeps its lists fresh by itself.
 *
 *     deno run -A bench/http_on_demand.ts
 *
 * Exits with 1 when a ratio is above its limit.
 */
import process from "node:process";
import { createPiloted } from "../src/client/create_piloted.ts";
import { routes } from "../src/http/mod.ts";
import { EmbeddedConsul } from "../src/testing/mod.ts";

const LIMIT = 1.3;
const ROUNDS = 15;

const consul = new EmbeddedConsul();
for (let number = 1; number <= 20; number++) {
  const address = `10.0.0.${number}`;
  consul.register({ name: "app", id: `${number}`, address, port: 80, status: "passing" });
}
const config = { consul: "consul:8500", watches: [{ name: "app", interval: 10 }] };
const live = await createPiloted({ config, fetch: consul.fetch });
const onDemand = await createPiloted({
  mode: "on-demand",
  config,
  fetch: consul.fetch,
  ttlMs: 600_000,
});
await onDemand.load("app");

async function nanoseconds(call: () => unknown, times: number): Promise<number> {
  const startedAt = performance.now();
  for (let i = 0; i < times; i++) await call();
  return (performance.now() - startedAt) / times * 1e6;
}

async function compare(
  name: string,
  times: number,
  mine: () => unknown,
  peer: () => unknown,
  limit: number,
): Promise<boolean> {
  const mineTimes: number[] = [];
  const peerTimes: number[] = [];
  for (let round = -2; round < ROUNDS; round++) {
    const [a, b] = [await nanoseconds(mine, times), await nanoseconds(peer, times)];
    // The first rounds are for the compiler.
    if (round < 0) continue;
    mineTimes.push(a);
    peerTimes.push(b);
  }
  // Other work on the machine only adds.
  const [a, b] = [Math.min(...mineTimes), Math.min(...peerTimes)];
  const figures = `${a.toFixed(0)} ns / ${b.toFixed(0)} ns = ${(a / b).toFixed(2)}`;
  console.log(`${name.padEnd(36)} ${figures}${limit < Infinity ? ` (at most ${limit})` : ""}`);
  return a / b <= limit;
}

const request = () => new Request("http://localhost/v1/services/app/endpoint");
const [liveApp, onDemandApp] = [routes(live), routes(onDemand)];
const results = [
  await compare(
    "GET endpoint, on demand / live",
    5_000,
    async () => await (await onDemandApp.fetch(request())).text(),
    async () => await (await liveApp.fetch(request())).text(),
    LIMIT,
  ),
  // Here reading the clock is most of it: a live client has no need to.
  await compare(
    "await service(), on demand / live",
    100_000,
    () => onDemand.service("app"),
    () => live.service("app"),
    Infinity,
  ),
];
await live.close();
await onDemand.close();
await consul.close();
if (results.includes(false)) process.exitCode = 1;
