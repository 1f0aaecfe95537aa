/** The list of services of a pattern within the limits that hold for every other read. */
import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { createPiloted } from "../../src/client/create_piloted.ts";
import { EmbeddedConsul } from "../../src/testing/mod.ts";
import { type Between, register, withEmbedded } from "../support/embedded_client.ts";
import { test } from "../support/test.ts";
import { waitUntil } from "../support/wait_until.ts";

const MINUTE_MS = 60_000;
const CATALOG = "/v1/catalog/services";

test("a pattern and its watches together stay within maxConnections", () => {
  let open = 0;
  let most = 0;
  const counted: Between = async (_request, next) => {
    most = Math.max(most, ++open);
    return await next().finally(() => open--);
  };
  return withEmbedded(async (it) => {
    await it.passes(2 * MINUTE_MS);
    assertEquals(it.piloted.services.length, 20);
    assertLessOrEqual(most, 12);
    // The place of the list is taken from those of the watches.
    assertEquals(it.sent.filter(({ url }) => url.pathname === CATALOG).length > 1, true);
  }, {
    watches: [{ pattern: "s*" }, { pattern: "t*" }],
    maxConnections: 12,
    start: ({ consul, between }) => {
      for (let i = 0; i < 20; i++) register(consul, `s${i}`, `s${i}`);
      between(counted);
    },
  });
});

test("the list of a pattern takes part in the pause after a rate limit", () =>
  withEmbedded(async (it) => {
    await it.passes(MINUTE_MS);
    it.between(() => Promise.resolve(new Response("rate limit exceeded", { status: 429 })));
    for (let i = 0; i < 3; i++) register(it.consul, `t${i}`, `t${i}`);
    const before = it.sent.length;
    await it.passes(MINUTE_MS);
    assertLessOrEqual(it.sent.length - before, 12);
    it.between(undefined);
    await it.passes(2 * MINUTE_MS);
    assertEquals(it.piloted.services.includes("t2"), true);
  }, {
    watches: [{ pattern: "*" }],
    start: ({ consul }) => {
      for (let i = 0; i < 20; i++) register(consul, `s${i}`, `s${i}`);
    },
  }));

for (
  const [what, end] of [
    ["answers 504", () => new Response("", { status: 504 })],
    ["closes the connection", () => {
      const cause = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
      throw new TypeError("fetch failed", { cause });
    }],
  ] as const
) {
  test(`a proxy that ${what} after 25 s is no error of the list of a pattern`, () =>
    withEmbedded(async (it) => {
      it.between((_request, next) =>
        new Promise((resolve, reject) => {
          const timer = it.clock.start(() => {
            try {
              resolve(end());
            } catch (error) {
              reject(error);
            }
          }, 25_000);
          next().then(resolve, reject).finally(() => timer.cancel());
        })
      );
      // The query under way ends without the proxy.
      register(it.consul, "s1", "s1");
      await it.passes(5 * MINUTE_MS);
      assertEquals(it.errors, []);
      register(it.consul, "s2", "s2");
      const tookMs = await it.timeUntil(() => it.piloted.services.includes("s2"));
      assertLessOrEqual(tookMs, 2_000);
      const lists = it.sent.filter(({ url }) =>
        url.pathname === CATALOG && url.searchParams.has("wait")
      );
      const waits = lists.slice(-3).map(({ url }) => parseInt(url.searchParams.get("wait")!));
      assert(waits.every((wait) => wait <= 25_000), `waits ${waits}`);
    }, {
      watches: [{ pattern: "s*" }],
      start: ({ consul }) => register(consul, "s0", "s0"),
    }));
}

test("a pattern is followed where there are several servers, also when the pinned one is gone", async () => {
  const consuls = [new EmbeddedConsul(), new EmbeddedConsul()];
  const listeners = await Promise.all(consuls.map((consul) => consul.listen()));
  const both = (id: string) => {
    for (const consul of consuls) {
      consul.register({ name: `s-${id}`, id, address: "10.0.0.1", port: 80 });
    }
  };
  both("one");
  const piloted = await createPiloted({
    config: {
      consul: { addresses: listeners.map(({ url }) => url) },
      watches: [{ pattern: "s-*", interval: 1 }],
    },
    env: {},
    signals: false,
    random: () => 0,
  });
  try {
    assertEquals(piloted.services, ["s-one"]);
    await listeners[0]!.close();
    await consuls[0]!.close();
    both("two");
    await waitUntil(() => piloted.services.includes("s-two"));
  } finally {
    await piloted.close();
    await listeners[1]!.close();
    await consuls[1]!.close();
  }
});
