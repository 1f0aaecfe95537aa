/**
 * What a client costs a registry: reads a minute around a rate limit, and many watches on an agent with
 * the streaming backend.
 *
 *     deno run -A bench/registry_load.ts
 *
 * The first part runs on a manual clock, with random numbers from a seed: its figures are exact. The
 * second runs in real time over an embedded Consul in this process, so the CPU time is that of both.
 * Exits with 1 when a figure is above its limit.
 */
import process from "node:process";
import { createPiloted } from "../mod.ts";
import { seededRandom } from "./balance/seeded_random.ts";
import { quantile, sleep } from "../scripts/chaos/measure.ts";
import { EmbeddedConsul } from "../src/testing/mod.ts";
import { register, withEmbedded } from "../tests/support/embedded_client.ts";

const MINUTE_MS = 60_000;
const LIMITED = "rate limit exceeded, try again later or against a different server";

function check(what: string, value: number, most: number): void {
  console.log(`${what}: ${value} (at most ${most})`);
  if (!(value <= most)) process.exitCode = 1;
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

async function rateLimit(what: string, maxConnections: number): Promise<void> {
  const names = Array.from({ length: 40 }, (_, i) => `s${i}`);
  await withEmbedded(async (it) => {
    const minutes = async (count: number) => {
      const reads: number[] = [];
      for (let i = 0; i < count; i++) {
        const before = it.sent.length;
        await it.passes(MINUTE_MS);
        reads.push(it.sent.length - before);
      }
      return reads;
    };
    await it.passes(MINUTE_MS);
    const before = average(await minutes(10));
    it.between(() => Promise.resolve(new Response(LIMITED, { status: 429 })));
    const [during] = await minutes(1);
    it.between(undefined);
    const after = await minutes(5);
    console.log(`40 watches, ${what}: ${before} reads a minute before the limit`);
    check("  in its minute", during!, before);
    check("  in the minute after it", after[0]!, before);
    check("  a minute on average of the next four", average(after.slice(1)), before);
  }, {
    watches: names.map((name) => ({ name })),
    maxConnections,
    random: seededRandom(1),
    start: ({ consul }) => names.forEach((name) => register(consul, name, name)),
  });
}

/** Adds what an agent says that streams. */
async function stream(request: Request, consul: EmbeddedConsul): Promise<Response> {
  const { searchParams } = new URL(request.url);
  const response = await consul.fetch(request);
  const isCopy = searchParams.has("index") || searchParams.has("cached");
  response.headers.set("X-Consul-Query-Backend", isCopy ? "streaming" : "blocking-query");
  return response;
}

async function streaming(count: number, changes: number): Promise<void> {
  await using consul = new EmbeddedConsul();
  const names = Array.from({ length: count }, (_, i) => `s${i}`);
  for (const name of names) register(consul, name, name);
  const kinds = { cached: 0, index: 0, summary: 0, plain: 0 };
  await using piloted = await createPiloted({
    config: { consul: "consul:8500", watches: names.map((name) => ({ name })) },
    fetch: (input, init) => {
      const request = new Request(input, init);
      const { pathname, searchParams } = new URL(request.url);
      if (pathname.includes("/internal/")) kinds.summary++;
      else if (searchParams.has("cached")) kinds.cached++;
      else if (searchParams.has("index")) kinds.index++;
      else kinds.plain++;
      return stream(request, consul);
    },
    signals: false,
    env: {},
  });
  await sleep(10_000);
  for (const kind of Object.keys(kinds) as (keyof typeof kinds)[]) kinds[kind] = 0;
  const startedAt = performance.now();
  const usage = process.cpuUsage();
  const delays: number[] = [];
  for (let i = 0; i < changes; i++) {
    const name = names[Math.floor(Math.random() * count)]!;
    const changedAt = performance.now();
    const seen = piloted.once("change");
    consul.register({ name, id: `new${i}`, address: "10.0.0.2", port: 1 });
    await seen;
    delays.push(performance.now() - changedAt);
    await sleep(200);
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  const { user, system } = process.cpuUsage(usage);
  console.log(`${count} watches, streaming, ${changes} changes in ${seconds.toFixed(0)} s:`);
  for (const [kind, reads] of Object.entries(kinds)) {
    console.log(`  ${kind}: ${(reads / seconds).toFixed(1)} reads/s`);
  }
  console.log(`  CPU of client and Consul: ${((user + system) / seconds / 10_000).toFixed(0)} %`);
  console.log(`  visible after p50 ${quantile(delays, 0.5).toFixed(0)} ms`);
  check("  visible after p99, ms", Math.round(quantile(delays, 0.99)), 2 * 2_000);
  check("  summaries", kinds.summary, 0);
}

await rateLimit("none parked", 64);
await rateLimit("25 parked", 22);
await streaming(1_000, Number(process.argv[2] ?? 50));
