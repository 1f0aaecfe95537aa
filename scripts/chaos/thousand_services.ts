/**
 * A thousand services with ten instances each, watched through one agent with its default limits
 * over plain HTTP. Prints how long changes take to be seen, how many connections there are, and
 * what both sides cost; exits with 1 when a request was refused or a change was lost.
 *
 *     node --import tsx scripts/chaos/thousand_services.ts [--services 1000] [--changes 100] [--idle 60]
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import process from "node:process";
import { parseArgs } from "node:util";
import { createPiloted } from "../../src/client/create_piloted.ts";
import type { Change } from "../../src/snapshot.ts";
import { type Consul, startConsul } from "../../tests/support/consul.ts";
import {
  type CatalogService,
  deregisterMany,
  registerMany,
  registerNode,
} from "../../tests/support/consul_services.ts";

const INSTANCES = 10;
const { values } = parseArgs({
  options: {
    services: { type: "string", default: "1000" },
    changes: { type: "string", default: "100" },
    idle: { type: "string", default: "60" },
  },
});
const SERVICES = Number(values.services);
const CHANGES = Number(values.changes);
const IDLE_S = Number(values.idle);

/** Milliseconds of processor time that a process has used. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Established connections of this process to a port. */
function connections(port: number): number {
  const own = new Set<string>();
  for (const fd of readdirSync("/proc/self/fd")) {
    try {
      own.add(readlinkSync(`/proc/self/fd/${fd}`));
    } catch {
      // Closed meanwhile.
    }
  }
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  return readFileSync("/proc/self/net/tcp", "utf8").split("\n").slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , remote, state, , , , , , inode]) =>
      remote?.endsWith(`:${hex}`) && state === "01" && own.has(`socket:[${inode}]`)
    ).length;
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

function instance(service: number, number: number): CatalogService {
  return {
    node: `node-${number % INSTANCES}`,
    name: `service-${service}`,
    id: `service-${service}-${number}`,
    port: 8_000 + number,
    address: "10.0.0.1",
  };
}

async function setCheck(consul: Consul, of: CatalogService, Status: string): Promise<void> {
  await consul.put("/v1/txn", [{
    Check: {
      Verb: "set",
      Check: { Node: of.node, CheckID: `check-${of.id}`, Name: "health", Status, ServiceID: of.id },
    },
  }]);
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

await using consul = await startConsul();
for (let node = 0; node < INSTANCES; node++) {
  await registerNode(consul, `node-${node}`, `10.1.0.${node}`);
}
const all: CatalogService[] = [];
for (let service = 0; service < SERVICES; service++) {
  for (let number = 0; number < INSTANCES; number++) all.push(instance(service, number));
}
await registerMany(consul, all);
const port = Number(new URL(consul.url).port);
// Those of this program's own requests.
const own = connections(port);

const errors: string[] = [];
const startedAt = performance.now();
await using piloted = await createPiloted({
  config: {
    consul: consul.url,
    watches: Array.from({ length: SERVICES }, (_, i) => ({ name: `service-${i}` })),
  },
  signals: false,
});
piloted.on("error", (error) => errors.push(error.message));
console.log(
  `${SERVICES} services x ${INSTANCES}: read in ${(performance.now() - startedAt).toFixed(0)} ms`,
);
let most = connections(port) - own;

/** Runs for a while and tells what both sides cost, in percent of a core. */
async function cost(run: () => Promise<void>): Promise<{ ours: number; agent: number }> {
  const [began, ours, agent] = [performance.now(), process.cpuUsage(), cpuMs(consul.pid)];
  await run();
  const took = performance.now() - began;
  const { user, system } = process.cpuUsage(ours);
  return { ours: (user + system) / 10 / took, agent: (cpuMs(consul.pid) - agent) / took * 100 };
}

function percent({ ours, agent }: { ours: number; agent: number }): string {
  return `ours ${ours.toFixed(2)} %, agent ${agent.toFixed(2)} % of a core`;
}

// What was read at the start settles: the hint begins, and everything is read once more.
await sleep(5_000);

const kinds = {
  register: (service: number) => registerMany(consul, [instance(service, INSTANCES)]),
  deregister: (service: number) => deregisterMany(consul, [instance(service, 1)]),
  critical: (service: number) => setCheck(consul, instance(service, 2), "critical"),
  port: (service: number) => registerMany(consul, [{ ...instance(service, 3), port: 9_999 }]),
};
const delays: Record<string, number[]> = { register: [], deregister: [], critical: [], port: [] };
let lost = 0;
const churn = await cost(async () => {
  const names = Object.keys(kinds) as (keyof typeof kinds)[];
  for (let i = 0; i < CHANGES; i++) {
    const kind = names[i % names.length]!;
    // Spread over all services, so that most are not the ones that hold a blocking query.
    const service = (i * 7_919) % SERVICES;
    const seen = new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(false), 30_000);
      const stop = piloted.on("change", (change: Change) => {
        if (change.service !== `service-${service}`) return;
        clearTimeout(timer);
        stop();
        resolve(true);
      });
    });
    const changedAt = performance.now();
    await kinds[kind](service);
    if (await seen) delays[kind]!.push(performance.now() - changedAt);
    else lost++;
    most = Math.max(most, connections(port) - own);
    await sleep(Math.random() * 400);
  }
});
const everything: number[] = [];
for (const [kind, list] of Object.entries(delays)) {
  list.sort((a, b) => a - b);
  everything.push(...list);
  console.log(
    `${kind.padEnd(10)} seen after p50 ${quantile(list, 0.5).toFixed(0)} ms, p99 ${
      quantile(list, 0.99).toFixed(0)
    } ms (${list.length})`,
  );
}
everything.sort((a, b) => a - b);
const p99 = quantile(everything, 0.99);
console.log(
  `all        p50 ${quantile(everything, 0.5).toFixed(0)} ms, p99 ${
    p99.toFixed(0)
  } ms (bound: 2,000)`,
);
console.log(`while changing: ${percent(churn)}`);
const idle = await cost(() => sleep(IDLE_S * 1_000));
console.log(`nothing changes: ${percent(idle)} (bounds: 2 % and 5 %)`);
most = Math.max(most, connections(port) - own);
console.log(`connections: at most ${most} (budget: 64)`);
console.log(
  `errors: ${errors.length}${
    errors.length > 0 ? `, such as ${errors[0]}` : ""
  }; lost changes: ${lost}`,
);
if (errors.length > 0 || lost > 0 || most > 64) process.exitCode = 1;
