/**
 * Three servers without a local agent, and a client that pins one of them. The pinned one is killed
 * with SIGKILL and started again, while services are looked up.
 *
 *     node --import tsx scripts/chaos/pinned_server.ts [--rounds 6]
 *
 * Exits with 1 when a lookup failed, a list was emptied or a change was not seen.
 *
 * @module
 */
import { createPiloted } from "../../mod.ts";
import { isMainModule } from "../../src/cli/main_module.ts";
import { startCluster } from "../../tests/support/consul_cluster.ts";
import type { Consul } from "../../tests/support/consul.ts";
import { LookupLoad } from "./lookup_load.ts";
import { sleep, spread } from "./measure.ts";
import { numberOptions } from "./options.ts";
import { Report } from "./report.ts";

export interface PinnedServerOptions {
  /** How often the pinned server is killed. */
  rounds: number;
}

const SERVICES = ["web", "api", "mail", "search"];

export async function runPinnedServer(options: PinnedServerOptions): Promise<Report> {
  await using cluster = await startCluster();
  const { servers } = cluster;
  for (const service of SERVICES) await setInstance(servers[0]!, service, 8_000);
  await using piloted = await createPiloted({
    config: {
      consul: { addresses: servers.map(({ url }) => url) },
      watches: SERVICES.map((name) => ({ name })),
    },
    signals: false,
    env: {},
  });
  const errors = new Map<string, number>();
  piloted.on("error", ({ message }) => {
    const kind = /is used from now on$/.test(message) ? "moved to another server" : message;
    errors.set(kind, (errors.get(kind) ?? 0) + 1);
  });
  let staleCount = 0;
  piloted.on("status", ({ state }) => {
    if (state !== "live") staleCount++;
  });
  // Any of the servers is read, and those that follow may not have the instances yet.
  while (SERVICES.some((name) => piloted.serviceHosts(name).length === 0)) await sleep(20);
  const load = new LookupLoad(piloted, SERVICES);
  const pinned = () => servers.find(({ url }) => url === piloted.status().registry)!;
  const calm: number[] = [];
  const killed: number[] = [];
  const leaderKilled: number[] = [];
  for (let i = 0; i < 10; i++) calm.push(await timeToSee(servers, i));
  for (let round = 0; round < options.rounds; round++) {
    const old = pinned();
    // Of a leader the others have to elect another one before they accept a change at all.
    const times = await cluster.leader() === old ? leaderKilled : killed;
    old.kill("SIGKILL");
    await old.ended();
    const others = servers.filter((server) => server !== old);
    times.push(await timeToSee(others, 100 + round));
    await old.start();
    await sleep(1_000);
  }
  await load.stop();
  const report = new Report();
  report.figure("pinned servers killed", `${killed.length + leaderKilled.length}`);
  report.figure("change seen, in calm", spread(calm));
  report.figure("first change, a follower killed", spread(killed), "most within 1,000 ms");
  report.figure("first change, the leader killed", spread(leaderKilled), "most within 1,000 ms");
  report.figure("states other than live", `${staleCount}`);
  report.figure("errors", [...errors].map(([kind, count]) => `${count} ${kind}`).join(", "));
  const { length } = load.failures;
  const shown = [`${length}`, ...load.failures.slice(0, 2)].join(", ");
  report.bound("lookups failed", shown, `none of ${load.done}`, length === 0);
  report.bound("lists emptied", `${load.emptied.length}`, "none", load.emptied.length === 0);
  return report;

  /** From Consul's response that a change is accepted to the change event; 0 if that came first. */
  async function timeToSee(servers: readonly Consul[], change: number): Promise<number> {
    const port = 10_000 + change;
    const service = SERVICES[change % SERVICES.length]!;
    const seen = new Promise<number>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${service} ${port} was not seen`)), 30_000);
      const ignore = piloted.on("change", (event) => {
        if (event.service !== service || !event.changed.some(({ after }) => after.port === port)) {
          return;
        }
        clearTimeout(timer);
        ignore();
        resolve(performance.now());
      });
    });
    for (let attempt = 0;; attempt++) {
      const server = servers[attempt % servers.length]!;
      const accepted = await setInstance(server, service, port).then(() => true, () => false);
      const acceptedAt = performance.now();
      if (accepted) return Math.max(0, await seen - acceptedAt);
      await sleep(10);
    }
  }
}

async function setInstance(consul: Consul, service: string, port: number): Promise<void> {
  await consul.put("/v1/catalog/register", {
    Node: "external",
    Address: "10.0.0.1",
    Service: { Service: service, ID: `${service}-1`, Port: port },
  });
}

if (isMainModule(import.meta)) {
  (await runPinnedServer(numberOptions({ rounds: 6 }))).print();
}
