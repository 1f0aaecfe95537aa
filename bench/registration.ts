/**
 * Requests that are lost while five instances are restarted one after the other: each registers,
 * serves, deregisters, drains and closes its port, and a client calls them all the time through
 * `createFetch()`.
 *
 *     deno task bench registration
 *
 * With `--critical` it registers 200 services of one process for ten minutes instead, with a TTL of
 * three heartbeats, and counts how often one was critical (`--minutes 1` for less).
 *
 * @module
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { createPiloted } from "../src/client/create_piloted.ts";
import { createFetch } from "../src/client/create_fetch.ts";
import { createRegistration } from "../src/registration/create_registration.ts";
import type { Registration } from "../src/registration/registration.ts";
import { listen, type Listener } from "../src/runtime/listen.ts";
import { startConsul } from "../tests/support/consul.ts";

const INSTANCES = 5;
const SERVICES = 200;

interface Instance {
  readonly registration: Registration;
  readonly listener: Listener;
}

const { values } = parseArgs({
  options: {
    critical: { type: "boolean", default: false },
    minutes: { type: "string", default: "10" },
  },
});
const consul = await startConsul();
try {
  if (values.critical) await keepPassing(Number(values.minutes));
  else await restartAll();
} finally {
  await consul.stop();
}

async function restartAll(): Promise<void> {
  const instances = await Promise.all(Array.from({ length: INSTANCES }, (_, id) => start(id)));
  const piloted = await createPiloted({
    config: { consul: consul.url, watches: [{ name: "app" }] },
    signals: false,
    env: {},
  });
  while (piloted.serviceHosts("app").length < INSTANCES) await pause(20);
  // Without retries: what is lost is lost.
  const call = createFetch(piloted, { maxAttempts: 1 });
  let isDone = false;
  let count = 0;
  const lost: string[] = [];
  const callers = Array.from({ length: 8 }, async () => {
    while (!isDone) {
      try {
        const response = await call("http://app/");
        if (!response.ok) lost.push(`${response.status}`);
        await response.text();
      } catch (error) {
        lost.push(String(error));
      }
      count++;
    }
  });
  for (let id = 0; id < INSTANCES; id++) {
    await pause(500);
    await instances[id]!.registration.close();
    instances[id] = await start(id);
  }
  await pause(500);
  isDone = true;
  await Promise.all(callers);
  console.log(`${count} requests while ${INSTANCES} instances restarted: ${lost.length} lost`);
  for (const why of new Set(lost)) console.log(`  ${why}`);
  await piloted.close();
  await Promise.all(instances.map(({ registration }) => registration.close()));
  if (lost.length > 0) process.exitCode = 1;
}

async function start(id: number): Promise<Instance> {
  const listener = await listen(() => new Response("ok"), { hostname: "127.0.0.1" });
  const registration = await createRegistration({
    name: "app",
    id: `app-${id}`,
    address: "127.0.0.1",
    port: listener.port,
    config: { consul: consul.url },
    env: {},
    check: { ttlMs: 3_000 },
    onStop: () => listener.close(),
  });
  await registration.ready;
  return { registration, listener };
}

async function keepPassing(minutes: number): Promise<void> {
  const piloted = await createPiloted({
    config: { consul: consul.url, watches: [] },
    signals: false,
    env: {},
  });
  const registrations = await Promise.all(
    Array.from({ length: SERVICES }, (_, id) =>
      piloted.register({
        name: `service-${id}`,
        port: 1_000 + id,
        drainMs: 0,
        check: { ttlMs: 3_000, intervalMs: 1_000 },
      })),
  );
  await Promise.all(registrations.map(({ ready }) => ready));
  const end = performance.now() + minutes * 60_000;
  let critical = 0;
  while (performance.now() < end) {
    const checks = await consul.get<Record<string, { Status: string }>>("/v1/agent/checks");
    critical += Object.values(checks).filter(({ Status }) => Status === "critical").length;
    await pause(500);
  }
  const all = registrations.map((registration) => registration.status());
  const missed = all.reduce((sum, { missedTtlCount }) => sum + missedTtlCount, 0);
  const beats = all.reduce((sum, { latency }) => sum + latency.count, 0);
  console.log(
    `${SERVICES} registrations for ${minutes} minutes, ${beats} heartbeats: ` +
      `${critical} critical readings, ${missed} missed TTLs`,
  );
  await piloted.close();
  if (critical + missed > 0) process.exitCode = 1;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
