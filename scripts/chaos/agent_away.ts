/**
 * The client agent that Piloted talks to is stopped (SIGSTOP), killed, and started again with an
 * empty data folder, while services are looked up and change behind its back.
 *
 *     node --import tsx scripts/chaos/agent_away.ts [--stopped 30] [--killed 30]
 *
 * Exits with 1 when a lookup failed, a list was emptied, a change was never seen or the age of a
 * list was not told truthfully.
 *
 * @module
 */
import process from "node:process";
import { createPiloted } from "../../mod.ts";
import { isMainModule } from "../../src/cli/main_module.ts";
import { type Consul, startConsul } from "../../tests/support/consul.ts";
import { waitUntil } from "../../tests/support/wait_until.ts";
import { LookupLoad } from "./lookup_load.ts";
import { sleep } from "./measure.ts";
import { numberOptions } from "./options.ts";
import { Report } from "./report.ts";

export interface AgentAwayOptions {
  /** Seconds that the agent is stopped. */
  stopped: number;
  /** Seconds that it is dead. */
  killed: number;
}

const SERVICES = ["web", "api"];
// Of the age that is told, over what it must be: timers that come late on a busy machine.
const SLACK_MS = 1_000;

export async function runAgentAway({ stopped, killed }: AgentAwayOptions): Promise<Report> {
  await using server = await startConsul({ persistent: true });
  await using agent = await startConsul({
    server: false,
    persistent: true,
    retryJoin: [server.serf],
    // It is asked by `beBack()` when it can answer.
    ready: false,
  });
  await agent.ready();
  for (const service of SERVICES) {
    for (const number of [1, 2, 3]) await setInstance(server, service, number, 8_000);
  }
  await using piloted = await createPiloted({
    config: { consul: agent.url, watches: SERVICES.map((name) => ({ name })) },
    signals: false,
    env: {},
  });
  const load = new LookupLoad(piloted, SERVICES);
  const report = new Report();
  let port = 9_000;

  await beAway("stopped", stopped, () => {
    process.kill(agent.pid, "SIGSTOP");
    return Promise.resolve();
  });
  await beBack("stopped", () => {
    process.kill(agent.pid, "SIGCONT");
    return Promise.resolve();
  });

  const kill = async () => {
    agent.kill("SIGKILL");
    await agent.ended();
  };
  await beAway("killed", killed, kill);
  await beBack("killed", () => agent.start());

  await beAway("killed, its data lost", Math.min(killed, 5), kill);
  await beBack("killed, its data lost", () => agent.restart({ wipe: true }));

  await load.stop();
  report.bound(
    "lookups failed",
    `${load.failures.length}`,
    `none of ${load.done}`,
    load.failures.length === 0,
  );
  report.bound("lists emptied", `${load.emptied.length}`, "none", load.emptied.length === 0);
  return report;

  /** Something changes meanwhile; the list must stay, and its age must be told. */
  async function beAway(how: string, seconds: number, leave: () => Promise<void>): Promise<void> {
    await piloted.refresh();
    const confirmedAt = performance.now();
    await leave();
    await setInstance(server, "web", 1, ++port);
    await sleep(seconds * 1_000);
    const { state, ageMs = 0, watches } = piloted.status("web");
    const wanted = performance.now() - confirmedAt;
    report.figure(`${how}: state`, state, watches[0]!.error?.message ?? "");
    report.bound(
      `${how}: age that is told`,
      `${(ageMs / 1_000).toFixed(1)} s`,
      `${(wanted / 1_000).toFixed(1)} s`,
      Math.abs(ageMs - wanted) < SLACK_MS,
    );
  }

  /** From the agent's being able to answer until the list is right. */
  async function beBack(how: string, enter: () => Promise<void>): Promise<void> {
    await enter();
    await waitUntil(
      async () => {
        const answer = await agent.request("/v1/health/service/web?stale", {}, 200);
        return answer.ok && (await answer.text()).includes(String(port));
      },
      60_000,
      5,
    );
    const able = performance.now();
    await waitUntil(
      () => piloted.serviceHosts("web").some((each) => each.port === port),
      60_000,
      5,
    );
    const late = performance.now() - able;
    report.figure(`${how}: right again after`, `${late.toFixed(0)} ms`, "within 2,000 ms");
    // Nothing changed it meanwhile, so that only the return itself can make it live.
    await waitUntil(() => piloted.status("api").state === "live", 120_000, 5);
    const quiet = performance.now() - able;
    report.bound(
      `${how}: a quiet service is live after`,
      `${quiet.toFixed(0)} ms`,
      "within 2,000 ms, 10,000 ms on a busy machine",
      quiet < 10_000,
    );
    await waitUntil(() => piloted.status("web").state === "live");
  }
}

async function setInstance(
  consul: Consul,
  service: string,
  id: number,
  port: number,
): Promise<void> {
  await consul.put("/v1/catalog/register", {
    Node: "external",
    Address: "10.0.0.1",
    Service: { Service: service, ID: `${service}-${id}`, Port: port },
  });
}

if (isMainModule(import.meta)) {
  (await runAgentAway(numberOptions({ stopped: 30, killed: 30 }))).print();
}
