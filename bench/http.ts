/**
 * Lookups over HTTP: serve.ts on Deno and on Bun beside a bare Hono route that returns a constant
 * of the same size, and beside what the Consul agent answers itself.
 *
 *     deno run -A bench/http.ts [rounds]
 *
 * All servers run at the same time and are measured in turn; ratios are medians over the rounds.
 * Other work on the machine disturbs answers per second most and processor time per answer least,
 * so both are printed. Exits with 1 when both are below a limit.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { startConsul } from "../tests/support/consul.ts";
import { registerService } from "../tests/support/consul_services.ts";
import { type Child, type RuntimeName, startScript } from "../tests/support/process.ts";

const ROUNDS = Number(process.argv[2] ?? 7);
const ROUND_MS = 1_500;
const INSTANCES = 20;

interface Target {
  readonly name: string;
  readonly url: string;
  /** Process that answers. */
  readonly pid: number;
  /** Answers per second, by round. */
  readonly rates: number[];
  /** Answers per second of processor time, by round. */
  readonly perCpu: number[];
}

async function listening(server: Child): Promise<string> {
  return (await server.waitFor(/^Listening on (\S+)$/m))[1]!;
}

async function measure(target: Target): Promise<void> {
  const before = await cpuSeconds(target.pid);
  const load = await startScript("bun", "bench/http/load.ts", [target.url, String(ROUND_MS)]);
  const { code } = await load.exited;
  if (code !== 0) throw new Error(`Cannot measure ${target.name}: ${load.stderr()}`);
  const [rate, answers] = load.stdout().trim().split(" ").map(Number);
  target.rates.push(rate!);
  target.perCpu.push(answers! / (await cpuSeconds(target.pid) - before));
}

/** Processor time that a process has taken, in seconds; Linux counts it in hundredths. */
async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

let failed = false;

function compare(target: Target, peer: Target, limit: number): void {
  const ratio = (key: "rates" | "perCpu") =>
    median(target[key].map((value, round) => value / peer[key][round]!));
  const [byRate, byCpu] = [ratio("rates"), ratio("perCpu")];
  if (Math.max(byRate, byCpu) < limit) failed = true;
  row(`${target.name} / ${peer.name}`, byRate.toFixed(2), byCpu.toFixed(2), `(at least ${limit})`);
}

function row(name: string, ...cells: string[]): void {
  console.log(name.padEnd(36) + cells.map((cell) => cell.padStart(16)).join(""));
}

const folder = await mkdtemp(join(tmpdir(), "piloted-bench-"));
const servers: Child[] = [];
const consul = await startConsul();
try {
  for (let number = 1; number <= INSTANCES; number++) {
    await registerService(consul, {
      Name: "customers",
      ID: `customers-${number}`,
      Address: `10.0.0.${number}`,
      Port: 8080,
      Tags: ["primary", "v2"],
      Meta: { version: "2.1.0" },
    });
  }
  const config = join(folder, "containerpilot.json5");
  const watches = [{ name: "customers", interval: 10 }];
  await writeFile(config, JSON.stringify({ consul: consul.url, watches }));

  const targets = new Map<string, Target>();
  const add = (name: string, pid: number, url: string) =>
    targets.set(name, { name, pid, url, rates: [], perCpu: [] });
  add("Consul list", consul.pid, `${consul.url}/v1/health/service/customers?passing`);
  for (const runtime of ["deno", "bun"] as RuntimeName[]) {
    const piloted = await startScript(runtime, "serve.ts", ["--config", config, "--port", "0"]);
    servers.push(piloted);
    const url = await listening(piloted);
    const path = "/v1/services/customers/endpoint";
    const body = await (await fetch(url + path)).text();
    const bare = await startScript(runtime, "bench/http/bare_server.ts", [body]);
    servers.push(bare);
    add(`${runtime} endpoint`, piloted.pid, url + path);
    add(`${runtime} list`, piloted.pid, `${url}/v1/services/customers`);
    add(`${runtime} bare`, bare.pid, await listening(bare) + path);
  }
  for (let round = 0; round < ROUNDS; round++) {
    for (const target of targets.values()) await measure(target);
  }

  row("answers, median", "per second", "per CPU second");
  for (const { name, rates, perCpu } of targets.values()) {
    row(name, median(rates).toFixed(0), median(perCpu).toFixed(0));
  }
  row("\nratio");
  const consulList = targets.get("Consul list")!;
  for (const runtime of ["deno", "bun"]) {
    const endpoint = targets.get(`${runtime} endpoint`)!;
    compare(endpoint, targets.get(`${runtime} bare`)!, 0.85);
    compare(endpoint, consulList, 20);
    compare(targets.get(`${runtime} list`)!, consulList, 10);
  }
} finally {
  for (const server of servers) await server.stop();
  await consul.stop();
  await rm(folder, { recursive: true });
}
if (failed) process.exitCode = 1;
