/**
 * Sends requests through rolling deployments, with bare `fetch` to an address that each client chooses.
 *
 *     node --import tsx bench/peers/processes/deploy_process.ts CONSUL ROUNDS SCALE PEERS
 */
import process from "node:process";
import { createFetch } from "../../../src/client/create_fetch.ts";
import { createPiloted } from "../../../src/client/create_piloted.ts";
import { sleep } from "../../../scripts/chaos/measure.ts";
import { Deployment, SERVICES } from "../../rolling_deploy/deployment.ts";
import { startInProcessOfItsOwn } from "../../rolling_deploy/instance.ts";
import { PolledList } from "../../rolling_deploy/polled_list.ts";
import { type Row, Traffic } from "../../rolling_deploy/traffic.ts";
import { consulPackage } from "./consul_package.ts";

/** One figure for each round. */
export interface DeployFigures {
  readonly lostPercent: number[];
  readonly lostToKillsPercent: number[];
  /** Empty where a client does not show its choice. */
  readonly lastRequestMs: number[];
}

const [, , url, rounds, scaleText, names] = process.argv;
const scale = Number(scaleText);
const TIMING = { drainMs: 2_000 / scale, restartMs: 3_000 / scale, pauseMs: 4_000 / scale };
const POLL_MS = 30_000 / scale;
const WARM_UP_MS = 3_000 / scale;
const SERVICE = SERVICES.http;

/** When the last request was sent to each `host:port`, of one client. */
type LastSent = Map<string, number>;

/** Sends by bare fetch to an address that is chosen for each request. */
function byHand(next: () => string, sent: LastSent): () => Promise<void> {
  return async () => {
    const host = next();
    sent.set(host, performance.now());
    const signal = AbortSignal.timeout(5_000);
    await answered(fetch(`http://${host}/`, { signal }));
  };
}

async function answered(pending: Promise<Response>): Promise<void> {
  const response = await pending;
  await response.text();
  if (!response.ok) throw new Error(`Lost: ${response.status}`);
}

const figures: Record<string, DeployFigures> = {};

async function measure(kind: "roll" | "crash"): Promise<void> {
  const deployment = new Deployment(url!, startInProcessOfItsOwn, TIMING, true);
  await deployment.start(5);
  const piloted = await createPiloted({
    config: { consul: url!, watches: [{ name: SERVICE }] },
    signals: false,
    env: {},
  });
  const balanced = createFetch(piloted, { timeoutMs: 5_000 });
  const polled = await PolledList.start(url!, SERVICE, POLL_MS);
  const atStart = await PolledList.start(url!, SERVICE, Infinity);

  const sent = new Map<string, LastSent>();
  const rows: (Row & { name: string })[] = [];
  const add = (name: string, next: () => string) => {
    const lastSent: LastSent = new Map();
    sent.set(name, lastSent);
    rows.push({ name, send: byHand(next, lastSent) });
  };
  add("piloted, pick() and bare fetch", () => piloted.pick(SERVICE).host);
  rows.push({
    name: "piloted, createFetch()",
    send: () => answered(balanced(`http://${SERVICE}/`)),
  });
  let endWatch = () => {};
  if (names!.split(",").includes("consul")) {
    let hosts: string[] = [];
    let turn = 0;
    const watch = consulPackage(url!).watch(SERVICE);
    const first = new Promise<void>((resolve) =>
      watch.on("change", (entries) => {
        hosts = entries.map(({ Service }) => `${Service.Address}:${Service.Port}`);
        resolve();
      })
    );
    watch.on("error", (error) => console.error(error));
    await first;
    add("npm consul, watch and round robin", () => hosts[turn++ % hosts.length]!);
    endWatch = () => watch.end();
  }
  add("list polled each 30 s", polled.rotation());
  add("list read at start", atStart.rotation());

  /** When each address was deregistered. */
  const deregistered = new Map<string, number>();
  deployment.onDeregister = ({ http }) => {
    deregistered.set(`127.0.0.1:${http}`, performance.now());
  };
  const traffic = new Traffic(rows, 100);
  await sleep(WARM_UP_MS);
  traffic.reset();
  await deployment[kind]();
  const tallies = await traffic.stop();
  endWatch();
  polled.stop();
  await piloted.close();
  await deployment.stop();

  for (const row of rows) {
    const { name } = row;
    const own = figures[name] ??= { lostPercent: [], lostToKillsPercent: [], lastRequestMs: [] };
    const { lost, sent: count } = tallies.get(row)!;
    const percent = 100 * lost / count;
    if (kind === "crash") {
      own.lostToKillsPercent.push(percent);
      continue;
    }
    own.lostPercent.push(percent);
    const lastSent = sent.get(name);
    if (lastSent === undefined) continue;
    const late = [...deregistered].map(([host, at]) => Math.max(0, (lastSent.get(host) ?? 0) - at));
    own.lastRequestMs.push(Math.max(...late));
  }
}

for (let round = 0; round < Number(rounds); round++) {
  await measure("roll");
  await measure("crash");
}
console.log(JSON.stringify(figures));
process.exit();
