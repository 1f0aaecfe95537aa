import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { createFetch } from "../../src/client/create_fetch.ts";
import { PilotedError } from "../../src/errors.ts";
import { type FetchRoute, resolveRoutes, routeOf } from "../../src/fetch/routes.ts";
import { test } from "../support/test.ts";
import { answer, PoolSource, silence, World } from "./support.ts";

function place(routes: FetchRoute[], method: string, url: string): number {
  const resolved = resolveRoutes(routes);
  const found = routeOf(resolved, method, url);
  return found === undefined ? -1 : resolved.indexOf(found);
}

test("routeOf() compares paths by segments, with * for one or for the rest", () => {
  const rows: [path: string, url: string, matches: boolean][] = [
    ["/users", "http://app/users", true],
    ["/users", "http://app/users?x=/y", true],
    ["/users", "http://app/users/", false],
    ["/users", "http://app/Users", false],
    ["/", "http://app", true],
    ["/", "http://app?x", true],
    ["/*", "http://app", true],
    ["/*", "http://app/a/b", true],
    ["/users/*", "http://app/users", false],
    ["/users/*", "http://app/users/", true],
    ["/users/*", "http://app/users/1/orders", true],
    ["/users/*/orders", "http://app/users/1/orders", true],
    ["/users/*/orders", "http://app/users/1/2/orders", false],
    ["/users/*/orders", "http://app/users//orders", true],
    ["/*/orders/*", "http://app/v1/orders/5/x#y", true],
    ["/*/orders/*", "http://app/orders/5", false],
    ["/files-*", "http://app/files-1/2", true],
    ["/files-*", "http://app/files", false],
    ["/a.b", "http://app/axb", false],
    ["/größe", "http://app/größe", true],
    ["/größe", "http://app/gr%C3%B6%C3%9Fe", true],
    ["/a b", "http://app/a%20b", true],
    ["/admin/*", "http://app/x/../admin/y", true],
    ["/x/*", "http://app/x/../admin/y", false],
  ];
  for (const [path, url, matches] of rows) {
    assertEquals(place([{ path }], "GET", url), matches ? 0 : -1, `${path} ${url}`);
  }
});

test("routeOf() takes the first route that matches method and path", () => {
  const routes: FetchRoute[] = [
    { method: "post", path: "/a" },
    { method: ["GET", "head"], path: "/a*" },
    { path: "/a" },
    { method: "DELETE" },
  ];
  assertEquals(place(routes, "POST", "http://app/a"), 0);
  assertEquals(place(routes, "HEAD", "http://app/abc/d"), 1);
  assertEquals(place(routes, "PUT", "http://app/a"), 2);
  assertEquals(place(routes, "DELETE", "http://app/z"), 3);
  assertEquals(place(routes, "PUT", "http://app/z"), -1);
});

test("createFetch() checks routes", () => {
  const wrong: [unknown, ErrorConstructor, string][] = [
    [
      {},
      TypeError,
      "Cannot use option routes of createFetch(): it must be a list, received an object",
    ],
    [["/a"], TypeError, "Cannot use the options of routes[0] of createFetch()"],
    [[{}, { url: "/a" }], TypeError, "routes[1] of createFetch(): there is no such option"],
    [
      [{ path: "a" }],
      TypeError,
      'path of routes[0] of createFetch(): it must begin with "/", received "a"',
    ],
    [[{ path: "" }], TypeError, 'it must begin with "/"'],
    [[{ path: "/a?b" }], TypeError, "no query"],
    [[{ path: "/a*b" }], TypeError, "* must stand for a whole segment or at the end"],
    [[{ path: "/a/**" }], TypeError, "* must stand"],
    [[{ path: "/a*/b" }], TypeError, "* must stand"],
    [[{ method: [] }], TypeError, "a method or a list of methods, received []"],
    [[{ method: "" }], TypeError, 'received ""'],
    [[{ method: "*" }], TypeError, 'received "*"'],
    [[{ method: ["GET", 5] }], TypeError, "received 5"],
    [[{ timeoutMs: -1 }], RangeError, "at least 0, received -1"],
    [[{ timeoutMs: NaN }], TypeError, "received NaN"],
    [[{ retry: "no" }], TypeError, "one of idempotent, always, never"],
    [[{ hedge: { percentil: 3 } }], TypeError, "hedge in routes[0] of createFetch()"],
  ];
  for (const [routes, kind, message] of wrong) {
    assertThrows(
      () => createFetch(new PoolSource({}), { routes: routes as FetchRoute[] }),
      kind,
      message,
    );
  }
});

test("createFetch() has the timeout and the retries of the route; a call's own win", async () => {
  const routes: FetchRoute[] = [
    { method: "GET", path: "/slow/*", timeoutMs: 20_000 },
    { method: "POST", path: "/idempotent", retry: "always" },
    { path: "/once", retry: "never" },
  ];
  const world = new World(["a", "b"], ({ url }) => url.includes("slow") ? silence() : answer(503), {
    routes,
    timeoutMs: 1_000,
    backoffMaxMs: 0,
  });
  const elapsed = async (call: Promise<Response>) => {
    const before = world.clock.now();
    const error = await world.outcome(call, 100);
    assert(error instanceof PilotedError && error.code === "TIMEOUT", `${error}`);
    return Math.round((world.clock.now() - before) / 1_000);
  };
  assertEquals(await elapsed(world.fetch("http://app/slow/x")), 20);
  assertEquals(await elapsed(world.fetch(new Request("http://app/slow/x"))), 20);
  assertEquals(await elapsed(world.fetch("http://app/slow/x", { method: "post" })), 1);
  const short = { piloted: { timeoutMs: 5_000 } } as RequestInit;
  assertEquals(await elapsed(world.fetch("http://app/slow/x", short)), 5);
  const sent = async (path: string, init?: RequestInit) => {
    const before = world.sent.length;
    assertEquals(await world.outcome(world.fetch(`http://app${path}`, init)), 503);
    return world.sent.length - before;
  };
  assertEquals(await sent("/idempotent", { method: "POST" }), 3);
  assertEquals(await sent("/other", { method: "POST" }), 1);
  assertEquals(await sent("/other"), 3);
  assertEquals(await sent("/once"), 1);
});

test("createFetch() hedges the requests of a route by their own latencies", async () => {
  let slow = false;
  const world: World = new World(["a", "b"], ({ url }) => {
    const durationMs = url.endsWith("/fast") ? (slow ? 10_000 : 10) : 500;
    return new Promise((resolve) => world.clock.start(() => resolve(answer(200)), durationMs));
  }, {
    routes: [{ path: "/fast", hedge: { percent: 50 } }, { path: "/never", hedge: false }],
    hedge: false,
  });
  const all = Array.from(
    { length: 100 },
    (_, i) => world.fetch(i % 2 === 0 ? "http://app/fast" : "http://app/slow"),
  );
  await world.clock.advance(500);
  await Promise.all(all);
  const more = Array.from({ length: 20 }, () => world.fetch("http://app/fast"));
  await world.clock.advance(500);
  await Promise.all(more);
  slow = true;
  world.sent.length = 0;
  const [hedged, plain] = [world.fetch("http://app/fast"), world.fetch("http://app/slow")];
  await world.clock.advance(100);
  // The second request is sent after 10 ms, as the other requests of the route took.
  assertEquals(world.sent.map(({ url }) => new URL(url).pathname).sort(), [
    "/fast",
    "/fast",
    "/slow",
  ]);
  await world.clock.advance(10_000);
  await Promise.all([hedged, plain]);
});

test("createFetch() sends a call to endpoints that match its filter, and splits the rest", async () => {
  const world = new World(["a", "b", "c"], () => answer(200), {
    split: { version: { "1": 1, "3": 0 } },
  });
  const [a, b, c] = world.source.pool.endpoints;
  world.source.update([
    { ...a!, meta: { version: "1" }, zone: "z" },
    { ...b!, meta: { version: "2" } },
    { ...c!, meta: { version: "1", color: "Ü" } },
  ]);
  const to = async (count: number, piloted?: unknown) => {
    world.sent.length = 0;
    for (let i = 0; i < count; i++) await world.fetch("http://app/", { piloted } as RequestInit);
    return [...new Set(world.order)].sort().join("");
  };
  assertEquals(await to(20), "ac");
  assertEquals(await to(4, { split: { version: { "2": 1 } } }), "b");
  assertEquals(await to(4, { zone: "z" }), "a");
  assertEquals(await to(4, { meta: { color: "Ü" }, version: "1", tags: [] }), "c");
  const error = await assertRejects(() =>
    to(1, { version: "9", split: { version: { "1": 1, "9": 1 } } })
  );
  assert(error instanceof PilotedError && error.code === "NO_ENDPOINTS");
  assertEquals(error.filter, { version: "9" });
  const wrong: [unknown, ErrorConstructor, string][] = [
    [{ tags: "x" }, TypeError, "option tags of piloted in fetch(): it must be a list of texts"],
    [{ meta: { a: 1 } }, TypeError, "option meta.a of piloted in fetch()"],
    [{ split: { version: { a: -1 } } }, RangeError, "must be 0 or more, received -1"],
    [{ zones: "z" }, TypeError, "Did you mean zone?"],
  ];
  for (const [piloted, kind, message] of wrong) {
    await assertRejects(() => to(1, piloted), kind, message);
  }
});
