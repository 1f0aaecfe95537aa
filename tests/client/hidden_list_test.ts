/** Lists that cannot be used, although Consul has responded: hidden ones, and undecodable ones. */
import {
  assert,
  assertEquals,
  assertLessOrEqual,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { PilotedError } from "../../src/errors.ts";
import { faults } from "../../src/testing/mod.ts";
import {
  type Between,
  type EmbeddedClient,
  idsOf,
  register,
  withEmbedded,
} from "../support/embedded_client.ts";
import { test } from "../support/test.ts";

const FILTERED = "X-Consul-Results-Filtered-By-ACLs";

/** Shows only the first few entries, and says so if there are any others. */
function shows(count: () => number, header = true): Between {
  return async (_request, next) => {
    const response = await next();
    const entries = await response.json() as unknown[];
    const headers = new Headers(response.headers);
    if (header && count() < entries.length) headers.set(FILTERED, "true");
    return Response.json(entries.slice(0, count()), { headers });
  };
}

function two({ consul }: { consul: EmbeddedClient["consul"] }): void {
  register(consul, "app", "a", 1);
  register(consul, "app", "b", 2);
}

for (const [what, shown] of [["empty", 0], ["shorter", 1]] as const) {
  test(`a list that is ${what} because the token may not read it is denied, and the last one stays`, () =>
    withEmbedded(async (it) => {
      const { piloted, consul, errors } = it;
      let count = Infinity;
      it.between(shows(() => count));
      await piloted.refresh();
      count = shown;
      register(consul, "app", "c", 3);
      consul.deregister("c");
      await it.passes(120_000);
      const { state, reason, watches } = piloted.status("app");
      assertEquals([state, idsOf(piloted)], ["denied", "a b"]);
      assertStringIncludes(reason!, `(${shown} shown, 2 before)`);
      assertStringIncludes(reason!, shown === 0 ? "hides all" : "hides some");
      assertEquals(watches[0]?.error?.code, "REGISTRY_DENIED");
      // One event for as long as it lasts.
      assertEquals(errors.map(({ code }) => code), ["REGISTRY_DENIED"]);
      count = Infinity;
      const tookMs = await it.timeUntil(() => piloted.status("app").state === "live", 31_000);
      assert(tookMs <= 30_000, `live after ${tookMs} ms`);
    }, { start: two, token: "secret" }));
}

test("a list without a usable entry is watched like any other: the change that ends it is visible at once", () =>
  withEmbedded(async (it) => {
    const { piloted, consul } = it;
    // Each change ends a blocking query with a list that cannot be used.
    for (let i = 0; i < 12; i++) {
      consul.register({ name: "app", id: "a", address: `10.0.0.${i}`, port: 0 });
      await it.passes(7_000);
    }
    assertEquals(piloted.status("app").state, "stale");
    consul.register({ name: "app", id: "a", address: "10.0.0.99", port: 0 });
    await it.passes(200, 50);
    register(consul, "app", "a", 80);
    const tookMs = await it.timeUntil(() => piloted.status("app").state === "live", 31_000);
    assertLessOrEqual(tookMs, 2_000);
  }, { start: ({ consul }) => register(consul, "app", "a", 80) }));

test("a token that has never seen everything may see its own list become shorter", () =>
  withEmbedded(async (it) => {
    const { piloted } = it;
    assertEquals([piloted.status("app").state, idsOf(piloted)], ["live", "a b"]);
    it.consul.deregister("b");
    await it.passes(1_000);
    assertEquals([piloted.status("app").state, idsOf(piloted)], ["live", "a"]);
  }, {
    token: "secret",
    start: ({ consul, between }) => {
      two({ consul });
      between(async (_request, next) => {
        const response = await next();
        response.headers.set(FILTERED, "true");
        return response;
      });
    },
  }));

test("a list that is hidden from the start is denied, with its own reason", () =>
  withEmbedded(async ({ piloted }) => {
    assertEquals(piloted.status("app").state, "denied");
    const error = await assertRejects(() => piloted.service("app"), PilotedError);
    assertEquals([error.code, (error.cause as PilotedError).code], [
      "NO_ENDPOINTS",
      "REGISTRY_DENIED",
    ]);
    assertStringIncludes(error.message, "hides all its instances from this token");
  }, {
    token: "secret",
    start: ({ consul, between }) => {
      two({ consul });
      between(shows(() => 0));
    },
  }));

test("without a token, where Consul denies by default, an empty list has its own reason", () =>
  withEmbedded(async (it) => {
    const { piloted } = it;
    const { state, reason } = piloted.status("app");
    assertEquals(state, "live");
    assertStringIncludes(reason!, "denies by default and no token is sent");
    const { message } = await assertRejects(() => piloted.service("app"), PilotedError);
    assertStringIncludes(message, "denies by default and no token is sent");
    assertEquals(message.match(/no token/g)?.length, 1);
    // A token of the agent's own: now it is seen, and no reason is left.
    it.between((_request, next) => withPolicy(next));
    await piloted.refresh();
    assertEquals([idsOf(piloted), piloted.status("app").reason], ["a b", undefined]);
  }, {
    start: ({ consul, between }) => {
      two({ consul });
      const hide = shows(() => 0, false);
      between((request, next) => hide(request, () => withPolicy(next)));
    },
  }));

async function withPolicy(next: () => Promise<Response>): Promise<Response> {
  const response = await next();
  response.headers.set("X-Consul-Default-ACL-Policy", "deny");
  return response;
}

test('403 "blocked by agent configuration" is not a fault of the token', () =>
  withEmbedded(async (it) => {
    const text = "Endpoint is blocked by agent configuration";
    it.between(() => Promise.resolve(new Response(text, { status: 403 })));
    await it.piloted.refresh();
    const { state, reason, watches } = it.piloted.status("app");
    assertEquals([state, watches[0]?.error?.code], ["stale", "REGISTRY_RESPONSE"]);
    assertStringIncludes(reason!, "block_endpoints");
    assertEquals(idsOf(it.piloted), "a b");
  }, { start: two }));

/** As a Consul before the fix of its multi-port services: no port in sight. */
const portsOnly = faults.rewrite((entries) =>
  (entries as { Service: Record<string, unknown> }[]).map((entry) => ({
    ...entry,
    Service: { ...entry.Service, Port: 0 },
  }))
);

test("entries of which none can be used are a fault of the format, and never an empty service", () =>
  withEmbedded(async (it) => {
    const { consul, piloted, errors } = it;
    const undo = consul.inject(portsOnly);
    // The query under way ends without the fault.
    register(consul, "app", "c", 3);
    await it.passes(1_000);
    register(consul, "app", "d", 4);
    await it.passes(120_000);
    const { state, reason, watches } = piloted.status("app");
    assertEquals([state, idsOf(piloted)], ["stale", "a b c"]);
    assertStringIncludes(reason!, "4 listed, 0 usable: port 0");
    assertEquals(watches[0]?.error?.code, "REGISTRY_RESPONSE");
    assertEquals([watches[0]?.instanceCounts.listed, watches[0]?.instanceCounts.skipped], [4, 4]);
    assertEquals(errors.map(({ code }) => code), ["REGISTRY_RESPONSE"]);
    assert(it.sent.length < 20, `${it.sent.length} reads`);
    undo();
    // The query under way still ends with it.
    register(consul, "app", "e", 5);
    await it.passes(1_000);
    assertEquals(piloted.status("app").state, "stale");
    register(consul, "app", "f", 6);
    const tookMs = await it.timeUntil(() => idsOf(piloted) === "a b c d e f", 61_000);
    assert(tookMs <= 2_000, `seen after ${tookMs} ms`);
    assertEquals(piloted.status("app").state, "live");
  }, { start: two, emptyPolicy: "accept" }));

for (const mode of ["live", "on-demand"] as const) {
  test(`a ${mode} client whose first list cannot be used starts, and says why there is no endpoint`, () =>
    withEmbedded(async ({ piloted }) => {
      const error = await assertRejects(() => piloted.service("app"), PilotedError);
      assertEquals(error.code, "NO_ENDPOINTS");
      assertStringIncludes(
        error.message,
        'Cannot pick an endpoint of "app": 2 listed, 0 usable: port 0',
      );
      assertEquals([error.instances?.listed, error.instances?.skipped], [2, 2]);
    }, {
      mode,
      start: ({ consul }) => {
        two({ consul });
        consul.inject(portsOnly);
      },
    }));
}
