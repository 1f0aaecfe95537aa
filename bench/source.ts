/**
 * One service with 10,000 instances: what it costs to make endpoints of Consul's answer, to compare
 * them with the last ones and to put them in their place, against JSON.parse of the same text.
 *
 *     deno run -A bench/source.ts [rounds]
 *
 * Costs are processor time, garbage collection included, which other programs disturb less than the
 * time on the clock; ratios are medians over the rounds. Exits with 1 when the dearest one is above
 * its limit.
 */
import process from "node:process";
import { EndpointPool } from "../src/balance/endpoint_pool.ts";
import type { Endpoint } from "../src/endpoint.ts";
import { diffEndpoints } from "../src/snapshot.ts";
import { ConsulSource } from "../src/source/consul.ts";
import { decodeHealth } from "../src/source/consul_decode.ts";
import { EmbeddedConsul } from "../src/testing/mod.ts";
import { usedHeap } from "../tests/support/collect_garbage.ts";

const ROUNDS = Number(process.argv[2] ?? 11);
const INSTANCES = 10_000;
const NODES = 500;
const REPEATS = 5;
const LIMIT = 1.6;
const query = { service: "app" };

/** What Consul answers for such a service: as large as in a real one, with two checks each. */
async function answerOfConsul(): Promise<string> {
  // The default version indents its JSON, as a development agent did.
  const consul = new EmbeddedConsul({ version: "2.0" });
  for (let i = 0; i < INSTANCES; i++) {
    const node = i % NODES;
    const nodeAddress = `10.1.${node >> 8}.${node & 255}`;
    const address = { Address: `10.0.${i >> 8}.${i & 255}`, Port: 8_000 + i };
    const Node = `ip-10-1-${node}`;
    const body = {
      ID: `7f7e5e1a-0000-4000-8000-${String(node).padStart(12, "0")}`,
      Node,
      Address: nodeAddress,
      TaggedAddresses: { lan: nodeAddress, wan: nodeAddress },
      NodeMeta: { "consul-network-segment": "" },
      Service: {
        ID: `app-${i}`,
        Service: "app",
        Tags: ["primary", "v2"],
        ...address,
        TaggedAddresses: { lan_ipv4: address, wan_ipv4: address },
        Meta: { version: "2.1.0", zone: "eu-1" },
      },
      Checks: [
        { CheckID: "serfHealth", Name: "Serf Health Status", Output: "Agent alive and reachable" },
        {
          CheckID: `service:app-${i}`,
          Name: "Service 'app' check",
          ServiceID: `app-${i}`,
          ServiceName: "app",
          Output: `HTTP GET http://${address.Address}:8080/health: 200 OK Output: ok`,
        },
      ].map((check) => ({ ...check, Node, Status: "passing" })),
    };
    const init = { method: "PUT", body: JSON.stringify(body) };
    await consul.fetch("http://consul/v1/catalog/register", init);
  }
  return await (await consul.fetch("http://consul/v1/health/service/app")).text();
}

function cost(run: () => unknown): number {
  const before = process.cpuUsage();
  for (let i = 0; i < REPEATS; i++) run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000 / REPEATS;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

const text = await answerOfConsul();
const fewer = JSON.stringify((JSON.parse(text) as unknown[]).toSpliced(INSTANCES / 3, 1));
const moved = text.replace(/"Port":8777,"Weights"/, '"Port":1,"Weights"');
if (moved === text) throw new Error("Cannot measure: no instance has port 8777");

const pool = new EndpointPool();
let list: readonly Endpoint[] = [];
/** What a watch does with an answer. */
function take(answer: string): void {
  const { endpoints } = decodeHealth(JSON.parse(answer), query);
  const change = diffEndpoints(query.service, list, endpoints);
  if (change === undefined) return;
  list = change.endpoints;
  pool.update(list);
}

let turn = 0;
const steps: Record<string, () => unknown> = {
  "JSON.parse": () => JSON.parse(text),
  "decode": () => decodeHealth(JSON.parse(text), query),
  "decode, compare: nothing changed": () => take(text),
  "decode, compare, swap: one changed": () => take(turn++ % 2 === 0 ? moved : text),
  "decode, compare, swap: one more or less": () => take(turn++ % 2 === 0 ? fewer : text),
};
const costs = new Map(Object.keys(steps).map((name) => [name, [] as number[]]));
take(text);
for (const run of Object.values(steps)) run();
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, run] of Object.entries(steps)) costs.get(name)!.push(cost(run));
}

const size = (text.length / 1e6).toFixed(1);
console.log(`${INSTANCES} instances, ${size} MB of JSON, ${ROUNDS} rounds`);
const base = costs.get("JSON.parse")!;
for (const [name, own] of costs) {
  const ratio = median(own.map((value, round) => value / base[round]!));
  const ms = median(own).toFixed(1).padStart(7);
  const limit = name.includes("swap") ? `  (at most ${LIMIT})` : "";
  console.log(`${name.padEnd(42)} ${ms} ms ${ratio.toFixed(2).padStart(6)}${limit}`);
  if (limit !== "" && ratio > LIMIT) process.exitCode = 1;
}

const source = new ConsulSource({
  url: "http://consul",
  fetch: () => Promise.resolve(new Response(text)),
});
const first = await source.read(query);
const before = usedHeap();
const second = await source.read(query);
const bytes = (usedHeap() - before) / second.endpoints.length;
console.log(`heap per endpoint ${Math.round(bytes)} bytes, of ${first.endpoints.length} endpoints`);
