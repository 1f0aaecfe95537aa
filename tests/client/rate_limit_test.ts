/** A registry that limits the rate of reads, and one that limits connections. */
import { assert, assertEquals, assertLessOrEqual, assertStringIncludes } from "@std/assert";
import { type EmbeddedClient, idsOf, register, withEmbedded } from "../support/embedded_client.ts";
import { test } from "../support/test.ts";

const MINUTE_MS = 60_000;
const SERVER_LIMIT = "rate limit exceeded, try again later or against a different server";
const LEADER_LIMIT =
  "rate limit exceeded for operation that can only be performed by the leader, try again later";

const REFUSALS: readonly [string, () => Response][] = [
  ["429 of the servers", () => new Response(SERVER_LIMIT, { status: 429 })],
  ["429 of an agent, with an empty body", () => new Response(null, { status: 429 })],
  ["503 of the leader", () => new Response(LEADER_LIMIT, { status: 503 })],
];

function names(count: number): { name: string }[] {
  return Array.from({ length: count }, (_, i) => ({ name: `s${i}` }));
}

async function readsOf(it: EmbeddedClient, ms: number): Promise<number> {
  const before = it.sent.length;
  await it.passes(ms);
  return it.sent.length - before;
}

for (
  const [what, watches, maxConnections] of [["40 watches", 40, 64], [
    "40 watches, 25 of them parked",
    40,
    22,
  ]] as const
) {
  for (const [limit, refuse] of REFUSALS) {
    test(`${what} send fewer reads during and after a minute of ${limit} than before`, () =>
      withEmbedded(async (it) => {
        const { piloted, between } = it;
        await it.passes(2 * MINUTE_MS);
        const before = await readsOf(it, MINUTE_MS);
        between(() => Promise.resolve(refuse()));
        const during = await readsOf(it, MINUTE_MS);
        between(undefined);
        const after = await readsOf(it, MINUTE_MS);
        assertLessOrEqual(during, 12);
        assertLessOrEqual(after, before);
        await it.passes(4 * MINUTE_MS);
        const states = new Set(piloted.status().services.map(({ state }) => state));
        assertEquals([...states], ["live"]);
        register(it.consul, "s39", "new");
        const tookMs = await it.timeUntil(() => idsOf(piloted, "s39") === "new s39");
        assertLessOrEqual(tookMs, 2_000);
      }, {
        watches: names(watches),
        maxConnections,
        start: ({ consul }) => {
          for (const { name } of names(watches)) register(consul, name, name);
        },
      }));
  }
}

test("a rate limit leaves a second between two reads, then two, up to a minute, and early retries none", () =>
  withEmbedded(async (it) => {
    const { between, sent, consul, piloted } = it;
    await it.passes(MINUTE_MS);
    between(() => Promise.resolve(new Response(SERVER_LIMIT, { status: 429 })));
    register(consul, "app", "b");
    const from = sent.length;
    await it.passes(10 * MINUTE_MS);
    const at = sent.slice(from).map((each) => each.at);
    const gaps = at.slice(1).map((each, i) => (each - at[i]!) / 1_000);
    gaps.slice(0, 8).forEach((gap, i) => {
      const floor = Math.min(60, 2 ** i);
      assert(gap >= floor && gap <= 1.25 * floor + 1, `gap ${i} of ${gaps.join(", ")}`);
    });
    assertEquals(piloted.status("app").state, "stale");
    assertStringIncludes(piloted.status("app").reason!, "limits the rate of reads");
    assertStringIncludes(piloted.status("app").reason!, "rate limit exceeded");
    between(undefined);
    await it.passes(80_000);
    assertEquals([piloted.status("app").state, idsOf(piloted)], ["live", "a b"]);
  }, { start: ({ consul }) => register(consul, "app", "a") }));

test("a Retry-After that is longer than the floor is respected", () =>
  withEmbedded(async (it) => {
    it.between(() =>
      Promise.resolve(
        new Response(SERVER_LIMIT, { status: 429, headers: { "Retry-After": "120" } }),
      )
    );
    register(it.consul, "app", "b");
    await it.passes(1_000);
    assertEquals(await readsOf(it, 100_000), 0);
    assertEquals(await readsOf(it, 60_000), 1);
  }, { start: ({ consul }) => register(consul, "app", "a") }));

for (
  const [what, body] of [
    ["a rate limit", SERVER_LIMIT],
    ["a limit of connections", "Your IP is issuing too many concurrent connections"],
  ] as const
) {
  test(`${what} never causes a failover`, () =>
    withEmbedded(async (it) => {
      it.between(() => Promise.resolve(new Response(body, { status: 429 })));
      // Ends the query under way.
      register(it.consul, "app", "b");
      await it.passes(2 * MINUTE_MS);
      const { failover, watches } = it.piloted.status("app");
      assertEquals([failover, idsOf(it.piloted)], [undefined, "a b"]);
      assertEquals(it.sent.filter(({ url }) => url.searchParams.has("dc")).length, 0);
      assertEquals(watches[0]?.error?.status, 429);
    }, {
      failover: ["dc2"],
      consul: { datacenters: ["dc2"] },
      start: ({ consul }) => {
        register(consul, "app", "a");
        consul.datacenter("dc2").register({ name: "app", address: "10.0.0.9", port: 1 });
      },
    }));
}

test("a limit of connections parks watches, as many as that takes, and slows nothing else", () =>
  withEmbedded(async (it) => {
    let refused = 0;
    const limit = "Your IP is issuing too many concurrent connections";
    it.between((_request, next) =>
      refused++ === 0 ? Promise.resolve(new Response(limit, { status: 429 })) : next()
    );
    register(it.consul, "s0", "new");
    const tookMs = await it.timeUntil(() => idsOf(it.piloted, "s0") === "new s0");
    assertLessOrEqual(tookMs, 1_000);
  }, {
    watches: names(10),
    start: ({ consul }) => {
      for (const { name } of names(10)) register(consul, name, name);
    },
  }));

test("an on-demand lookup does not wait for a registry that limits the rate", () =>
  withEmbedded(async (it) => {
    assertEquals((await it.piloted.service("app")).id, "a");
    it.between(() => Promise.resolve(new Response(SERVER_LIMIT, { status: 429 })));
    await it.passes(120_000);
    const before = it.sent.length;
    assertEquals((await it.piloted.service("app")).id, "a");
    // Of the other services none is read while the pause lasts.
    const error = await it.piloted.service("other").catch((error) => error);
    assertEquals(error.code, "NO_ENDPOINTS");
    assertStringIncludes(error.message, "limits the rate of reads");
    assertEquals(it.sent.length - before, 1);
  }, {
    mode: "on-demand",
    watches: names(0).concat({ name: "app" }, { name: "other" }),
    start: ({ consul }) => register(consul, "app", "a"),
  }));

test("a rate limit at the start causes no failover either", () =>
  withEmbedded(async (it) => {
    await it.passes(30_000);
    assertEquals(it.sent.filter(({ url }) => url.searchParams.has("dc")).length, 0);
    it.between(undefined);
    await it.passes(80_000);
    assertEquals([it.piloted.status("app").state, idsOf(it.piloted)], ["live", "a"]);
  }, {
    failover: ["dc2"],
    onStartFailure: "background",
    consul: { datacenters: ["dc2"] },
    start: ({ consul, between }) => {
      register(consul, "app", "a");
      consul.datacenter("dc2").register({ name: "app", address: "10.0.0.9", port: 1 });
      between(() => Promise.resolve(new Response(SERVER_LIMIT, { status: 429 })));
    },
  }));
