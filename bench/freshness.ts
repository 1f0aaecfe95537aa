/**
 * From the start of a registration to the change event, on a real Consul and on every wire profile
 * of the embedded one, beside a bare blocking query written by hand that waits for the same
 * registration.
 *
 *     deno run -A bench/freshness.ts [changes]
 *
 * Each watches a service of its own, which change in turn, so that neither waits for the response of
 * the other. Ratios are those of the quantiles. Exits with 1 when
 * a change was not seen, or the ratio of the p50 is above twice its limit: this machine may be busy.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { createPiloted } from "../mod.ts";
import { quantile, sleep } from "../scripts/chaos/measure.ts";
import { consulVersion, startConsul } from "../tests/support/consul.ts";
import { registerService } from "../tests/support/consul_services.ts";

const CHANGES = Number(process.argv[2] ?? 300);
const LIMITS = { p50: 1.25, p99: 2 };
const WARM_UP = 20;

/** Calls back with the port of the only instance, whenever it is another one. */
async function watchByHand(
  url: string,
  changed: (port: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const path = `${url}/v1/health/service/by-hand`;
  for (let index = "0", last = 0; !signal.aborted;) {
    const response = await fetch(`${path}?stale&index=${index}&wait=60s`, { signal });
    index = response.headers.get("X-Consul-Index")!;
    const [entry] = await response.json() as { Service: { Port: number } }[];
    if (entry !== undefined && entry.Service.Port !== last) changed(last = entry.Service.Port);
  }
}

const SERVICES = { "by hand": "by-hand", piloted: "app" } as const;

interface Delays {
  "by hand": number[];
  piloted: number[];
}

/** Measures one Consul. */
async function measure(
  name: string,
  url: string,
  register: (service: string, port: number) => Promise<unknown>,
): Promise<void> {
  for (const service of Object.values(SERVICES)) await register(service, 1_000);
  await using piloted = await createPiloted({
    config: { consul: url, watches: [{ name: "app" }] },
    signals: false,
    env: {},
  });
  const waiting = new Map<string, (at: number) => void>();
  const stop = new AbortController();
  piloted.on("change", ({ endpoints }) => {
    waiting.get(`piloted ${endpoints[0]?.port}`)?.(performance.now());
  });
  const byHand = watchByHand(
    url,
    (port) => waiting.get(`by hand ${port}`)?.(performance.now()),
    stop.signal,
  ).catch(() => {});
  const delays: Delays = { "by hand": [], piloted: [] };
  let lost = 0;
  for (let i = 0; i < CHANGES + WARM_UP; i++) {
    const port = 1_001 + i;
    // Long enough that no one is held back for asking too often.
    await sleep(120 + Math.random() * 60);
    for (const who of ["by hand", "piloted"] as const) {
      const seen = new Promise<void>((resolve) => {
        const timer = setTimeout(() => {
          lost++;
          resolve();
        }, 5_000);
        waiting.set(`${who} ${port}`, (at) => {
          clearTimeout(timer);
          waiting.delete(`${who} ${port}`);
          if (i >= WARM_UP) delays[who].push(at - startedAt);
          resolve();
        });
      });
      const startedAt = performance.now();
      await register(SERVICES[who], port);
      await seen;
    }
  }
  stop.abort();
  await byHand;
  report(name, delays, lost);
}

function report(name: string, delays: Delays, lost: number): void {
  console.log(`${name}, ${CHANGES} changes`);
  for (const [who, values] of Object.entries(delays)) {
    const [p50, p90, p99] = [0.5, 0.9, 0.99].map((share) => quantile(values, share).toFixed(2));
    console.log(`  ${who.padEnd(8)} p50 ${p50} ms, p90 ${p90} ms, p99 ${p99} ms`);
  }
  for (const [quantileName, limit] of Object.entries(LIMITS)) {
    const share = Number(quantileName.slice(1)) / 100;
    const ratio = quantile(delays.piloted, share) / quantile(delays["by hand"], share);
    console.log(`  ratio of the ${quantileName} ${ratio.toFixed(2)} (at most ${limit})`);
    if (quantileName === "p50" && !(ratio <= 2 * limit)) process.exitCode = 1;
  }
  if (lost > 0) {
    console.log(`  ${lost} changes were not seen`);
    process.exitCode = 1;
  }
}

{
  await using consul = await startConsul();
  await measure(
    `Consul ${await consulVersion()}`,
    consul.url,
    (Name, Port) => registerService(consul, { Name, ID: Name, Address: "10.0.0.1", Port }),
  );
}
for (const version of ["1.8", "1.15", "1.22", "2.0"] as const) {
  // The streaming backend is what newer agents use by default.
  for (const streaming of version === "1.8" ? [false] : [false, true]) {
    const name = `embedded ${version}${streaming ? ", streaming" : ""}`;
    const script = new URL("freshness/embedded_process.ts", import.meta.url);
    const args = ["run", "-A", "--no-check", fileURLToPath(script), version, String(streaming)];
    const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
    const [line] = await once(child.stdout, "data");
    const url = String(line).trim();
    await measure(name, url, (Name, Port) =>
      fetch(`${url}/v1/agent/service/register`, {
        method: "PUT",
        body: JSON.stringify({ Name, ID: Name, Address: "10.0.0.1", Port }),
      }).then((response) => response.body?.cancel()));
    child.stdin.end();
    await once(child, "exit");
  }
}
