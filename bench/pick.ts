/**
 * `pick()` and `service()` beside npm `piloted`, in one run, as ratios.
 *
 * Run on Node: `node --expose-gc --import tsx bench/pick.ts`
 */
import { createRequire } from "node:module";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createPiloted } from "../src/client/create_piloted.ts";
import type { BalancerName } from "../src/balance/create_balancer.ts";
import type { PickOptions } from "../src/balance/balancer.ts";
import { type StaticEndpoint, StaticSource } from "../src/source/static.ts";

interface Peer {
  config(config: unknown): Promise<void>;
  service(name: string): { address: string; port: number };
}

const peer = createRequire(import.meta.url)("piloted") as Peer;

function addresses(count: number): StaticEndpoint[] {
  return Array.from({ length: count }, (_, i) => ({
    address: `10.0.${i >> 8}.${i & 255}`,
    port: 80,
    tags: ["blue"],
    meta: { version: `${1 + i % 2}`, color: "red" },
  }));
}

const ROUNDS = 200;
const CALLS = 50_000;

/**
 * Nanoseconds for one call: the best of many short rounds, since whatever else the machine does
 * only adds. One loop for all, so that no call has the advantage of being the only one it knows.
 */
function time(call: () => unknown): number {
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const startedAt = performance.now();
    for (let i = 0; i < CALLS; i++) call();
    best = Math.min(best, performance.now() - startedAt);
  }
  return best / CALLS * 1e6;
}

async function timeAsync(call: () => unknown): Promise<number> {
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const startedAt = performance.now();
    for (let i = 0; i < CALLS; i++) await call();
    best = Math.min(best, performance.now() - startedAt);
  }
  return best / CALLS * 1e6;
}

/** Nanoseconds for one call of the peer, which is configured from a small stand-in for Consul. */
async function timePeer(count: number): Promise<number> {
  const body = JSON.stringify(
    addresses(count).map(({ address, port }) => ({ Service: { Address: address, Port: port } })),
  );
  const server = createServer((_, response) => {
    response.setHeader("Content-Type", "application/json");
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const name = `app${count}`;
  await peer.config({ consul: `127.0.0.1:${port}`, watches: [{ name }] });
  server.closeAllConnections();
  server.close();
  return time(() => peer.service(name));
}

function client(count: number, balancer?: BalancerName) {
  return createPiloted({
    config: { consul: "unused:8500", watches: [{ name: "app", interval: 86_400 }] },
    source: new StaticSource({ app: addresses(count) }),
    signals: false,
    balancer,
  });
}

async function timePick(
  count: number,
  balancer?: BalancerName,
  options?: PickOptions,
): Promise<number> {
  const piloted = await client(count, balancer);
  const took = time(() => piloted.pick("app", options));
  await piloted.close();
  return took;
}

/** Bytes that one call leaves behind; needs `--expose-gc`. */
async function allocation(
  balancer?: BalancerName,
  options?: PickOptions,
): Promise<number | undefined> {
  const { gc } = globalThis as { gc?: () => void };
  if (gc === undefined) return undefined;
  const piloted = await client(1_000, balancer);
  for (let i = 0; i < 100_000; i++) piloted.pick("app", options);
  gc();
  const before = process.memoryUsage().heapUsed;
  // Fewer than fill the young generation, so that nothing is collected meanwhile.
  for (let i = 0; i < 100_000; i++) piloted.pick("app", options);
  const bytes = (process.memoryUsage().heapUsed - before) / 100_000;
  await piloted.close();
  return bytes;
}

function row(what: string, figure: string, bound = ""): void {
  console.log(`${what.padEnd(58)} ${figure.padStart(10)}  ${bound}`);
}

console.log(`pick() on Node ${process.version}; the bounds are issue 2's\n`);
time(() => 0);
time(() => "warm");
const sizes = [1, 20, 1_000, 10_000];
await timePick(20);
const picks = new Map<number, number>();
for (const size of sizes) picks.set(size, await timePick(size));
for (const [size, ns] of picks) row(`pick() at ${size} endpoints`, `${ns.toFixed(1)} ns`);
const slowest = Math.max(...picks.values()) / picks.get(1)!;
row("slowest of them / pick() at 1 endpoint", slowest.toFixed(2), "at most 1.5");
for (const [size, bound] of [[20, 10], [1_000, 120]] as const) {
  const ns = await timePeer(size);
  row(`npm piloted service() at ${size} endpoints`, `${ns.toFixed(1)} ns`);
  row(`  that / pick()`, (ns / picks.get(size)!).toFixed(1), `at least ${bound}`);
}
const piloted = await client(20);
const nothing = Promise.resolve();
const bare = await timeAsync(() => nothing);
const awaited = await timeAsync(() => piloted.service("app"));
await piloted.close();
row("await of a promise that is there already", `${bare.toFixed(1)} ns`);
row("await service() at 20 endpoints", `${awaited.toFixed(1)} ns`);
row("  that / pick()", (awaited / picks.get(20)!).toFixed(1), "at most 10");
row("bytes left behind by one pick()", (await allocation())?.toFixed(2) ?? "-", "0");

console.log("\npick() with a filter or a split that was seen before\n");
const routed: [string, PickOptions][] = [
  ['{ tags: ["blue"] }', { tags: ["blue"] }],
  ['{ version: "1", meta: { color: "red" } }', { version: "1", meta: { color: "red" } }],
  ["{ split } of two values", { split: { version: { "1": 95, "2": 5 } } }],
];
for (const [what, options] of routed) {
  for (const size of [20, 10_000]) {
    const ns = await timePick(size, undefined, options);
    row(`${what} at ${size} endpoints`, `${ns.toFixed(1)} ns`);
  }
  const bound = options.split === undefined ? "0" : "";
  row("  bytes left behind", (await allocation(undefined, options))?.toFixed(2) ?? "-", bound);
}

console.log("\nEvery balancer, 1 and 10,000 endpoints\n");
const names: BalancerName[] = [
  "round-robin",
  "weighted-round-robin",
  "random",
  "least-pending",
  "p2c-ewma",
];
for (const name of names) {
  const [one, many] = [await timePick(1, name), await timePick(10_000, name)];
  row(`${name}: pick() at 1 endpoint`, `${one.toFixed(1)} ns`);
  row(
    `${name}: at 10,000`,
    `${many.toFixed(1)} ns`,
    `${(many / picks.get(10_000)!).toFixed(1)} x round robin`,
  );
  row(`${name}: bytes left behind`, (await allocation(name))?.toFixed(2) ?? "-");
}
