/**
 * Three servers and a client agent; the leader is killed with SIGKILL every 10 seconds and started
 * again 5 seconds later, with its data, while services are looked up, come and go.
 *
 *     node --import tsx scripts/chaos/leader_kills.ts [--seconds 120] [--every 10] [--down 5]
 *
 * Exits with 1 when a lookup failed, a list was emptied or a change was not seen.
 *
 * @module
 */
import { createPiloted } from "../../mod.ts";
import { isMainModule } from "../../src/cli/main_module.ts";
import type { Consul } from "../../tests/support/consul.ts";
import { type Cluster, startCluster } from "../../tests/support/consul_cluster.ts";
import { LookupLoad } from "./lookup_load.ts";
import { sleep, spread } from "./measure.ts";
import { numberOptions } from "./options.ts";
import { Report } from "./report.ts";

export interface LeaderKillsOptions {
  /** How long leaders are killed. */
  seconds: number;
  /** Seconds from one kill to the next. */
  every: number;
  /** Seconds that a killed server stays away. */
  down: number;
}

const SERVICES = ["web", "api", "mail", "search"];
const CHURN_MS = 200;

export async function runLeaderKills(options: LeaderKillsOptions): Promise<Report> {
  await using cluster = await startCluster();
  for (const service of SERVICES) {
    for (const number of [1, 2, 3]) await setInstance(cluster.client, service, number, 8_000);
  }
  await using piloted = await createPiloted({
    config: { consul: cluster.client.url, watches: SERVICES.map((name) => ({ name })) },
    signals: false,
    env: {},
  });
  const errors = new Map<string, number>();
  piloted.on("error", ({ code, status }) => {
    const kind = status === undefined ? code : `${code} ${status}`;
    errors.set(kind, (errors.get(kind) ?? 0) + 1);
  });
  const load = new LookupLoad(piloted, SERVICES);
  const churn = new Churn(cluster);

  const calm: number[] = [];
  for (let i = 0; i < 10; i++) calm.push(await timeToSee(cluster.servers, i));
  const elections: number[] = [];
  const visible: number[] = [];
  const end = performance.now() + options.seconds * 1_000;
  while (performance.now() < end) {
    const next = performance.now() + options.every * 1_000;
    const old = await cluster.leader();
    old.kill("SIGKILL");
    await old.ended();
    const killedAt = performance.now();
    const others = cluster.servers.filter((server) => server !== old);
    await newLeader(others);
    const electedAt = performance.now();
    elections.push(electedAt - killedAt);
    await timeToSee(others, 100 + visible.length);
    visible.push(performance.now() - electedAt);
    await sleep(Math.max(0, options.down * 1_000 - (performance.now() - killedAt)));
    await old.start();
    await sleep(Math.max(0, next - performance.now()));
  }
  await churn.stop();
  await load.stop();

  const report = new Report();
  report.figure("leaders killed", `${visible.length}`);
  report.figure("no leader for", spread(elections));
  report.figure("changes made beside", `${churn.done}`, `${churn.refused} refused by Consul`);
  report.figure("change seen, in calm", spread(calm));
  report.figure("change seen, after the new leader", spread(visible), "p50 within 1,000 ms");
  report.figure("errors told", [...errors].map(([code, count]) => `${count} ${code}`).join(", "));
  report.bound(
    "lookups failed",
    `${load.failures.length}`,
    `none of ${load.done}`,
    load.failures.length === 0,
  );
  report.bound("lists emptied", `${load.emptied.length}`, "none", load.emptied.length === 0);
  return report;

  /** From the moment a change is accepted to the change event. */
  async function timeToSee(servers: readonly Consul[], change: number): Promise<number> {
    const port = 10_000 + change;
    const service = SERVICES[change % SERVICES.length]!;
    let startedAt = 0;
    const seen = new Promise<number>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${service} ${port} was not seen`)), 30_000);
      const ignore = piloted.on("change", (event) => {
        if (event.service !== service || !event.changed.some(({ after }) => after.port === port)) {
          return;
        }
        clearTimeout(timer);
        ignore();
        resolve(performance.now() - startedAt);
      });
    });
    for (let attempt = 0;; attempt++) {
      startedAt = performance.now();
      const server = servers[attempt % servers.length]!;
      const accepted = await setInstance(server, service, 1, port).then(() => true, () => false);
      if (accepted) return await seen;
      await sleep(10);
    }
  }
}

/** Instances that come and go through whoever takes it, until it is stopped. */
class Churn {
  done = 0;
  refused = 0;
  readonly #servers: readonly Consul[];
  readonly #loop: Promise<void>;
  #stopped = false;

  constructor({ servers }: Cluster) {
    this.#servers = servers;
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#loop;
  }

  async #run(): Promise<void> {
    for (let i = 0; !this.#stopped; i++) {
      const server = this.#servers[i % this.#servers.length]!;
      const service = SERVICES[i % SERVICES.length]!;
      const number = 4 + (i >> 3) % 3;
      const change = i % 8 < 4
        ? setInstance(server, service, number, 9_000)
        : removeInstance(server, service, number);
      await change.then(() => this.done++, () => this.refused++);
      await sleep(CHURN_MS);
    }
  }
}

/** Waits until one of the servers knows a leader that is not the dead one. */
async function newLeader(servers: readonly Consul[]): Promise<void> {
  for (;;) {
    for (const server of servers) {
      const self = await server.request("/v1/agent/self", {}, 500).then(
        async (response) => await response.json() as { Stats: { raft: { state: string } } },
        () => undefined,
      );
      if (self?.Stats.raft.state === "Leader") return;
    }
    await sleep(10);
  }
}

function setInstance(consul: Consul, service: string, id: number, port: number): Promise<void> {
  return write(consul, "/v1/catalog/register", {
    Node: "external",
    Address: "10.0.0.1",
    Service: { Service: service, ID: `${service}-${id}`, Port: port },
  });
}

function removeInstance(consul: Consul, service: string, id: number): Promise<void> {
  const body = { Node: "external", ServiceID: `${service}-${id}` };
  return write(consul, "/v1/catalog/deregister", body);
}

async function write(consul: Consul, path: string, body: unknown): Promise<void> {
  const init = { method: "PUT", body: JSON.stringify(body) };
  const response = await consul.request(path, init, 2_000);
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
}

if (isMainModule(import.meta)) {
  (await runLeaderKills(numberOptions({ seconds: 120, every: 10, down: 5 }))).print();
}
