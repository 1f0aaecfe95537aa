import { assert, assertEquals } from "@std/assert";
import { seededRandom } from "../../bench/balance/seeded_random.ts";
import { EndpointPool } from "../../src/balance/endpoint_pool.ts";
import type { EndpointPoolOptions } from "../../src/balance/pool_options.ts";
import type { Lease, Outcome } from "../../src/balance/lease.ts";
import type { PoolEvent } from "../../src/balance/pool_event.ts";
import { ManualClock } from "../../src/testing/manual_clock.ts";
import { addressFor, endpoint } from "../support/endpoints.ts";
import { test } from "../support/test.ts";
import { endpoints, seed } from "./support.ts";

class World {
  readonly clock = new ManualClock();
  readonly events: PoolEvent[] = [];
  readonly pool: EndpointPool;

  constructor(names: string[], options: EndpointPoolOptions = {}) {
    this.pool = new EndpointPool({
      clock: this.clock,
      random: seededRandom(seed),
      onEvent: (event) => this.events.push(event),
      ...options,
    });
    this.pool.update(endpoints(...names));
  }

  lease(id: string): Lease | undefined {
    return this.pool.acquire({ exclude: (one) => one.id !== id });
  }

  /** Sends requests to that endpoint, as long as it gets any. */
  request(id: string, outcome: Outcome, times = 1): void {
    for (let i = 0; i < times; i++) this.lease(id)?.release(outcome);
  }

  ejected(): string {
    return this.pool.status().endpoints
      .filter(({ ejectedUntil }) => ejectedUntil !== undefined)
      .map(({ endpoint }) => endpoint.id).join(" ");
  }

  /** Whom so many picks give, each once, in alphabetical order. */
  picked(count: number): string {
    const ids = Array.from({ length: count }, () => this.pool.pick()!.id);
    return [...new Set(ids)].sort().join(" ");
  }

  /** How long the last ejection lasts from now. */
  get lastMs(): number {
    const event = this.events.findLast((one) => one.type === "ejected")!;
    return event.ejectedUntil - this.clock.now();
  }

  told(): string[] {
    return this.events.map((event) => {
      if (event.type === "panic") {
        return `panic ${event.on} ${event.usableCount}/${event.totalCount}`;
      }
      return `${event.type} ${event.endpoint.id}` + ("reason" in event ? ` ${event.reason}` : "");
    });
  }
}

test("EndpointPool ejects after five failures in a row and tells so", () => {
  const world = new World(["a", "b"]);
  world.request("a", "failure", 4);
  world.request("a", "success");
  world.request("a", "failure", 4);
  assertEquals(world.ejected(), "");
  world.request("a", "unknown");
  world.request("a", "failure");
  assertEquals(world.ejected(), "a");
  assertEquals(world.told(), ["ejected a consecutive_failures"]);
  for (let i = 0; i < 10; i++) {
    assertEquals([world.pool.pick()!.id, world.pool.acquire()!.endpoint.id], ["b", "b"]);
  }
});

test("EndpointPool keeps ejections through a refresh", () => {
  const world = new World(["a", "b"]);
  world.request("a", "failure", 5);
  world.pool.update([
    endpoint("b", { address: addressFor("b") }),
    endpoint("a", { address: addressFor("a"), tags: ["new"] }),
  ]);
  assertEquals(world.ejected(), "a");
  assertEquals(world.pool.pick()!.id, "b");
});

test("EndpointPool lets an ejected endpoint back through one successful probe", async () => {
  const world = new World(["a", "b"]);
  world.request("a", "failure", 5);
  await world.clock.advance(26_000);
  assertEquals(world.lease("a"), undefined);
  await world.clock.advance(4_000);
  const probe = world.pool.acquire()!;
  assertEquals(probe.endpoint.id, "a");
  for (let i = 0; i < 10; i++) {
    assertEquals([world.pool.pick()!.id, world.pool.acquire()!.endpoint.id], ["b", "b"]);
  }
  probe.release();
  assertEquals(world.ejected(), "");
  assertEquals(world.told(), ["ejected a consecutive_failures", "readmitted a"]);
  assertEquals(world.picked(2), "a b");
});

test("EndpointPool ejects for 30 s times the number of ejections, up to 300 s, a tenth less by chance", async () => {
  const world = new World(["a", "b"]);
  world.request("a", "failure", 5);
  for (let ejectionCount = 1; ejectionCount <= 12; ejectionCount++) {
    const longest = Math.min(30_000 * ejectionCount, 300_000);
    assert(world.lastMs <= longest && world.lastMs >= 0.9 * longest);
    assertEquals(world.pool.status().endpoints[0]!.ejectionCount, ejectionCount);
    await world.clock.advance(world.lastMs);
    world.request("a", "failure");
    assertEquals(world.told().at(-1), "ejected a probe_failed");
  }
});

test("EndpointPool shortens ejections by chance, and never below the first one's length", () => {
  const half = new World(["a", "b"], { random: () => 0.5 });
  half.request("a", "failure", 5);
  assertEquals(half.lastMs, 28_500);
  const short = new World(["a", "b"], { random: () => 0, outliers: { maxEjectionMs: 1 } });
  short.request("a", "failure", 5);
  assertEquals(short.lastMs, 30_000);
});

test("EndpointPool forgives one ejection for every ten seconds without one", async () => {
  const world = new World(["a", "b"]);
  const ejections = () => world.pool.status().endpoints[0]!.ejectionCount;
  world.request("a", "failure", 5);
  for (let i = 0; i < 3; i++) {
    await world.clock.advance(world.lastMs);
    world.request("a", "failure");
  }
  assertEquals(ejections(), 4);
  await world.clock.advance(world.lastMs);
  world.request("a", "success");
  await world.clock.advance(20_000);
  world.request("a", "failure", 5);
  assertEquals(ejections(), 3);
});

test("EndpointPool probes again when a probe ends without an outcome, or never", async () => {
  const world = new World(["a", "b"]);
  world.request("a", "failure", 5);
  await world.clock.advance(30_000);
  world.lease("a")![Symbol.dispose]();
  assertEquals(world.ejected(), "a");
  const lost = world.lease("a")!;
  assertEquals(world.lease("a"), undefined);
  await world.clock.advance(30_000);
  world.request("a", "success");
  assertEquals(world.ejected(), "");
  lost.release();
  assertEquals(world.ejected(), "");
});

test("EndpointPool does not probe an endpoint that a caller has excluded", async () => {
  const world = new World(["a", "b"]);
  world.request("a", "failure", 5);
  await world.clock.advance(30_000);
  assertEquals(world.lease("b")!.endpoint.id, "b");
  assertEquals(world.pool.acquire()!.endpoint.id, "a");
});

test("EndpointPool does not listen to what was under way when it ejected", async () => {
  const world = new World(["a", "b"]);
  const [early, late] = [world.lease("a")!, world.lease("a")!];
  world.request("a", "failure", 5);
  early.release("success");
  assertEquals(world.ejected(), "a");
  late.release("failure");
  assertEquals(world.told().length, 1);
  await world.clock.advance(30_000);
  world.request("a", "success");
  assertEquals(world.told().at(-1), "readmitted a");
});

test("EndpointPool lets an endpoint back for pick() when nobody asks for leases any more", async () => {
  const world = new World(["a", "b"]);
  world.request("a", "failure", 5);
  await world.clock.advance(59_000 - 3_000);
  assertEquals([world.pool.pick()!.id, world.pool.pick()!.id], ["b", "b"]);
  await world.clock.advance(4_000);
  // One pick may pass before the time is read again: two came at once before.
  assertEquals(world.picked(3), "a b");
  assertEquals(world.told().at(-1), "readmitted a");
  world.request("a", "failure", 4);
  assertEquals(world.ejected(), "");
});

test("EndpointPool reads the clock for few of many picks while something is ejected, and for each of rare ones", () => {
  let now = 0;
  let readCount = 0;
  const clock = { now: () => (readCount++, now), start: () => ({ cancel() {} }) };
  const world = new World(["a", "b"], { clock });
  world.request("a", "failure", 5);
  readCount = 0;
  for (let i = 0; i < 64_000; i++) world.pool.pick();
  assert(readCount > 990 && readCount < 1_020, `${readCount}`);
  readCount = 0;
  // After the burst at most 63 picks go by unnoticed, then each one is checked.
  for (let i = 0; i < 163; i++, now += 10) world.pool.pick();
  assert(readCount >= 100, `${readCount}`);
  now += 60_000;
  world.pool.pick();
  assertEquals(world.ejected(), "");
});

test("EndpointPool lets back only those for pick() that have waited long enough", async () => {
  const world = new World(["a", "b", "c", "d"]);
  world.request("a", "failure", 5);
  await world.clock.advance(20_000);
  world.request("b", "failure", 5);
  await world.clock.advance(40_000);
  world.pool.pick();
  assertEquals(world.ejected(), "b");
});

test("EndpointPool ejects at most half of the endpoints and never the last one", () => {
  for (const [count, most] of [[1, 0], [2, 1], [3, 1], [4, 2], [5, 2]] as const) {
    const ids = ["a", "b", "c", "d", "e"].slice(0, count);
    const world = new World(ids);
    for (const id of ids) world.request(id, "failure", 5);
    assertEquals(world.pool.status().ejectedCount, most);
    assert(world.pool.pick() !== undefined);
  }
  const all = new World(["a", "b", "c"], { outliers: { maxEjectedPercent: 100 } });
  for (const id of ["a", "b", "c"]) all.request(id, "failure", 5);
  assertEquals(all.pool.status().ejectedCount, 2);
});

test("EndpointPool ejects the next one once there is room", async () => {
  const world = new World(["a", "b"]);
  world.request("a", "failure", 5);
  world.request("b", "failure", 5);
  assertEquals(world.ejected(), "a");
  await world.clock.advance(30_000);
  world.request("a", "success");
  world.request("b", "failure");
  assertEquals(world.ejected(), "b");
});

test("EndpointPool panics when less than half is usable: ejections are ignored, maintenance is not", () => {
  const world = new World(["a", "b", "c", "d"]);
  world.request("a", "failure", 5);
  world.request("b", "failure", 5);
  assertEquals([world.ejected(), world.pool.status().panic], ["a b", false]);
  const out = endpoint("out", { address: addressFor("out"), status: "maintenance" });
  world.pool.update([...endpoints("a", "b", "c"), out]);
  assertEquals(world.pool.status().panic, true);
  assertEquals(world.picked(12), "a b c");
  world.pool.update([...endpoints("a", "b", "c", "d"), out]);
  assertEquals(world.pool.status().panic, false);
  assertEquals(world.told().slice(2), ["panic true 1/3", "panic false 2/4"]);
});

test("EndpointPool forgets the ejection of an endpoint that left", () => {
  const world = new World(["a", "b"]);
  world.request("a", "failure", 5);
  world.pool.update(endpoints("b"));
  world.pool.update(endpoints("a", "b"));
  assertEquals(world.ejected(), "");
  assertEquals(world.picked(2), "a b");
});

test("EndpointPool has room for another ejection when an ejected endpoint has left", () => {
  const world = new World(["a", "b", "c"]);
  const unfinished = world.lease("a")!;
  world.request("a", "failure", 5);
  world.pool.update(endpoints("b", "c"));
  world.request("b", "failure", 5);
  assertEquals(world.ejected(), "b");
  unfinished[Symbol.dispose]();
});

test("EndpointPool does not eject an endpoint that has left", () => {
  const world = new World(["a", "b", "c"]);
  const leases = Array.from({ length: 6 }, () => world.lease("a")!);
  world.pool.update(endpoints("b", "c"));
  for (const lease of leases) lease.release("failure");
  assertEquals(world.told(), []);
});

test("EndpointPool ejects nothing with outliers: false", () => {
  const world = new World(["a", "b"], { outliers: false });
  world.request("a", "failure", 50);
  assertEquals(world.pool.status().ejectedCount, 0);
  assertEquals(world.events, []);
});

test("EndpointPool compares success rates at the end of every interval", async () => {
  const ids = ["a", "b", "c", "d", "e"];
  const world = new World(ids, { outliers: { successRate: true } });
  for (const id of ids) {
    for (let i = 0; i < 100; i++) {
      world.request(id, id === "e" && i % 2 === 0 ? "failure" : "success");
    }
  }
  assertEquals(world.told(), []);
  await world.clock.advance(10_000);
  world.request("a", "success");
  assertEquals(world.told(), ["ejected e success_rate"]);
});

test("EndpointPool ejects who fails more than 85 %, with the chance that it is told", async () => {
  for (const enforcementPercent of [100, 0]) {
    const world = new World(["a", "b", "c", "d", "e"], {
      outliers: { failurePercentage: { enforcementPercent }, consecutiveFailures: 10 },
    });
    for (let i = 0; i < 50; i++) world.request("e", i % 10 === 0 ? "success" : "failure");
    await world.clock.advance(10_000);
    world.request("a", "success");
    assertEquals(world.told(), enforcementPercent === 100 ? ["ejected e failure_percentage"] : []);
  }
});

test("EndpointPool ejects once what both detectors find", async () => {
  const ids = ["a", "b", "c", "d", "e"];
  const world = new World(ids, {
    outliers: { successRate: true, failurePercentage: true, consecutiveFailures: 1_000 },
  });
  for (const id of ids) world.request(id, id === "e" ? "failure" : "success", 100);
  await world.clock.advance(10_000);
  world.request("a", "success");
  assertEquals(world.told(), ["ejected e success_rate"]);
});

test("EndpointPool starts counting anew with every interval", async () => {
  const world = new World(["a", "b", "c", "d", "e"], {
    outliers: { failurePercentage: true, consecutiveFailures: 1_000 },
  });
  world.request("e", "failure", 49);
  await world.clock.advance(10_000);
  world.request("e", "failure", 49);
  await world.clock.advance(10_000);
  world.request("a", "success");
  assertEquals(world.ejected(), "");
});
