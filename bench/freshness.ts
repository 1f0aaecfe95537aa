/**
 * From the start of a registration to the change event, on a real Consul, beside a bare blocking
 * query written by hand that waits for the same registration.
 *
 *     deno run -A bench/freshness.ts [changes]
 *
 * Both watch the same service at the same time. Ratios are those of the quantiles. Exits with 1 when
 * a change was not seen, or the ratio of the p50 is above twice its limit: this machine may be busy.
 */
import process from "node:process";
import { createPiloted } from "../mod.ts";
import { quantile, sleep } from "../scripts/chaos/measure.ts";
import { startConsul } from "../tests/support/consul.ts";
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
  const path = `${url}/v1/health/service/app`;
  for (let index = "0", last = 0; !signal.aborted;) {
    const response = await fetch(`${path}?stale&index=${index}&wait=60s`, { signal });
    index = response.headers.get("X-Consul-Index")!;
    const [entry] = await response.json() as { Service: { Port: number } }[];
    if (entry !== undefined && entry.Service.Port !== last) changed(last = entry.Service.Port);
  }
}

await using consul = await startConsul();
const register = (port: number) =>
  registerService(consul, { Name: "app", ID: "app-1", Address: "10.0.0.1", Port: port });
await register(1_000);
await using piloted = await createPiloted({
  config: { consul: consul.url, watches: [{ name: "app" }] },
  signals: false,
  env: {},
});

const waiting = new Map<string, (at: number) => void>();
const stop = new AbortController();
piloted.on("change", ({ endpoints }) => {
  waiting.get(`piloted ${endpoints[0]?.port}`)?.(performance.now());
});
const byHand = watchByHand(
  consul.url,
  (port) => waiting.get(`by hand ${port}`)?.(performance.now()),
  stop.signal,
).catch(() => {});

const delays = { "by hand": [] as number[], piloted: [] as number[] };
let lost = 0;
for (let i = 0; i < CHANGES + WARM_UP; i++) {
  const port = 1_001 + i;
  // Long enough that no one is held back for asking too often.
  await sleep(120 + Math.random() * 60);
  const seen = Promise.all(
    (["by hand", "piloted"] as const).map((who) =>
      new Promise<void>((resolve) => {
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
      })
    ),
  );
  const startedAt = performance.now();
  await register(port);
  await seen;
}
stop.abort();
await byHand;

for (const [who, values] of Object.entries(delays)) {
  const [p50, p90, p99] = [0.5, 0.9, 0.99].map((share) => quantile(values, share).toFixed(2));
  console.log(`${who.padEnd(8)} p50 ${p50} ms, p90 ${p90} ms, p99 ${p99} ms (${values.length})`);
}
for (const [name, limit] of Object.entries(LIMITS)) {
  const share = Number(name.slice(1)) / 100;
  const ratio = quantile(delays.piloted, share) / quantile(delays["by hand"], share);
  console.log(`ratio of the ${name} ${ratio.toFixed(2)} (at most ${limit})`);
  if (name === "p50" && !(ratio <= 2 * limit)) process.exitCode = 1;
}
if (lost > 0) {
  console.log(`${lost} changes were not seen`);
  process.exitCode = 1;
}
