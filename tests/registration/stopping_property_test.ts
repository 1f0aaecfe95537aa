import { assertEquals } from "@std/assert";
import process from "node:process";
import type { Fetch } from "../../src/platform_fetch.ts";
import { connectRegistrar } from "../../src/registration/connect_registrar.ts";
import { ManualClock } from "../../src/testing/manual_clock.ts";
import { test } from "../support/test.ts";
import { refusal } from "./support.ts";

// 10,000 take half a minute on a busy machine.
const RUNS = Number(process.env.PILOTED_RUNS ?? 3_000);

/**
 * The smallest agent: it knows services, and carries out a request some time after it was received,
 * unless it was cut off before.
 */
class TinyAgent {
  readonly ids = new Set<string>();
  /** Requests that would register, by the time of their arrival. */
  readonly registrations: number[] = [];
  inFlight = 0;
  heartbeatsInFlight = 0;
  mostHeartbeats = 0;
  /** Whether requests are refused or slow. */
  isFaulty = true;
  constructor(readonly clock: ManualClock, readonly random: () => number) {}

  readonly fetch: Fetch = async (input, init) => {
    const { clock, random } = this;
    const { pathname } = new URL(String(input));
    const isBeat = pathname.endsWith("/register") || pathname.includes("/check/update/");
    if (pathname.endsWith("/register")) this.registrations.push(clock.now());
    const refused = this.isFaulty && random() < 0.15;
    if (this.isFaulty && random() < 0.1) this.ids.clear();
    this.inFlight++;
    if (isBeat) this.mostHeartbeats = Math.max(this.mostHeartbeats, ++this.heartbeatsInFlight);
    try {
      if (refused) throw refusal();
      const isSlow = this.isFaulty && random() < 0.1;
      await this.wait(isSlow ? 4_000 * random() : 200 * random(), init?.signal);
      return this.#answer(pathname);
    } finally {
      this.inFlight--;
      if (isBeat) this.heartbeatsInFlight--;
    }
  };

  wait(ms: number, signal: AbortSignal | null | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = this.clock.start(resolve, ms);
      signal?.addEventListener("abort", () => {
        timer.cancel();
        reject(signal.reason);
      });
    });
  }

  #answer(path: string): Response {
    if (path.endsWith("/register")) {
      this.ids.add("app");
    } else if (path.includes("deregister")) {
      this.ids.delete("app");
    } else if (path.includes("check/update") && !this.ids.has("app")) {
      return new Response('Unknown check ID "x"', { status: 404 });
    } else if (path.startsWith("/v1/catalog")) {
      return Response.json([...this.ids].map((ServiceID) => ({ ServiceID })));
    } else if (path === "/v1/agent/checks" || path === "/v1/agent/self") {
      return Response.json({});
    }
    return new Response("");
  }
}

test(`close(): never leaves a ghost, whatever was in flight (${RUNS} interleavings)`, {
  timeout: 300_000,
}, async () => {
  const seed = Number(process.env.PILOTED_SEED ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`PILOTED_SEED=${seed}`);
  const random = generator(seed);
  for (let run = 0; run < RUNS; run++) {
    const clock = new ManualClock();
    const agent = new TinyAgent(clock, random);
    const registrar = connectRegistrar({
      consul: () => ({ url: "http://a" }),
      fetch: agent.fetch,
      clock,
      random,
      background: false,
      env: {},
      changed: () => {},
      failed: () => {},
    });
    const registration = registrar.register({
      name: "app",
      id: "app",
      port: 1,
      drainMs: 100,
      check: {
        // With the longer one a slow request is still in flight when stopping has waited for it.
        ...random() < 0.5
          ? { ttlMs: 3_000, intervalMs: 1_000 }
          : { ttlMs: 30_000, intervalMs: 10_000 },
        ...random() < 0.3 && { run: () => random() < 0.5 },
      },
    }, "test");
    const steps = Math.floor(random() * 6);
    for (let step = 0; step < steps; step++) {
      await clock.advance(random() * 1_500);
      const choice = random();
      if (choice < 0.3) registration.fail(`${step}`);
      else if (choice < 0.5) registration.pass();
      else if (choice < 0.6) void registration.maintenance(true).catch(() => {});
    }
    const closedAt = clock.now();
    const before = agent.registrations.length;
    // An agent that cannot be reached any more keeps what it has; every other must forget it.
    const isReachable = random() < 0.8;
    agent.isFaulty = !isReachable;
    const closed = registrar.close();
    const isKnown = agent.ids.has("app");
    await clock.advance(20_000);
    await closed;
    const where = `PILOTED_SEED=${seed}, run ${run}, known ${isKnown}, closed at ${closedAt}`;
    assertEquals(agent.registrations.length, before, `registered after close(): ${where}`);
    assertEquals(agent.mostHeartbeats <= 1, true, `${agent.mostHeartbeats} in flight: ${where}`);
    assertEquals([agent.inFlight, clock.pending], [0, 0], where);
    if (isReachable) assertEquals([...agent.ids], [], `left behind: ${where}`);
  }
});

function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ state >>> 15, 1 | state);
    mixed = mixed + Math.imul(mixed ^ mixed >>> 7, 61 | mixed) ^ mixed;
    return ((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32;
  };
}
