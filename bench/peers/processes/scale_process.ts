/**
 * Watches services with one client while some of them change, and measures this process.
 *
 *     node --expose-gc scale_process.mjs CONSUL ours|consul|piloted|nothing SERVICES CHANGES MAIN
 *
 * Compiled from this file; MAIN is the URL of the built package.
 */
import process from "node:process";
import { connections, sleep } from "../../../scripts/chaos/measure.ts";
import { spreadOf } from "../comparison.ts";

type Core = Pick<typeof import("../../../mod.ts"), "createPiloted">;

/** Why a client could not start. */
export interface StartFailure {
  readonly failed: string;
}

/** Figures of one process. */
export interface ScaleFigures {
  readonly seenPercent: number;
  /** `null` when no change was seen. */
  readonly delayMs: number | null;
  readonly cpuMsPerSecond: number;
  /** Resident memory of the process after a garbage collection. */
  readonly memoryMb: number;
  readonly connections: number;
}

const [, , url, peer, sizeText, changesText, main] = process.argv;
const SIZE = Number(sizeText);
const CHANGES = Number(changesText);
const EVERY_MS = 250;
const PATIENCE_MS = 3_000;
const START_MS = 10_000;

const names = Array.from({ length: SIZE }, (_, i) => `app-${i}`);
const waiting = new Map<string, () => void>();

function seen(name: string, port: number | undefined): void {
  waiting.get(`${name} ${port}`)?.();
}

// A client is imported where it is used, so that none has the memory of another.
const start: Record<string, () => Promise<unknown>> = {
  nothing: () => Promise.resolve(),
  async ours() {
    const { createPiloted } = await import(main!) as Core;
    const client = await createPiloted({
      config: { consul: url!, watches: names.map((name) => ({ name })) },
      signals: false,
      env: {},
    });
    client.on("change", ({ service, endpoints }) => seen(service, endpoints[0]?.port));
  },
  async consul() {
    const { consulPackage } = await import("./consul_package.ts");
    const { watch } = consulPackage(url!);
    const ready = names.map((name) => {
      const one = watch(name);
      // Without a listener the first refused connection ends the process.
      one.on("error", () => {});
      return new Promise<void>((resolve) =>
        one.on("change", ([entry]) => {
          resolve();
          seen(name, entry?.Service.Port);
        })
      );
    });
    // Not all of them get a connection.
    await Promise.race([Promise.all(ready), sleep(START_MS)]);
  },
  async piloted() {
    const { pilotedPackage } = await import("./piloted_package.ts");
    const { peer } = await pilotedPackage(url!, names);
    peer.on("refresh", () => {
      for (const name of names) seen(name, peer.serviceHosts(name)?.[0]?.port);
    });
  },
};

/** The agent refuses connections above its limit, which watches may have reached. */
async function change(name: string, port: number): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await changeOnce(name, port);
    } catch (error) {
      if (performance.now() > end) throw error;
      await sleep(EVERY_MS / 5);
    }
  }
}

async function changeOnce(name: string, port: number): Promise<void> {
  const response = await fetch(`${url}/v1/catalog/register`, {
    method: "PUT",
    body: JSON.stringify({
      Node: "elsewhere",
      Address: "10.0.0.1",
      SkipNodeUpdate: true,
      Service: { ID: name, Service: name, Address: "10.0.0.1", Port: port },
    }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`Cannot change ${name}: ${response.status} ${text}`);
}

// Every client runs in a process that has used fetch before.
let port = 1_000 + process.pid % 10_000 * 5;
for (let i = 0; i < 3; i++) await change(names[0]!, ++port);
await start[peer!]!().catch((error: Error) => {
  const failure: StartFailure = { failed: error.message };
  console.log(JSON.stringify(failure));
  process.exit();
});
// What the start left to do.
await sleep(2 * EVERY_MS);
const delays: number[] = [];
const cpuBefore = process.cpuUsage();
const startedAt = performance.now();
const visible: Promise<void>[] = [];
for (let i = 0; i < CHANGES; i++) {
  await sleep(EVERY_MS);
  // Spread over all of them, whatever order the client has.
  const name = names[Math.floor((i + 0.5) / CHANGES * SIZE)]!;
  const key = `${name} ${++port}`;
  const changedAt = performance.now();
  visible.push(
    new Promise((resolve) => {
      const timer = setTimeout(resolve, PATIENCE_MS);
      waiting.set(key, () => {
        clearTimeout(timer);
        waiting.delete(key);
        delays.push(performance.now() - changedAt);
        resolve();
      });
    }),
  );
  // One that is refused for good counts as not seen.
  await change(name, port).catch(() => {});
}
const { user, system } = process.cpuUsage(cpuBefore);
const cpuMs = (user + system) / 1_000;
const seconds = (performance.now() - startedAt) / 1_000;
await Promise.all(visible);
(globalThis as { gc?: () => void }).gc?.();
const figures: ScaleFigures = {
  seenPercent: 100 * delays.length / CHANGES,
  delayMs: delays.length === 0 ? null : spreadOf(delays).median,
  cpuMsPerSecond: cpuMs / seconds,
  memoryMb: process.memoryUsage.rss() / 1e6,
  connections: connections(Number(new URL(url!).port)),
};
console.log(JSON.stringify(figures));
process.exit();
