import { assertEquals, assertNotEquals } from "@std/assert";
import { routes } from "../../src/http/mod.ts";
import { ManualClock } from "../../src/testing/mod.ts";
import { test } from "../support/test.ts";
import { assertProblem } from "./assert_problem.ts";
import { endpoint, FakeLookups } from "./fake_lookups.ts";

const A = endpoint("app", 1, { tags: ["blue", "v1"], zone: "west" });
const B = endpoint("app", 2, { tags: ["blue"], zone: "east" });
const C = endpoint("app", 3, { tags: ["green"], zone: "west" });

function sample(): FakeLookups {
  return new FakeLookups().set("app", [A, B, C]);
}

async function hosts(response: Response): Promise<string[]> {
  assertEquals(response.status, 200);
  return (await response.json()).endpoints.map(({ host }: { host: string }) => host);
}

test("?tag and ?zone leave out endpoints of the list", async () => {
  const app = routes(sample());
  const list = async (query: string) => await hosts(await app.request(`/v1/services/app?${query}`));
  assertEquals(await list("tag=blue"), [A.host, B.host]);
  assertEquals(await list("tag=blue&tag=v1"), [A.host]);
  assertEquals(await list("zone=west"), [A.host, C.host]);
  assertEquals(await list("zone=west&tag=blue"), [A.host]);
  assertEquals(await list("zone=north"), []);
  assertEquals(await list("other=1"), [A.host, B.host, C.host]);
});

test("?tag and ?zone have a rotation of their own, which follows the list", async () => {
  const lookups = sample();
  const app = routes(lookups);
  const next = async (query: string) =>
    (await (await app.request(`/v1/services/app/endpoint${query}`)).json()).host;
  assertEquals(await next("?tag=blue"), A.host);
  assertEquals(await next(""), A.host);
  assertEquals(await next("?zone=west"), A.host);
  assertEquals(await next("?tag=blue"), B.host);
  assertEquals(await next("?tag=blue"), A.host);
  assertEquals(await next("?zone=west"), C.host);
  lookups.set("app", [B, C]);
  for (let i = 0; i < 3; i++) assertEquals(await next("?tag=blue"), B.host);
});

test("a selection that nothing matches is a 404, and a 503 of a service without endpoints", async () => {
  const app = routes(sample().set("empty", []));
  const response = await app.request("/v1/services/app/endpoint?tag=none");
  await assertProblem(response, 404, { service: "app" });
  const empty = await app.request("/v1/services/empty/endpoint?tag=none");
  await assertProblem(empty, 503, { code: "NO_ENDPOINTS", service: "empty" });
  await assertProblem(await app.request("/v1/services/none/endpoint?tag=blue"), 404);
});

test("?key gives equal keys the same endpoint, and keys to every endpoint", async () => {
  const app = routes(sample());
  const of = async (key: string) =>
    (await (await app.request(`/v1/services/app/endpoint?key=${key}`)).json()).host;
  const seen = new Set<string>();
  for (let i = 0; i < 60; i++) {
    const host = await of(`user-${i}`);
    assertEquals(await of(`user-${i}`), host);
    seen.add(host);
  }
  assertEquals(seen.size, 3);
});

test("?balancer chooses who picks", async () => {
  const heavy = endpoint("app", 9, { weight: 3 });
  const app = routes(new FakeLookups().set("app", [heavy, A]));
  const counts: Record<string, number> = {};
  for (let i = 0; i < 40; i++) {
    const path = "/v1/services/app/endpoint?balancer=weighted-round-robin";
    const { host } = await (await app.request(path)).json();
    counts[host] = (counts[host] ?? 0) + 1;
  }
  assertEquals(counts, { [heavy.host]: 30, [A.host]: 10 });
});

test("a parameter that can't be used is a 400 that names it", async () => {
  const app = routes(sample());
  const cases: [string, string][] = [
    ["/v1/services/app?index=x", "index"],
    ["/v1/services/app?index=-1", "index"],
    ["/v1/services/app?index=1&wait=soon", "wait"],
    ["/v1/services/app?tag=", "tag"],
    [`/v1/services/app?zone=${"z".repeat(256)}`, "zone"],
    ["/v1/services/app/endpoint?zone=a&zone=b", "zone"],
    ["/v1/services/app/endpoint?balancer=best", "balancer"],
    ["/v1/services/app/endpoint?key=", "key"],
  ];
  for (const [path, parameter] of cases) {
    const { errors } = await assertProblem(await app.request(path), 400);
    assertEquals((errors as { parameter: string }[]).map((error) => error.parameter), [parameter]);
  }
});

test("ETag tells a list that says the same, also of another process", async () => {
  const lookups = sample();
  const app = routes(lookups);
  for (const path of ["/v1/services/app", "/v1/services"]) {
    const etag = (await app.request(path)).headers.get("etag")!;
    const ask = async (from: typeof app, tag: string) => {
      const response = await from.request(path, { headers: { "if-none-match": tag } });
      assertEquals(response.headers.get("cache-control"), "no-cache");
      assertEquals(await response.text() === "", response.status === 304);
      return response.status;
    };
    assertEquals(await ask(app, etag), 304);
    assertEquals(await ask(routes(sample()), etag), 304);
    assertEquals(await ask(app, `"x", ${etag.slice(2)}`), 304);
    assertEquals(await ask(app, "*"), 304);
    assertEquals(await ask(app, `"x"`), 200);
    lookups.set("app", [A, B, C], { state: "stale" });
    assertEquals(await ask(app, etag), 200);
    lookups.set("app", [A, B]);
    assertEquals(await ask(app, etag), 200);
    lookups.set("app", [A, B, C]);
    assertEquals(await ask(app, etag), 304);
  }
});

test("?index waits until the list has changed", async () => {
  const clock = new ManualClock();
  const lookups = sample().set("other", [C]);
  const app = routes(lookups, { clock });
  const index = (await app.request("/v1/services/app")).headers.get("piloted-index")!;
  let answered = false;
  const pending = Promise.resolve(app.request(`/v1/services/app?index=${index}&wait=30s`));
  void pending.then(() => answered = true);
  lookups.set("other", []);
  await clock.advance(29_000);
  assertEquals(answered, false);
  lookups.set("app", [A]);
  const response = await pending;
  assertEquals(await hosts(response.clone()), [A.host]);
  const { index: moved } = await response.json();
  assertEquals(moved > Number(index), true);
  assertEquals(clock.pending, 0);
});

test("?index answers at once when the list is another one, from whatever process", async () => {
  const clock = new ManualClock();
  const app = routes(sample(), { clock });
  const now = Number((await app.request("/v1/services/app")).headers.get("piloted-index"));
  for (const index of [0, 1, now - 1, now + 1]) {
    assertEquals((await app.request(`/v1/services/app?index=${index}`)).status, 200);
  }
});

test("the index grows with every change, also within one millisecond", async () => {
  const lookups = sample();
  const app = routes(lookups, { clock: new ManualClock() });
  let last = 0;
  for (const list of [[A], [B], [A]]) {
    lookups.set("app", list);
    const { index } = await (await app.request("/v1/services/app")).json();
    assertEquals(index > last, true);
    last = index;
  }
});

test("?index answers with the same list when the wait is over or the server stops", async () => {
  const clock = new ManualClock();
  const stop = new AbortController();
  const app = routes(sample(), { clock, signal: stop.signal });
  const index = (await app.request("/v1/services/app")).headers.get("piloted-index")!;
  const short = app.request(`/v1/services/app?index=${index}&wait=500ms`);
  await clock.advance(500);
  assertEquals((await short).headers.get("piloted-index"), index);
  const long = app.request(`/v1/services/app?index=${index}`);
  await clock.advance(299_000);
  stop.abort();
  assertEquals((await long).headers.get("piloted-index"), index);
  assertEquals((await app.request(`/v1/services/app?index=${index}`)).status, 200);
  assertEquals(clock.pending, 0);
});

test("?index makes 10,000 callers wait and no more", async () => {
  const lookups = sample();
  const app = routes(lookups, { clock: new ManualClock() });
  const index = (await app.request("/v1/services/app")).headers.get("piloted-index")!;
  const ask = () => app.request(`/v1/services/app?index=${index}`);
  const waiting = Array.from({ length: 10_000 }, ask);
  assertEquals((await ask()).headers.get("piloted-index"), index);
  lookups.set("app", [A]);
  const statuses = new Set((await Promise.all(waiting)).map(({ status }) => status));
  assertEquals([...statuses], [200]);
});

test("redirect goes to the next endpoint and keeps path and query", async () => {
  const secure = endpoint("app", 4, { meta: { scheme: "https" }, address: "2001:db8::1" });
  const app = routes(new FakeLookups().set("app", [A, secure]));
  const location = async (path: string, prefix = "") => {
    const response = await app.request(`${prefix}/v1/services/app/redirect${path}`);
    assertEquals([response.status, response.headers.get("cache-control")], [307, "no-store"]);
    return response.headers.get("location");
  };
  assertEquals(await location("/a%2Fb/c?x=1&y=%20"), "http://10.0.0.1:8080/a%2Fb/c?x=1&y=%20");
  assertEquals(await location(""), "https://[2001:db8::1]:8080/");
  assertEquals(await location("/"), "http://10.0.0.1:8080/");
  assertEquals(await location("//evil.example/@x"), "https://[2001:db8::1]:8080//evil.example/@x");
  assertEquals(
    await location("/v1/services/x/redirect/y"),
    `http://${A.host}/v1/services/x/redirect/y`,
  );
  await assertProblem(await app.request("/v1/services/none/redirect/x"), 404);
});

test("redirect never leaves for what is no host", async () => {
  for (const address of ["evil.example/x", "user@evil.example", "a b", "x#y", "x\\y", "x?y"]) {
    const app = routes(new FakeLookups().set("app", [endpoint("app", 1, { address })]));
    await assertProblem(await app.request("/v1/services/app/redirect/x"), 502);
  }
});

test("POST refresh reads again, and not for a page of another origin", async () => {
  const lookups = sample();
  let refreshes = 0;
  lookups.on("refresh", () => void refreshes++);
  const app = routes(lookups);
  const post = (headers: Record<string, string> = {}) =>
    app.request("http://piloted.test/v1/refresh", {
      method: "POST",
      headers: { host: "piloted.test", ...headers },
    });
  const { services } = await (await post()).json();
  assertEquals(services[0].service, "app");
  assertEquals((await post({ origin: "http://piloted.test" })).status, 200);
  for (const origin of ["http://evil.example", "null", "http://piloted.test:81"]) {
    await assertProblem(await post({ origin }), 403);
  }
  assertEquals(refreshes, 2);
  const get = await app.request("/v1/refresh");
  assertEquals(get.headers.get("allow"), "POST, OPTIONS");
  await assertProblem(get, 405);
});

test("GET status tells of the whole client", async () => {
  const body = await (await routes(sample()).request("/v1/status")).json();
  assertEquals([body.state, body.registry, body.refreshing], [
    "ready",
    "http://127.0.0.1:8500",
    false,
  ]);
  assertEquals(body.services[0].watches[0].statuses.passing, 3);
  assertNotEquals(body.services[0].endpoints, undefined);
});
