/**
 * What `piloted exec` costs and how fast it is, on each runtime and as a binary of Bun:
 *
 * - its memory (resident set) and processor time while it supervises one idle job that is registered,
 *   checked by a heartbeat each second, and watches one service;
 * - the time from the end of the program to the end of `piloted exec -- PROGRAM`;
 * - the time from the registration of an instance to the event of npm `piloted` in the program, which
 *   ContainerPilot at its shortest interval, 1 s, needs 510 ms for.
 *
 *     deno task bench exec
 *
 * @module
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { buildBinary } from "../scripts/build_binary.ts";
import { EmbeddedConsul } from "../src/testing/mod.ts";
import { builtCommand } from "../tests/cli/built_command.ts";
import {
  type Child,
  runtimeBinary,
  type RuntimeName,
  startProcess,
} from "../tests/support/process.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const IDLE_MS = 10_000;
const ENDS = 10;
const CHANGES = 21;
// Linux counts processor time in hundredths of a second.
const TICK_MS = 10;

const folder = await mkdtemp(join(tmpdir(), "piloted-bench-"));
const binary = join(folder, "piloted");
const consul = new EmbeddedConsul();
const { url } = await consul.listen();
const address = url.replace("http://", "");
try {
  await buildBinary(binary);
  const script = await builtCommand();
  const commands: [name: string, command: readonly string[]][] = [];
  for (const name of ["deno", "node", "bun"] as const satisfies RuntimeName[]) {
    const options = name === "deno" ? ["run", "-A", "--no-check"] : [];
    commands.push([name, [await runtimeBinary(name), ...options, script]]);
  }
  commands.push(["binary", [binary]]);
  console.log("command   memory MB   idle CPU %   end ms   register to refresh ms (p50)");
  for (const [name, command] of commands) {
    const { memoryMb, cpu } = await idle(command);
    const cells = [
      name.padEnd(8),
      memoryMb.toFixed(0).padStart(10),
      cpu.toFixed(2).padStart(12),
      median(await ends(command)).toFixed(0).padStart(8),
      median(await refreshes(command)).toFixed(0).padStart(10),
    ];
    console.log(cells.join(" "));
  }
} finally {
  await consul.close();
  await rm(folder, { recursive: true, force: true });
}

async function start(
  [program, ...options]: readonly string[],
  content: Record<string, unknown>,
  args: readonly string[],
): Promise<Child> {
  const file = join(folder, "app.json5");
  const control = { socket: join(folder, "socket") };
  await writeFile(file, JSON.stringify({ consul: address, control, ...content }));
  return startProcess(program!, [...options, "exec", file, ...args], { cwd: ROOT });
}

async function idle(command: readonly string[]): Promise<{ memoryMb: number; cpu: number }> {
  const jobs = [{
    name: "app",
    exec: "sleep 1000",
    port: 80,
    interfaces: "static:127.0.0.1",
    health: { interval: 1, ttl: 5 },
  }];
  const child = await start(command, { jobs, watches: [{ name: "db", interval: 1 }] }, []);
  try {
    await child.waitFor(/is registered/);
    await pause(1_000);
    const before = await processorMs(child.pid);
    await pause(IDLE_MS);
    const cpu = (await processorMs(child.pid) - before) / IDLE_MS * 100;
    const status = await readFile(`/proc/${child.pid}/status`, "utf8");
    return { memoryMb: Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1_024, cpu };
  } finally {
    child.kill("SIGTERM");
    await child.exited;
  }
}

async function processorMs(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, "utf8")).replace(/^.*\) /, "").split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

async function ends(command: readonly string[]): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < ENDS; i++) {
    const child = await start(command, {}, ["--", "sh", "-c", "date +%s%3N"]);
    await child.exited;
    times.push(Date.now() - Number(child.stdout()));
  }
  return times;
}

async function refreshes(command: readonly string[]): Promise<number[]> {
  const [host, port] = address.split(":");
  const config = { consul: `${host}:${port}`, watches: [{ name: "customers" }] };
  const program = `
    const piloted = require(${JSON.stringify(join(ROOT, "node_modules", "piloted"))});
    piloted.on("refresh", () => console.log("refresh", Date.now(), piloted.serviceHosts("customers").length));
    piloted.config(${JSON.stringify(config)}).then(() => console.log("ready"));
    setInterval(() => {}, 1000);`;
  consul.reset();
  const register = (i: number) =>
    consul.register({ name: "customers", id: `c${i}`, address: "10.0.0.1", port: 80 + i });
  register(0);
  // npm piloted reads Consul's address from its own variables.
  process.env.CONSUL_HOST = host;
  process.env.CONSUL_PORT = port;
  const args = ["--quiet", "0ms:100ms", "--", "node", "-e", program];
  const child = await start(command, { watches: config.watches }, args);
  const times: number[] = [];
  try {
    await child.waitFor(/ready/);
    for (let i = 1; i <= CHANGES; i++) {
      const startedAt = Date.now();
      register(i);
      const [, at] = await child.waitFor(new RegExp(`refresh (\\d+) ${i + 1}\\n`));
      times.push(Number(at) - startedAt);
      await pause(150);
    }
  } finally {
    child.kill("SIGTERM");
    await child.exited;
  }
  return times;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}
