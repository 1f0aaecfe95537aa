/** Watches without a blocking query of their own: how soon they see a change, and at what cost. */
import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import {
  type Between,
  type EmbeddedClient,
  idsOf,
  register,
  withEmbedded,
} from "../support/embedded_client.ts";
import { test } from "../support/test.ts";

const MINUTE_MS = 60_000;
const VISIBLE_MS = 2_000;

/** Enough watches that the others are parked: 47 of 64 connections run blocking queries. */
function busy(count: number): { name: string }[] {
  return Array.from({ length: count }, (_, i) => ({ name: `s${i}` }));
}

function fill(it: { consul: EmbeddedClient["consul"] }, count: number): void {
  for (const { name } of busy(count)) register(it.consul, name, name);
}

test("a change in another datacenter is visible within 2 s although its watch is parked", () =>
  withEmbedded(async (it) => {
    const remote = it.consul.datacenter("dc2");
    await it.passes(MINUTE_MS);
    for (let i = 0; i < 10; i++) {
      remote.register({ name: "far", id: `f${i}`, address: "10.0.1.1", port: 1 + i });
      const count = i + 1;
      const tookMs = await it.timeUntil(() => idsOf(it.piloted, "far").split(" ").length === count);
      assertLessOrEqual(tookMs, VISIBLE_MS);
      await it.passes(15_000);
    }
    // Only the one watch is read often.
    const before = it.sent.length;
    await it.passes(MINUTE_MS);
    const reads = it.sent.slice(before).filter(({ url }) => url.searchParams.has("dc"));
    assertLessOrEqual(reads.length, 70);
    assertLessOrEqual(it.sent.length - before - reads.length, 150);
  }, {
    watches: [...busy(60), { name: "far", datacenter: "dc2" }],
    consul: { datacenters: ["dc2"] },
    start: (it) => {
      fill(it, 60);
      it.consul.datacenter("dc2").register({ name: "far", id: "f", address: "10.0.1.1", port: 9 });
      it.consul.datacenter("dc2").deregister("f");
    },
  }));

test("a change of a service that is registered in another case is visible within 2 s", () =>
  withEmbedded(async (it) => {
    await it.passes(MINUTE_MS);
    for (let i = 0; i < 10; i++) {
      register(it.consul, "Customers", `c${i}`, 1 + i);
      const count = i + 2;
      const tookMs = await it.timeUntil(() =>
        idsOf(it.piloted, "customers").split(" ").length === count
      );
      assertLessOrEqual(tookMs, VISIBLE_MS);
      await it.passes(15_000);
    }
  }, {
    watches: [...busy(60), { name: "customers" }],
    start: (it) => {
      fill(it, 60);
      register(it.consul, "Customers", "c");
    },
  }));

const REFUSED: Between = async (request, next) => {
  const { pathname } = new URL(request.url);
  return pathname.includes("/internal/")
    ? new Response("Permission denied", { status: 403 })
    : await next();
};

for (const [when, atStart] of [["at the start", true], ["later", false]] as const) {
  test(`without the summary, which is refused ${when}, a change of each of 150 parked watches is visible within 2 s`, () =>
    withEmbedded(async (it) => {
      await it.passes(MINUTE_MS);
      if (!atStart) {
        it.between(REFUSED);
        // The query under way ends with this change.
        register(it.consul, "s0", "other", 7);
        await it.passes(1_000);
      }
      const before = it.sent.length;
      for (const i of [60, 120, 199]) {
        register(it.consul, `s${i}`, "new", 99);
        const tookMs = await it.timeUntil(() => idsOf(it.piloted, `s${i}`).includes("new"));
        assertLessOrEqual(tookMs, VISIBLE_MS, `s${i}`);
        await it.passes(10_000);
      }
      // 153 are parked, each is read once in 1.5 s.
      assertLessOrEqual(it.sent.length - before, 36 * 110);
    }, {
      watches: busy(200),
      start: (it) => {
        fill(it, 200);
        if (atStart) it.between(REFUSED);
      },
    }));
}

/** An agent with the streaming backend: its copy responds to `index` and `cached`. */
function streaming(): Between {
  return async (request, next) => {
    const { searchParams } = new URL(request.url);
    const response = await next();
    const fromCopy = searchParams.has("index") || searchParams.has("cached");
    response.headers.set("X-Consul-Query-Backend", fromCopy ? "streaming" : "blocking-query");
    if (fromCopy) {
      response.headers.set("X-Consul-KnownLeader", "false");
      response.headers.set("X-Consul-LastContact", "0");
    }
    return response;
  };
}

test("with the streaming backend parked watches are read from the agent's copy, and no summary is", () =>
  withEmbedded(async (it) => {
    await it.passes(MINUTE_MS);
    const before = it.sent.length;
    await it.passes(MINUTE_MS);
    const reads = it.sent.slice(before).filter(({ url }) => !url.searchParams.has("index"));
    assertEquals(
      it.sent.slice(before).filter(({ url }) => url.pathname.includes("/internal/")).length,
      0,
    );
    assert(reads.every(({ url }) => url.searchParams.has("cached")));
    for (let i = 50; i < 60; i++) {
      register(it.consul, `s${i}`, "new", 99);
      const tookMs = await it.timeUntil(() => idsOf(it.piloted, `s${i}`).includes("new"));
      assertLessOrEqual(tookMs, VISIBLE_MS);
    }
    const { freshness } = it.piloted.status("s0").watches[0]!;
    assertEquals([freshness.backend, freshness.knownLeader, freshness.lastContactMs], [
      "streaming",
      undefined,
      undefined,
    ]);
  }, {
    watches: busy(60),
    start: (it) => {
      fill(it, 60);
      it.between(streaming());
    },
  }));

test("with the streaming backend and another consistency the agent's copy is not used", () =>
  withEmbedded(async (it) => {
    await it.passes(MINUTE_MS);
    assertEquals(it.sent.filter(({ url }) => url.searchParams.has("cached")).length, 0);
    assert(it.sent.some(({ url }) => url.pathname.includes("/internal/")));
  }, {
    watches: busy(60),
    consistency: "default",
    start: (it) => {
      fill(it, 60);
      it.between(streaming());
    },
  }));

test("an agent that does not stream goes back to the summary after one read of its cache", () =>
  withEmbedded(async (it) => {
    await it.passes(MINUTE_MS);
    const before = it.sent.length;
    await it.passes(MINUTE_MS);
    assert(it.sent.slice(before).every(({ url }) => !url.searchParams.has("cached")));
    assert(it.sent.some(({ url }) => url.pathname.includes("/internal/")));
  }, {
    watches: busy(60),
    start: (it) => {
      fill(it, 60);
      it.between(async (_request, next) => {
        const response = await next();
        response.headers.set("X-Consul-Query-Backend", "blocking-query");
        return response;
      });
    },
  }));

for (const [what, watches] of [["one watch", 1], ["60 watches", 60]] as const) {
  test(`an agent that lost its servers and responds with its copy is noticed within minutes, ${what}`, () =>
    withEmbedded(async (it) => {
      await it.passes(MINUTE_MS);
      const stream = streaming();
      const frozen = await it.consul.fetch("http://consul/v1/health/service/s0");
      const body = await frozen.text();
      it.between(async (request, next) => {
        const { searchParams } = new URL(request.url);
        if (searchParams.has("index")) return await stream(request, next);
        if (searchParams.has("cached")) return await stream(request, next);
        return new Response("No cluster leader", { status: 500 });
      });
      assert(body.includes("s0"));
      assertEquals(it.piloted.status("s0").state, "live");
      const tookMs = await it.timeUntil(
        () => it.piloted.status("s0").state === "stale",
        400_000,
      );
      assertLessOrEqual(tookMs, 340_000);
      it.between(streaming());
      await it.passes(40_000);
      assertEquals(it.piloted.status("s0").state, "live");
    }, {
      watches: busy(watches),
      start: (it) => {
        fill(it, watches);
        it.between(streaming());
      },
    }));
}
