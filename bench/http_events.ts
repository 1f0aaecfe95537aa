/**
 * Event streams: how long it takes until 1,000 clients have heard of a change, and how much memory
 * an idle client costs the server, with 1,000 and with 10,000 of them.
 *
 *     deno run -A bench/http_events.ts [deno|bun|node]
 *
 * Exits with 1 when the 99th percentile is not below its limit.
 */
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { EmbeddedConsul } from "../src/testing/mod.ts";
import { runtimeBinary, type RuntimeName, startScript } from "../tests/support/process.ts";

const LIMIT_MS = 250;
const CHANGES = 10;
// A list that changes without pause is read once a second: that wait is not what is measured here.
const PAUSE_MS = 2_500;
const runtime = (process.argv[2] ?? "deno") as RuntimeName;

interface Clients {
  line(): Promise<string>;
  write(text: string): void;
  stop(): Promise<unknown>;
}

async function startClients(url: string, count: number): Promise<Clients> {
  const script = fileURLToPath(new URL("./http/event_clients.ts", import.meta.url));
  const child = spawn(await runtimeBinary("bun"), [script, url, String(count)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const exited = new Promise((resolve) => child.once("exit", resolve));
  return {
    line: async () => (await lines.next()).value ?? "",
    write: (text) => void child.stdin.write(`${text}\n`),
    stop() {
      child.stdin.end();
      process.kill(child.pid!, "SIGTERM");
      return exited;
    },
  };
}

async function memoryOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1024;
}

const consul = new EmbeddedConsul();
const agent = await consul.listen();
const folder = await mkdtemp(join(tmpdir(), "piloted-bench-"));
const config = join(folder, "containerpilot.json5");
const watches = [{ name: "customers", interval: 10 }];
await writeFile(config, JSON.stringify({ consul: agent.url, watches }));
const register = (number: number) =>
  consul.register({
    name: "customers",
    id: "customers-1",
    address: "10.0.0.1",
    port: 1_000 + number,
    status: "passing",
  });
register(0);
const serve = await startScript(runtime, "serve.ts", ["--config", config, "--port", "0"]);
let failed = false;
try {
  const [, url] = await serve.waitFor(/^Listening on (\S+)$/m);
  for (const count of [1_000, 10_000]) {
    const before = await memoryOf(serve.pid);
    const clients = await startClients(`${url}/v1/events`, count);
    console.log(`${runtime}, ${count} clients: ${await clients.line()}`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    const each = (await memoryOf(serve.pid) - before) / count * 1024;
    console.log(`  memory of an idle client: ${each.toFixed(1)} kB`);
    const p99s: number[] = [];
    for (let change = 1; change <= (count === 1_000 ? CHANGES : 3); change++) {
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      register(count + change);
      clients.write(String(Date.now()));
      p99s.push(Number((await clients.line()).split(" ")[2]));
    }
    const worst = Math.max(...p99s);
    console.log(`  99 of 100 have heard of a change after ${p99s.join(", ")} ms`);
    if (count === 1_000 && worst >= LIMIT_MS) failed = true;
    const startedAt = performance.now();
    const answer = await fetch(`${url}/v1/services/customers/endpoint`);
    await answer.text();
    console.log(`  a lookup meanwhile: ${(performance.now() - startedAt).toFixed(1)} ms`);
    await clients.stop();
  }
} finally {
  await serve.stop();
  await consul.close();
  await rm(folder, { recursive: true });
}
if (failed) process.exitCode = 1;
