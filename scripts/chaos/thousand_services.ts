/**
 * A thousand services with ten instances each, watched through one agent with its default limits
 * over plain HTTP: how long changes take to be seen, how many connections there are, and what both
 * sides cost.
 *
 *     node --import tsx scripts/chaos/thousand_services.ts [--services 1000] [--changes 100] [--idle 60]
 *
 * Exits with 1 when a request was refused, a change was not seen or there were more connections
 * than the budget has.
 *
 * @module
 */
import process from "node:process";
import { createPiloted, type Piloted } from "../../mod.ts";
import { isMainModule } from "../../src/cli/main_module.ts";
import { type Consul, startConsul } from "../../tests/support/consul.ts";
import {
  type CatalogService,
  deregisterMany,
  registerMany,
  registerNode,
} from "../../tests/support/consul_services.ts";
import { connections, cpuMs, quantile, sleep, spread } from "./measure.ts";
import { numberOptions } from "./options.ts";
import { Report } from "./report.ts";

export interface ThousandServicesOptions {
  /** How many services. */
  services: number;
  /** How many changes are made, one after the other. */
  changes: number;
  /** Seconds in which nothing changes. */
  idle: number;
  /** Budget of connections. */
  connections: number;
}

const INSTANCES = 10;
// What was read at the start settles: the hint begins, and everything is read once more.
const SETTLE_MS = 5_000;
const PATIENCE_MS = 30_000;

/** Ways in which a service changes. */
const KINDS: Record<string, (consul: Consul, service: number) => Promise<void>> = {
  register: (consul, service) => registerMany(consul, [instance(service, INSTANCES)]),
  deregister: (consul, service) => deregisterMany(consul, [instance(service, 1)]),
  critical: (consul, service) => makeCritical(consul, instance(service, 2)),
  port: (consul, service) => registerMany(consul, [{ ...instance(service, 3), port: 9_999 }]),
};

export async function runThousandServices(options: ThousandServicesOptions): Promise<Report> {
  const { services, changes, idle, connections: budget } = options;
  await using consul = await startConsul();
  for (let node = 0; node < INSTANCES; node++) {
    await registerNode(consul, `node-${node}`, `10.1.0.${node}`);
  }
  await registerMany(
    consul,
    Array.from(
      { length: services * INSTANCES },
      (_, i) => instance(Math.floor(i / INSTANCES), i % INSTANCES),
    ),
  );

  const report = new Report();
  const errors: string[] = [];
  const startedAt = performance.now();
  await using piloted = await createPiloted({
    config: {
      consul: consul.url,
      watches: Array.from({ length: services }, (_, i) => ({ name: `service-${i}` })),
    },
    maxConnections: budget,
    signals: false,
    env: {},
  });
  piloted.on("error", ({ message }) => errors.push(message));
  report.figure("all read after", `${(performance.now() - startedAt).toFixed(0)} ms`);
  let most = connections(consul.ports.http);
  await sleep(SETTLE_MS);

  const delays = new Map(Object.keys(KINDS).map((kind) => [kind, [] as number[]]));
  const names = [...delays.keys()];
  let lost = 0;
  const churn = await cost(consul, async () => {
    for (let i = 0; i < changes; i++) {
      const kind = names[i % names.length]!;
      // Spread over all services, so that most are not the ones that hold a blocking query.
      const service = (i * 7_919) % services;
      const ms = await timeToSee(
        piloted,
        `service-${service}`,
        () => KINDS[kind]!(consul, service),
      );
      if (ms === undefined) lost++;
      else delays.get(kind)!.push(ms);
      most = Math.max(most, connections(consul.ports.http));
      await sleep(Math.random() * 400);
    }
  });
  for (const [kind, values] of delays) report.figure(`${kind}: seen after`, spread(values));
  const all = [...delays.values()].flat();
  report.figure("p99 of all", `${quantile(all, 0.99).toFixed(0)} ms`, "at most 2,000 ms");
  report.figure("processor while changing: ours", churn.ours, "of a core");
  report.figure("processor while changing: the agent's", churn.agent, "of a core");
  if (idle > 0) {
    const rest = await cost(consul, () => sleep(idle * 1_000));
    report.figure("processor at rest: ours", rest.ours, "at most 2 % of a core");
    report.figure("processor at rest: the agent's", rest.agent, "at most 5 % of a core");
  }
  most = Math.max(most, connections(consul.ports.http));
  // Besides the one that changes are made through, Deno's client opens one now and then that it
  // finds no more use for, since another has become free meanwhile.
  const allowed = Math.ceil(budget * 1.25) + 4;
  report.bound("connections", `${most}`, `a budget of ${budget}`, most <= allowed);
  report.bound("changes lost", `${lost}`, `none of ${changes}`, lost === 0);
  report.bound("errors", `${errors.length}`, errors[0] ?? "none", errors.length === 0);
  return report;
}

/** From the beginning of a change to its event; `undefined` when there is none. */
async function timeToSee(
  piloted: Piloted,
  service: string,
  change: () => Promise<void>,
): Promise<number | undefined> {
  const startedAt = performance.now();
  let finish: (ms: number | undefined) => void = () => {};
  const seen = new Promise<number | undefined>((resolve) => finish = resolve);
  const timer = setTimeout(() => finish(undefined), PATIENCE_MS);
  const ignore = piloted.on("change", (event) => {
    if (event.service === service) finish(performance.now() - startedAt);
  });
  try {
    await change();
    return await seen;
  } finally {
    clearTimeout(timer);
    ignore();
  }
}

/** Processor time of both sides, in percent of a core. */
async function cost(
  consul: Consul,
  run: () => Promise<void>,
): Promise<{ ours: string; agent: string }> {
  const [began, ours, agent] = [performance.now(), process.cpuUsage(), cpuMs(consul.pid)];
  await run();
  const took = performance.now() - began;
  const { user, system } = process.cpuUsage(ours);
  return {
    ours: `${((user + system) / 10 / took).toFixed(2)} %`,
    agent: `${((cpuMs(consul.pid) - agent) / took * 100).toFixed(2)} %`,
  };
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

async function makeCritical(consul: Consul, { node, id }: CatalogService): Promise<void> {
  await consul.put("/v1/txn", [{
    Check: {
      Verb: "set",
      Check: {
        Node: node,
        CheckID: `check-${id}`,
        Name: "health",
        Status: "critical",
        ServiceID: id,
      },
    },
  }]);
}

if (isMainModule(import.meta)) {
  const defaults = { services: 1_000, changes: 100, idle: 60, connections: 64 };
  (await runThousandServices(numberOptions(defaults))).print();
}
