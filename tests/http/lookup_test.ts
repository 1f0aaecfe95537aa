import { assertEquals } from "@std/assert";
import { routes } from "../../src/http/mod.ts";
import { ManualClock } from "../../src/testing/mod.ts";
import { test } from "../support/test.ts";
import { assertProblem } from "./assert_problem.ts";
import { endpoint, FakeClient } from "./fake_client.ts";

const A = endpoint("app", 1, { tags: ["blue", "v1"], zone: "west" });
const B = endpoint("app", 2, { tags: ["blue"], zone: "east" });
const C = endpoint("app", 3, { tags: ["green"], zone: "west" });

function sample(): FakeClient {
  return new FakeClient().set("app", [A, B, C]);
}

async function hosts(response: Response): Promise<string[]> {
  assertEquals(response.status, 200);
  return (await response.json()).endpoints.map(({ host }: { host: string }) => host);
}

test("?tag and ?zone filter the list", async () => {
  const app = routes(sample());
  const list = async (query: string) => await hosts(await app.request(`/v1/services/app?${query}`));
  assertEquals(await list("tag=blue"), [A.host, B.host]);
  assertEquals(await list("tag=blue&tag=v1"), [A.host]);
  assertEquals(await list("zone=west"), [A.host, C.host]);
  assertEquals(await list("zone=west&tag=blue"), [A.host]);
  assertEquals(await list("zone=north"), []);
  assertEquals(await list("other=1"), [A.host, B.host, C.host]);
  // The count is of all endpoints, the list of those that match.
  const body = await (await app.request("/v1/services/app?tag=green")).json();
  assertEquals([body.endpointCount, body.endpoints.length], [3, 1]);
});

test("?tag and ?zone have a rotation of their own, which follows the list", async () => {
  const client = sample();
  const app = routes(client);
  const next = async (query: string) =>
    (await (await app.request(`/v1/services/app/endpoint${query}`)).json()).host;
  assertEquals(await next("?tag=blue"), A.host);
  assertEquals(await next(""), A.host);
  assertEquals(await next("?zone=west"), A.host);
  assertEquals(await next("?tag=blue"), B.host);
  assertEquals(await next("?tag=blue"), A.host);
  assertEquals(await next("?zone=west"), C.host);
  client.set("app", [B, C]);
  for (let i = 0; i < 3; i++) assertEquals(await next("?tag=blue"), B.host);
});

test("?port gives endpoints at a port by its name", async () => {
  const ports = { http: 1, gRPC: 9090 };
  const D = endpoint("app", 4, { ports, zone: "west" });
  const E = endpoint("app", 5, { ports, zone: "east" });
  const client = new FakeClient().set("app", [A, D, E]);
  const app = routes(client);
  const moved = ({ address }: typeof D) => `${address}:9090`;
  const list = async (query: string) => await hosts(await app.request(`/v1/services/app?${query}`));
  assertEquals(await list("port=grpc"), [moved(D), moved(E)]);
  assertEquals(await list("port=grpc&zone=east"), [moved(E)]);
  assertEquals(await list("port=admin"), []);
  const next = async (query: string) =>
    (await (await app.request(`/v1/services/app/endpoint?${query}`)).json()).host;
  assertEquals([await next("port=grpc"), await next("port=grpc"), await next("port=grpc")], [
    moved(D),
    moved(E),
    moved(D),
  ]);
  assertEquals(await next("port=http"), `${D.address}:1`);
  assertEquals(await next("port=grpc&key=a"), await next("port=grpc&key=a"));
  const response = await app.request("/v1/services/app/endpoint?port=admin");
  const { detail } = await assertProblem(response, 404, { service: "app" });
  assertEquals(
    detail,
    'Cannot pick an endpoint of "app": 3 endpoints, none matches the filter (port "admin"); its ports are ' +
      '"http", "gRPC"',
  );
  await assertProblem(await app.request("/v1/services/app/endpoint?port="), 400);
});

test("a filter that matches nothing is a 404, and a 503 for a service without endpoints", async () => {
  const app = routes(sample().set("empty", []));
  const response = await app.request("/v1/services/app/endpoint?tag=none");
  await assertProblem(response, 404, { service: "app" });
  const empty = await app.request("/v1/services/empty/endpoint?tag=none");
  await assertProblem(empty, 503, { code: "NO_ENDPOINTS", service: "empty" });
  await assertProblem(await app.request("/v1/services/none/endpoint?tag=blue"), 404);
});

test("?version and ?meta filter by metadata, and a filter that matches nothing names what there is", async () => {
  const D = endpoint("app", 4, { meta: { version: "2", "Größe": "a:b" }, tags: ["Blue"] });
  const app = routes(new FakeClient().set("app", [A, D]));
  const list = async (query: string) => await hosts(await app.request(`/v1/services/app?${query}`));
  const pick = async (query: string) => await app.request(`/v1/services/app/endpoint?${query}`);
  const meta = `meta=${encodeURIComponent("Größe:a:b")}`;
  for (const query of ["version=2", meta, `${meta}&meta=version:2`, `tag=BLUE&${meta}`]) {
    assertEquals(await list(query), [D.host], query);
    assertEquals((await (await pick(query)).json()).host, D.host, query);
    assertEquals((await (await pick(`${query}&key=k`)).json()).host, D.host, query);
  }
  assertEquals(await list("tag=BLUE"), [A.host, D.host]);
  for (const query of ["version=3", "version=3&key=k"]) {
    const { detail } = await (await pick(query)).json();
    assertEquals(
      detail,
      'Cannot pick an endpoint of "app": 2 endpoints, none matches the filter (version "3"); ' +
        'versions there are: "1", "2"',
    );
  }
  assertEquals((await pick("meta=version")).status, 400);
  assertEquals((await pick("version=1&version=2")).status, 400);
});

test("?key maps equal keys to the same endpoint, and uses every endpoint", async () => {
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

test("?balancer selects the algorithm", async () => {
  const heavy = endpoint("app", 9, { weight: 3 });
  const app = routes(new FakeClient().set("app", [heavy, A]));
  const counts: Record<string, number> = {};
  for (let i = 0; i < 40; i++) {
    const path = "/v1/services/app/endpoint?balancer=weighted-round-robin";
    const { host } = await (await app.request(path)).json();
    counts[host] = (counts[host] ?? 0) + 1;
  }
  assertEquals(counts, { [heavy.host]: 30, [A.host]: 10 });
});

test("an invalid parameter is a 400 that names it", async () => {
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

test("ETag is the same for the same content and state, also in another process", async () => {
  const client = sample();
  const app = routes(client);
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
    client.set("app", [A, B, C], { state: "stale" });
    assertEquals(await ask(app, etag), 200);
    client.set("app", [A, B]);
    assertEquals(await ask(app, etag), 200);
    client.set("app", [A, B, C]);
    assertEquals(await ask(app, etag), 304);
  }
});

test("?index waits until the list has changed", async () => {
  const clock = new ManualClock();
  const client = sample().set("other", [C]);
  const app = routes(client, { clock });
  const index = (await app.request("/v1/services/app")).headers.get("piloted-index")!;
  let answered = false;
  const pending = Promise.resolve(app.request(`/v1/services/app?index=${index}&wait=30s`));
  void pending.then(() => answered = true);
  client.set("other", []);
  await clock.advance(29_000);
  assertEquals(answered, false);
  client.set("app", [A]);
  const response = await pending;
  assertEquals(await hosts(response.clone()), [A.host]);
  const { index: moved } = await response.json();
  assertEquals(moved > Number(index), true);
  assertEquals(clock.pending, 0);
});

test("?index responds at once when it is not the current one", async () => {
  const clock = new ManualClock();
  const app = routes(sample(), { clock });
  const now = Number((await app.request("/v1/services/app")).headers.get("piloted-index"));
  for (const index of [0, 1, now - 1, now + 1]) {
    assertEquals((await app.request(`/v1/services/app?index=${index}`)).status, 200);
  }
});

test("the index grows with every change, also within one millisecond", async () => {
  const client = sample();
  const app = routes(client, { clock: new ManualClock() });
  let last = 0;
  for (const list of [[A], [B], [A]]) {
    client.set("app", list);
    const { index } = await (await app.request("/v1/services/app")).json();
    assertEquals(index > last, true);
    last = index;
  }
});

test("?index responds with the same list after the wait, or when the server stops", async () => {
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

test("?index lets at most 10,000 requests wait", async () => {
  const client = sample();
  const app = routes(client, { clock: new ManualClock() });
  const index = (await app.request("/v1/services/app")).headers.get("piloted-index")!;
  const ask = () => app.request(`/v1/services/app?index=${index}`);
  const waiting = Array.from({ length: 10_000 }, ask);
  assertEquals((await ask()).headers.get("piloted-index"), index);
  client.set("app", [A]);
  const responses = await Promise.all(waiting);
  assertEquals([...new Set(responses.map(({ status }) => status))], [200]);
  // Then there is room for others again.
  let answered = false;
  const next = responses[0]!.headers.get("piloted-index")!;
  const later = Promise.resolve(app.request(`/v1/services/app?index=${next}`));
  void later.then(() => answered = true);
  for (let i = 0; i < 20; i++) await Promise.resolve();
  assertEquals(answered, false);
  client.set("app", [B]);
  assertEquals(await hosts(await later), [B.host]);
});

test("redirect leads to the next endpoint and keeps path and query", async () => {
  const secure = endpoint("app", 4, { meta: { scheme: "https" }, address: "2001:db8::1" });
  const app = routes(new FakeClient().set("app", [A, secure]));
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

test("redirect keeps what parsing a URL would change", async () => {
  const app = routes(new FakeClient().set("app", [endpoint("app", 1)]));
  for (const path of ["/?", "?", "/a?b?c&&d=", "//a//b", "/a%2Fb/%zz", "/a?u=http://x//y/../z"]) {
    const response = await app.request(`/v1/services/app/redirect${path}`);
    const location = response.headers.get("location")!;
    const expected = path.startsWith("/") ? path : `/${path}`;
    assertEquals(location.replace(/^http:\/\/[^/]+/, ""), expected);
  }
});

test("refreshes by request are joined, and start one second apart", async () => {
  const client = sample();
  let refreshes = 0;
  client.on("refresh", () => void refreshes++);
  const clock = new ManualClock();
  const app = routes(client, { clock });
  const post = () => Promise.resolve(app.request("/v1/refresh", { method: "POST" }));
  assertEquals((await post()).status, 200);
  const more = Array.from({ length: 50 }, post);
  await clock.advance(999);
  assertEquals(refreshes, 1);
  await clock.advance(1);
  for (const response of await Promise.all(more)) assertEquals(response.status, 200);
  assertEquals(refreshes, 2);
  await clock.advance(1_000);
  await post();
  assertEquals(refreshes, 3);
});

test("redirect refuses an address that is not a host", async () => {
  for (const address of ["evil.example/x", "user@evil.example", "a b", "x#y", "x\\y", "x?y"]) {
    const app = routes(new FakeClient().set("app", [endpoint("app", 1, { address })]));
    await assertProblem(await app.request("/v1/services/app/redirect/x"), 502);
  }
});

test("POST refresh reads again, but not for a page of another origin", async () => {
  const client = sample();
  let refreshes = 0;
  client.on("refresh", () => void refreshes++);
  const clock = new ManualClock();
  const app = routes(client, { clock });
  const post = (headers: Record<string, string> = {}) =>
    app.request("http://piloted.test/v1/refresh", {
      method: "POST",
      headers: { host: "piloted.test", ...headers },
    });
  const { services } = await (await post()).json();
  assertEquals(services[0].service, "app");
  await clock.advance(1_000);
  assertEquals((await post({ origin: "http://piloted.test" })).status, 200);
  for (const origin of ["http://evil.example", "null", "http://piloted.test:81"]) {
    await assertProblem(await post({ origin }), 403);
  }
  assertEquals(refreshes, 2);
  const get = await app.request("/v1/refresh");
  assertEquals(get.headers.get("allow"), "POST, OPTIONS");
  await assertProblem(get, 405);
});

test("GET status shows the whole client", async () => {
  const body = await (await routes(sample()).request("/v1/status")).json();
  assertEquals([body.state, body.registry, body.refreshing], [
    "ready",
    "http://127.0.0.1:8500",
    false,
  ]);
  const [service] = body.services;
  assertEquals([service.endpointCount, service.endpoints], [3, undefined]);
  assertEquals([service.balance.pendingCount, service.balance.ejectedCount], [0, 0]);
  const [watch] = service.watches;
  assertEquals([watch.instanceCounts.listed, watch.instanceCounts.passing], [3, 3]);
  assertEquals([watch.endpointCount, watch.position, watch.failureCount], [3, "7", 0]);
});
