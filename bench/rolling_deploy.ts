/**
 * Requests lost, and the p99 of those answered, while the five backends of a service are replaced one
 * after the other: fetch, axios, got, undici and grpc-js with what people write by hand, and with
 * Piloted's plug.
 *
 *     node --import tsx bench/rolling_deploy.ts [options]
 *     deno run -A bench/rolling_deploy.ts [options]
 *
 * `--rounds 3` deployments of each kind, `--rate 40` requests per second and row, `--poll 10` seconds
 * between two reads of a list by hand, `--drain 2` seconds from deregistration to stop, `--restart 3`
 * seconds from the death of a backend to the next start, `--pause 3` seconds between two backends,
 * `--embedded` instead of a real Consul, `--only roll` or `--only kill`, `--write` the tables to
 * `docs/numbers.md`.
 *
 * Every row sends through the same deployment at the same time, at a fixed rate. Backends are processes
 * on Node, which take 5 ms for an answer. `roll`: deregistered, drained, stopped by SIGTERM, started on
 * another port, registered again. `kill`: SIGKILL without deregistration; a real Consul connects to each
 * backend every second, the embedded one does not notice. Figures are medians over the rounds; lost ones
 * with their range. Exits with 1 when a plug that sends again loses a request of an ordinary deployment.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { quantile, sleep } from "../scripts/chaos/measure.ts";
import { consulVersion, startConsul } from "../tests/support/consul.ts";
import { currentRuntime, runtimeBinary } from "../tests/support/process.ts";
import { NUMBERS, writeSection } from "./numbers/marked_section.ts";
import { isBusy, otherWork, thisMachine } from "./peers/machine.ts";
import { Deployment } from "./rolling_deploy/deployment.ts";
import { startInProcessOfItsOwn } from "./rolling_deploy/instance.ts";
import { openSenders, type Sender } from "./rolling_deploy/senders.ts";
import { type Tally, Traffic } from "./rolling_deploy/traffic.ts";

const BACKENDS = 5;
const WARM_UP_MS = 3_000;
const KINDS = ["roll", "kill"] as const;

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    rate: { type: "string", default: "40" },
    poll: { type: "string", default: "10" },
    drain: { type: "string", default: "2" },
    restart: { type: "string", default: "3" },
    pause: { type: "string", default: "3" },
    embedded: { type: "boolean", default: false },
    only: { type: "string" },
    write: { type: "boolean", default: false },
  },
});

function positive(name: "rounds" | "rate" | "poll" | "drain" | "restart" | "pause"): number {
  const value = Number(values[name]);
  if (value > 0) return value;
  throw new RangeError(`Cannot run: --${name} must be above 0, received ${values[name]}`);
}

const rounds = positive("rounds");
const timing = {
  drainMs: positive("drain") * 1_000,
  restartMs: positive("restart") * 1_000,
  pauseMs: positive("pause") * 1_000,
};
const kinds = KINDS.filter((kind) => values.only === undefined || values.only === kind);
if (kinds.length === 0) {
  throw new RangeError(`Cannot run: --only must be roll or kill, received ${values.only}`);
}

interface RunningConsul {
  readonly name: string;
  readonly url: string;
  stop(): Promise<unknown>;
}

async function openConsul(): Promise<RunningConsul> {
  if (!values.embedded) {
    const consul = await startConsul();
    const name = `Consul ${await consulVersion()}`;
    return { name, url: consul.url, stop: () => consul.stop() };
  }
  const script = fileURLToPath(new URL("freshness/embedded_process.ts", import.meta.url));
  const args = ["--import", "tsx", script, "1.8", "false"];
  const child = spawn(await runtimeBinary("node"), args, { stdio: ["pipe", "pipe", "inherit"] });
  const [line] = await once(child.stdout, "data");
  return {
    name: "embedded Consul",
    url: String(line).trim(),
    stop() {
      child.stdin.end();
      return once(child, "exit");
    },
  };
}

/** The rows of one round, in the same order as those of every other. */
type Round = readonly (readonly [Sender, Tally])[];

function table(runs: readonly Round[]): string[][] {
  const head = ["client", "addresses", "sent", "lost", "range", "lost %", "p50 ms", "p99 ms"];
  return [head, ...rowsOf(runs).map(({ sender, tallies }) => cells(sender, tallies))];
}

function rowsOf(runs: readonly Round[]): { sender: Sender; tallies: Tally[] }[] {
  return runs[0]!.map(([sender], row) => ({ sender, tallies: runs.map((run) => run[row]![1]) }));
}

function print(lines: readonly string[][]): void {
  const widths = lines[0]!.map((_, i) => Math.max(...lines.map((line) => line[i]!.length)));
  for (const line of lines) {
    const text = line.map((cell, i) => i < 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!));
    console.log(text.join("  "));
  }
}

function markdown([head, ...rows]: readonly string[][]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rule = `|---|---|${"---:|".repeat(head!.length - 2)}`;
  return [line(head!), rule, ...rows.map(line)].join("\n");
}

/** What the plugs lost, and why. */
function remarks(kind: string, runs: readonly Round[]): string[] {
  return rowsOf(runs).flatMap(({ sender, tallies }) => {
    const lost = tallies.reduce((sum, tally) => sum + tally.lost, 0);
    if (!sender.isPlug || lost === 0) return [];
    if (kind === "roll" && sender.sendsAgain) process.exitCode = 1;
    const reasons = new Set(tallies.flatMap((tally) => [...tally.reasons.keys()]));
    return [
      `${sender.client} with ${sender.addresses} lost ${lost} in all rounds: ${
        [...reasons].join(", ")
      }.`,
    ];
  });
}

function cells(sender: Sender, tallies: readonly Tally[]): string[] {
  const sent = tallies.map((tally) => tally.sent);
  const lost = tallies.map((tally) => tally.lost);
  const share = tallies.map((tally) => 100 * tally.lost / tally.sent);
  const time = (part: number) => {
    const value = quantile(tallies.map(({ latencies }) => quantile(latencies, part)), 0.5);
    return Number.isNaN(value) ? "-" : value.toFixed(0);
  };
  return [
    sender.client,
    sender.addresses,
    `${quantile(sent, 0.5)}`,
    `${quantile(lost, 0.5)}`,
    `${Math.min(...lost)} - ${Math.max(...lost)}`,
    quantile(share, 0.5).toFixed(1),
    time(0.5),
    time(0.99),
  ];
}

const other = await otherWork(3_000);
const consul = await openConsul();
const machine = thisMachine();
const setting =
  `${consul.name}, clients on ${currentRuntime} ${process.version}, ${machine.cpus} CPUs ` +
  `(${machine.cpu}), ${values.rate} requests per second and row, drain ${values.drain} s, pause ` +
  `${values.pause} s, killed ones replaced after ${values.restart} s, ${rounds} rounds, ` +
  `${new Date().toISOString().slice(0, 10)}` +
  (isBusy(other) ? `. **Other work used ${other} processors**` : "");
console.log(setting);
const written: string[] = [];
try {
  for (const kind of kinds) {
    const runs: Round[] = [];
    for (let round = 0; round < rounds; round++) {
      const start = startInProcessOfItsOwn;
      const deployment = new Deployment(consul.url, start, timing, !values.embedded);
      await deployment.start(BACKENDS);
      const senders = await openSenders(consul.url, positive("poll") * 1_000);
      try {
        const traffic = new Traffic(senders.all, positive("rate"));
        await sleep(WARM_UP_MS);
        traffic.reset();
        await (kind === "roll" ? deployment.roll() : deployment.crash());
        runs.push([...await traffic.stop()]);
      } finally {
        await senders.close();
        await deployment.stop();
      }
    }
    const title = `${BACKENDS} backends ${kind === "roll" ? "replaced" : "killed"}`;
    console.log(`\n${title}\n`);
    print(table(runs));
    const lines = remarks(kind, runs);
    for (const line of lines) console.log(line);
    written.push(`**${title}**`, markdown(table(runs)), ...lines);
  }
} finally {
  await consul.stop();
}
if (values.write) {
  await writeSection(NUMBERS, "bench:rolling_deploy", [...written, `${setting}.`].join("\n\n"));
}
