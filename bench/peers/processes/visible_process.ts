/**
 * Registers services, and measures when each client sees the new port. Every client watches a service of
 * its own, and these change in turn: nobody waits for the response that another one caused.
 *
 *     node --import tsx bench/peers/processes/visible_process.ts CONSUL ROUNDS CHANGES PEERS
 */
import { Agent, get } from "node:http";
import process from "node:process";
import { createPiloted } from "../../../src/client/create_piloted.ts";
import { sleep } from "../../../scripts/chaos/measure.ts";
import { consulPackage, type HealthEntry } from "./consul_package.ts";
import { pilotedPackage } from "./piloted_package.ts";

const WARM_UP = 2;
const KEPT_ALIVE = new Agent({ keepAlive: true });
const [, , url, rounds, changes, names] = process.argv;
const peers = names!.split(",");

/** By client: called with the port that it sees. */
const waiting = new Map<string, (port: number) => void>();

function seen(client: string, port: number | undefined): void {
  if (port !== undefined) waiting.get(client)?.(port);
}

async function register(service: string, port: number): Promise<void> {
  const response = await fetch(`${url}/v1/agent/service/register`, {
    method: "PUT",
    body: JSON.stringify({ Name: service, ID: service, Address: "10.0.0.1", Port: port }),
  });
  await response.text();
  if (!response.ok) throw new Error(`Cannot register: ${response.status}`);
}

function queryUrl(service: string, index: string): string {
  return `${url}/v1/health/service/${service}?passing&stale&index=${index}&wait=60s`;
}

/** By `node:http`, which npm `consul` uses, too. */
function bareHttpQueries(client: string, service: string, index = "0"): void {
  get(queryUrl(service, index), { agent: KEPT_ALIVE }, async (response) => {
    let text = "";
    for await (const chunk of response.setEncoding("utf8")) text += chunk;
    const [entry] = JSON.parse(text) as HealthEntry[];
    seen(client, entry?.Service.Port);
    bareHttpQueries(client, service, String(response.headers["x-consul-index"]));
  });
}

async function bareQueries(client: string, service: string): Promise<void> {
  for (let index = "0";;) {
    const response = await fetch(queryUrl(service, index));
    index = response.headers.get("X-Consul-Index")!;
    const [entry] = await response.json() as HealthEntry[];
    seen(client, entry?.Service.Port);
  }
}

/** By client, the service that it watches. */
const services: Record<string, string> = {
  "piloted, live": "live",
  "bare query, fetch": "bare",
  "bare query, node:http": "bare-http",
  ...peers.includes("consul") && { "npm consul, watch": "watched" },
  ...peers.includes("piloted") && { "npm piloted, SIGHUP": "sighup" },
};
for (const service of Object.values(services)) await register(service, 1_000);
// The agent copies registrations to its catalog a moment later.
await sleep(500);

const client = await createPiloted({
  config: { consul: url!, watches: [{ name: "live" }] },
  signals: false,
  env: {},
});
client.on("change", ({ endpoints }) => seen("piloted, live", endpoints[0]?.port));
void bareQueries("bare query, fetch", "bare");
bareHttpQueries("bare query, node:http", "bare-http");
if (peers.includes("consul")) {
  const watch = consulPackage(url!).watch("watched");
  watch.on("change", ([entry]) => seen("npm consul, watch", entry?.Service.Port));
  watch.on("error", (error) => console.error(error));
}
if (peers.includes("piloted")) {
  const { peer } = await pilotedPackage(url!, ["sighup"]);
  peer.on("refresh", () => seen("npm piloted, SIGHUP", peer.serviceHosts("sighup")?.[0]?.port));
}

const delays = Object.fromEntries(Object.keys(services).map((name) => [name, [] as number[][]]));
let port = 1_001;
for (let round = -1; round < Number(rounds); round++) {
  const ofRound = Object.fromEntries(Object.keys(services).map((name) => [name, [] as number[]]));
  for (let change = 0; change < (round < 0 ? WARM_UP : Number(changes)); change++, port++) {
    // Long enough that no client is held back by its own rate limit.
    await sleep(120 + Math.random() * 60);
    // Another one is first each time, since the first request after a pause takes longest.
    const turns = Object.entries(services);
    turns.push(...turns.splice(0, port % turns.length));
    for (const [name, service] of turns) {
      const visible = new Promise<number>((resolve) => {
        waiting.set(name, (seenPort) => seenPort === port && resolve(performance.now()));
      });
      const startedAt = performance.now();
      await register(service, port);
      ofRound[name]!.push(await visible - startedAt);
    }
  }
  if (round >= 0) {
    for (const [name, values] of Object.entries(ofRound)) delays[name]!.push(values);
  }
}
console.log(JSON.stringify(delays));
process.exit();
