/**
 * Nanoseconds for one choice, each peer in turn in every round.
 *
 *     node --import tsx bench/peers/processes/pick_process.ts ENDPOINTS ROUNDS ROUND_MS PEERS
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { createPiloted } from "../../../src/client/create_piloted.ts";
import { StaticSource } from "../../../src/source/static.ts";
import { loadPeer } from "../load_peer.ts";
import { roundRobinPicker } from "./round_robin_picker.ts";

const [, , size, rounds, roundMs, names] = process.argv;
const ENDPOINTS = Array.from(
  { length: Number(size) },
  (_, i) => ({ address: `10.0.${i >> 8}.${i & 255}`, port: 80 }),
);
const peers = names!.split(",");
const calls = new Map<string, () => unknown>();

const client = await createPiloted({
  config: { consul: "unused:8500", watches: [{ name: "app", interval: 86_400 }] },
  source: new StaticSource({ app: ENDPOINTS }),
  signals: false,
});
calls.set("pick()", () => client.pick("app"));

// npm packages read their list from a stand-in for Consul.
const body = JSON.stringify(
  ENDPOINTS.map(({ address, port }) => ({ Service: { Address: address, Port: port } })),
);
const server = createServer((_, response) => {
  response.setHeader("Content-Type", "application/json");
  response.end(body);
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const { port } = server.address() as AddressInfo;

if (peers.includes("piloted")) {
  const peer = loadPeer<{
    config(config: unknown): Promise<void>;
    service(name: string): unknown;
  }>("piloted");
  await peer.config({ consul: `127.0.0.1:${port}`, watches: [{ name: "app" }] });
  calls.set("npm piloted", () => peer.service("app"));
}
if (peers.includes("consul")) {
  const Consul = loadPeer<
    new (options: object) => {
      health: {
        service(options: object): Promise<{ Service: { Address: string; Port: number } }[]>;
      };
    }
  >("consul");
  const entries = await new Consul({ host: "127.0.0.1", port }).health.service({
    service: "app",
    passing: true,
  });
  const list = entries.map(({ Service }) => ({ address: Service.Address, port: Service.Port }));
  let next = 0;
  calls.set("npm consul, cache by hand", () => list[next++ % list.length]);
}
if (peers.includes("undici")) {
  const { BalancedPool } = loadPeer<{
    BalancedPool: new (upstreams: string[]) => Record<symbol, () => unknown>;
  }>("undici");
  // What the pool itself calls for each request.
  const { kGetDispatcher } = loadPeer<{ kGetDispatcher: symbol }>(
    "undici/lib/dispatcher/pool-base.js",
  );
  const pool = new BalancedPool(ENDPOINTS.map(({ address, port }) => `http://${address}:${port}`));
  calls.set("undici BalancedPool", () => pool[kGetDispatcher]!());
}
if (peers.includes("@grpc/grpc-js")) {
  const picker = roundRobinPicker(ENDPOINTS);
  const args = { metadata: undefined, extraPickInfo: {} };
  calls.set("grpc-js round_robin", () => picker.pick(args));
}
server.closeAllConnections();
server.close();

/** Nanoseconds for one call. One loop for all, so that no call is the only one that it knows. */
function time(call: () => unknown, count: number): number {
  const startedAt = performance.now();
  for (let i = 0; i < count; i++) call();
  return (performance.now() - startedAt) / count * 1e6;
}

const counts = new Map<string, number>();
for (const [name, call] of calls) {
  // The warm-up also says how many calls fit into a round.
  const end = performance.now() + 5 * Number(roundMs);
  let count = 0;
  for (; performance.now() < end; count += 50) time(call, 50);
  counts.set(name, Math.max(50, Math.round(count / 5)));
}
const figures = Object.fromEntries([...calls.keys()].map((name) => [name, [] as number[]]));
for (let round = 0; round < Number(rounds); round++) {
  for (const [name, call] of calls) figures[name]!.push(time(call, counts.get(name)!));
}
await client.close();
console.log(JSON.stringify(figures));
process.exit();
