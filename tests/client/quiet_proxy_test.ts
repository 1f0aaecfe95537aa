/** Proxies and load balancers that end a response which takes too long. */
import { assert, assertEquals } from "@std/assert";
import type { ManualClock } from "../../src/testing/mod.ts";
import {
  type Between,
  type EmbeddedClient,
  idsOf,
  register,
  withEmbedded,
} from "../support/embedded_client.ts";
import { test } from "../support/test.ts";

const SPAN_MS = 600_000;

/** Ends a request that takes longer. */
function proxy(clock: ManualClock, limitMs: number, end: () => Response): Between {
  return (_request, next) =>
    new Promise((resolve, reject) => {
      const timer = clock.start(() => {
        try {
          resolve(end());
        } catch (error) {
          reject(error);
        }
      }, limitMs);
      next().then(resolve, reject).finally(() => timer.cancel());
    });
}

const gatewayTimeout = () => new Response("<html>504</html>", { status: 504 });

function lost(): TypeError {
  const cause = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
  return new TypeError("fetch failed", { cause });
}

function closed(): never {
  throw lost();
}

const ENDS: readonly [string, () => Response][] = [
  ["answers 504", gatewayTimeout],
  ["answers 502", () => new Response("", { status: 502 })],
  ["answers 408", () => new Response("", { status: 408 })],
  ["closes the connection", closed],
];

/** Runs for ten minutes behind a proxy, and returns how long the watch was not live. */
async function behind(
  limitMs: number,
  end: () => Response,
  waitMs: number,
  run: (it: EmbeddedClient, notLiveMs: number) => Promise<void> | void,
): Promise<void> {
  await withEmbedded(async (client) => {
    let notLiveMs = 0;
    for (let ms = 0; ms < SPAN_MS; ms += 1_000) {
      await client.passes(1_000, 500);
      if (client.piloted.status("app").state !== "live") notLiveMs += 1_000;
    }
    await run(client, notLiveMs);
  }, {
    waitMs,
    failover: ["dc2"],
    consul: { datacenters: ["dc2"] },
    start: ({ clock, consul, between }) => {
      register(consul, "app", "a");
      consul.datacenter("dc2").register({ name: "app", id: "b", address: "10.0.0.2", port: 80 });
      between(proxy(clock, limitMs, end));
    },
  });
}

for (const seconds of [25, 60, 300]) {
  for (const [what, end] of ENDS) {
    test(`a watch stays live for ten minutes behind a proxy that ${what} after ${seconds} s`, () =>
      behind(seconds * 1_000, end, seconds === 300 ? 600_000 : 150_000, async (it, notLiveMs) => {
        const { consul, piloted, errors, states, timeUntil } = it;
        assertEquals([notLiveMs, errors.length, states.length], [0, 0, 0]);
        assertEquals([piloted.status("app").failover, idsOf(piloted)], [undefined, "a"]);
        register(consul, "app", "c");
        const tookMs = await timeUntil(() => idsOf(piloted) === "a c");
        assert(tookMs <= 2_000, `a change is visible after ${tookMs} ms`);
      }));
  }
}

test("behind a proxy of 25 s the wait is shortened once, and stays below the limit", () =>
  behind(25_000, gatewayTimeout, 60_000, ({ sent }) => {
    const reads = sent.filter(({ url }) => url.searchParams.has("index"));
    const waits = reads.map(({ url }) => parseFloat(url.searchParams.get("wait")!));
    // All but the first, and none of ten minutes' 40 or so was cut off again.
    assertEquals(waits.filter((ms) => ms >= 25_000).length, 1);
    assert(reads.length < 50, `${reads.length} blocking queries`);
    const plain = sent.filter(({ url }) => url.pathname.endsWith("/app")).length - reads.length;
    // The first of all, and the one that confirmed the list after the first 504.
    assertEquals(plain, 2);
  }));

test("a proxy that has no limit any longer is noticed within an hour or so", () =>
  behind(25_000, gatewayTimeout, 60_000, async (it) => {
    it.between(undefined);
    const before = it.sent.length;
    await it.passes(7_200_000, 2_000);
    const waits = it.sent.slice(before).map(({ url }) => parseFloat(url.searchParams.get("wait")!));
    assertEquals([waits.at(-1), it.errors.length], [45_000, 0]);
  }));

test("an agent that goes away in the middle of a poll is stale at once, and shortens no wait", () =>
  withEmbedded(async (it) => {
    let end = () => {};
    it.between((_request, next) =>
      new Promise((resolve, reject) => {
        end = () => reject(lost());
        next().then(resolve, reject);
      })
    );
    await it.passes(60_000);
    it.between(() => Promise.reject(new TypeError("fetch failed")));
    end();
    await it.passes(50, 50);
    assertEquals([it.piloted.status("app").state, idsOf(it.piloted)], ["stale", "a"]);
    it.between(undefined);
    await it.passes(5_000);
    assertEquals(it.piloted.status("app").state, "live");
    assertEquals(it.sent.at(-1)?.url.searchParams.get("wait"), "45000ms");
  }, { start: ({ consul }) => register(consul, "app", "a") }));

test("a keep-alive connection that closes as it is reused costs one silent retry, and no stale", () =>
  withEmbedded(async (it) => {
    let failures = 0;
    it.between((_request, next) => failures++ === 0 ? Promise.reject(lost()) : next());
    await it.piloted.refresh();
    assertEquals([failures, it.states.length, it.errors.length], [2, 0, 0]);
    // The second time in a row it is no coincidence.
    it.between(() => Promise.reject(lost()));
    await it.piloted.refresh();
    assertEquals([it.piloted.status("app").state, it.errors.length], ["stale", 1]);
  }, { start: ({ consul }) => register(consul, "app", "a") }));
