/** The pages as HTML, on a scripted client. */
import { assert, assertEquals, assertLess, assertMatch, assertStringIncludes } from "@std/assert";
import type { Endpoint } from "../../src/endpoint.ts";
import { PilotedError } from "../../src/errors.ts";
import { FetchMetrics, service } from "../../src/http/mod.ts";
import type { WatchStateName } from "../../src/watch/status.ts";
import { test } from "../support/test.ts";
import { endpoint, FakeClient } from "./fake_client.ts";
import { countNodes, readRows } from "./read_page.ts";

async function read(client: FakeClient, path: string, status = 200): Promise<string> {
  const response = await service(client).request(path);
  assertEquals([response.status, response.headers.get("content-type")], [
    status,
    "text/html; charset=UTF-8",
  ]);
  return await response.text();
}

function critical(name: string, number: number): Endpoint {
  return endpoint(name, number, { status: "critical" });
}

/** Services in every state, in an order that no sorting leaves alone. */
function mixed(): FakeClient {
  const failure = (service: string) =>
    new PilotedError(
      "REGISTRY_UNREACHABLE",
      `Cannot read service "${service}" from Consul at http://consul:8500: connection refused`,
      { service },
    );
  const client = new FakeClient();
  for (const number of [10, 9, 2, 1]) client.set(`app-${number}`, [endpoint("a", number)]);
  client.set("partly", [endpoint("partly", 1), critical("partly", 2)]);
  const states: [string, WatchStateName][] = [
    ["early", "pending"],
    ["old", "restored"],
    ["small", "unconfirmed"],
    ["away", "stale"],
    ["secret", "denied"],
  ];
  for (const [name, state] of states) {
    client.set(name, [endpoint(name, 1)], { state, error: failure(name), ageMs: 240_000 });
  }
  const doubt = new PilotedError(
    "REGISTRY_RESPONSE",
    `Cannot read service "small" from Consul at http://consul:8500: 1 of 9 is left`,
  );
  client.set("small", [endpoint("small", 1)], { state: "unconfirmed", error: doubt });
  client.set("gone", []);
  client.set("down", [1, 2, 3].map((number) => critical("down", number)));
  client.setEjected("shaky", [endpoint("shaky", 1), endpoint("shaky", 2)], 1);
  return client;
}

test("the overview lists trouble first, by kind, then services by name as people sort them", async () => {
  const html = await read(mixed(), "/");
  const rows = readRows(html);
  assertEquals(rows.map(({ name }) => name), [
    ...["down", "gone", "secret", "away", "small", "shaky", "old", "early", "partly"],
    ...["app-1", "app-2", "app-9", "app-10"],
  ]);
  const text = (name: string) => rows.find((row) => row.name === name)!.text;
  assertStringIncludes(text("down"), "Empty");
  assertStringIncludes(text("down"), "3 instances, all critical");
  assertStringIncludes(text("down"), "0 of 3");
  assertStringIncludes(text("away"), "Stale for 4m");
  assertStringIncludes(text("small"), "Unconfirmed Consul at http://consul:8500: 1 of 9 is left");
  const cause =
    "4 services with the same cause:</b> Consul at http://consul:8500: connection refused";
  assertStringIncludes(html, cause);
  assertEquals(text("away").includes("refused"), false, "it is told once, above the lines");
  assertStringIncludes(text("shaky"), "1 of 2 endpoints ejected");
  assertStringIncludes(text("partly"), "Live");
  assertStringIncludes(text("partly"), "1 critical");
});

test("the counts of the overview are links that filter", async () => {
  const client = mixed();
  const html = await read(client, "/");
  assertStringIncludes(html, `<a class="bad" href="?show=trouble">8 of 13 services in trouble</a>`);
  const tabs = [...html.matchAll(/<a href="(\?[^"]*)"[^>]* id="tab-[^>]*>([^<]+)<b>(\d+)<\/b>/g)];
  const counts: Record<string, number> = {};
  for (const [, href, label, count] of tabs) {
    const shown = readRows(await read(client, `/${href!.replaceAll("&amp;", "&")}`));
    assertEquals(shown.length, Number(count), label);
    counts[label!.trim()] = Number(count);
  }
  assertEquals(counts, {
    "All": 13,
    "In trouble": 8,
    "Empty": 2,
    "Denied": 1,
    "Stale": 1,
    "Unconfirmed": 1,
    "Ejected": 1,
    "Restored": 1,
    "Pending": 1,
    "Failing instances": 2,
  });
  const stale = await read(client, "/?show=stale");
  assertMatch(stale, /<a href="\?show=stale" aria-current="true"/);
  assertEquals(readRows(stale).map(({ name }) => name), ["away"]);
  // What is no tab shows all.
  assertEquals(readRows(await read(client, "/?show=constructor&page=-1")).length, 13);
});

test("a search is kept by the tabs, and looks at names, states, addresses, nodes and tags", async () => {
  const client = mixed().set("web", [
    endpoint("web", 77, { node: "Rack-7", tags: ["green"], zone: "west", id: "web-seven" }),
  ]);
  for (const query of ["WEB", "rack-7", "green", "west", "web-seven", "10.0.0.77", "web  GREEN"]) {
    const html = await read(client, `/?q=${encodeURIComponent(query)}`);
    assertEquals(readRows(html).map(({ name }) => name), ["web"], query);
  }
  const html = await read(client, "/?q=a&show=trouble");
  assertStringIncludes(html, `href="?q=a&amp;show=stale"`);
  assertStringIncludes(html, `<input type="hidden" name="show" value="trouble"`);
  assertStringIncludes(html, `href="?q=a&amp;show=trouble">4 of 10 services in trouble`);
  assertStringIncludes(await read(client, "/?q=nonsense"), "No service matches the search");
  const app = service(client);
  client.set("web", []).set("gone", [endpoint("gone", 5)]);
  const found = await (await app.request("/?q=web")).text();
  assertStringIncludes(found, "10.0.0.77:8080 left (0 endpoints)");
  assertEquals(found.includes("10.0.0.5:8080"), false, "changes of other services");
});

test("the overview of 400 services has at most 2,000 nodes and 150 kB, whatever their state", async () => {
  const error = new PilotedError(
    "REGISTRY_UNREACHABLE",
    `Cannot read service: ${"x".repeat(3_000)}`,
  );
  for (const state of ["live", "stale"] as const) {
    const client = new FakeClient();
    const names = Array.from({ length: 400 }, (_, number) => `a-service-with-a-name-${number}`);
    for (const name of names) {
      const endpoints = Array.from({ length: 5 }, (_, number) => endpoint(name, number));
      client.set(name, endpoints, { state: "live" });
    }
    // With a history and a full list of changes.
    const app = service(client);
    for (const name of names) {
      client.set(name, [endpoint(name, 1), critical(name, 2)], { state, error });
    }
    const html = await (await app.request("/")).text();
    const bytes = new TextEncoder().encode(html).length;
    assertLess(bytes, 150_000, state);
    assertLess(countNodes(html), 2_000, state);
    assertEquals(readRows(html).length, 100, state);
    assertStringIncludes(html, "1 to 100 of 400");
    assertMatch(html, /<a href="\?page=2" rel="next">/);
    assertEquals(html.includes(`id="cause"`), state === "stale");
    const last = await (await app.request("/?page=4")).text();
    assertStringIncludes(last, "301 to 400 of 400");
    const beyond = await (await app.request("/?page=999")).text();
    assertEquals(readRows(beyond), readRows(last));
  }
});

test("a cause that most services in trouble share is told once, above them", async () => {
  const client = mixed();
  assertEquals((await read(client, "/")).includes(`id="cause"`), true);
  const well = new FakeClient().set("app", [endpoint("app", 1)]);
  assertEquals((await read(well, "/")).includes(`id="cause"`), false);
  assertStringIncludes(await read(well, "/"), "1 service, live.");
});

test("the same state of many services at once is one line of the latest changes", async () => {
  const client = new FakeClient();
  const names = Array.from({ length: 50 }, (_, number) => `app-${number}`);
  for (const name of names) client.set(name, [endpoint(name, 1)]);
  const app = service(client);
  client.setOutage(true);
  await client.refresh();
  const html = await (await app.request("/")).text();
  const lines = [...html.matchAll(/<li id="event-[\s\S]*?<\/li>/g)].map(([line]) => line);
  assertEquals(lines.length, 2);
  assertStringIncludes(lines[1]!, "app-49</a>");
  assertStringIncludes(lines[1]!, "and 49 more services: is stale");
  assertStringIncludes(html, "50 services with the same cause");
  const own = await (await app.request("/services/app-7")).text();
  assertMatch(own, /<time[^>]*>0s ago<\/time><span>is stale: /);
});

test("a service's page shows every instance whatever its health, with what its failing checks say", async () => {
  const client = mixed();
  client.checks.set("down-2", [
    { name: "HTTP on 8080", status: "critical", output: "500 Internal Server Error" },
    { name: "disk", status: "passing", output: "plenty" },
    { name: "quiet", status: "warning", output: "" },
  ]);
  const html = await read(client, "/services/down");
  assertStringIncludes(html, "Empty: no endpoint can be handed out");
  assertStringIncludes(html, "Lookups respond 503: 3 instances, all critical");
  assertEquals(html.includes(`class="banner good"`), false, "nothing is green");
  for (const number of [1, 2, 3]) assertStringIncludes(html, `10.0.0.${number}:8080`);
  assertStringIncludes(html, "HTTP on 8080</b> critical");
  assertStringIncludes(html, "<pre>500 Internal Server Error</pre>");
  assertStringIncludes(html, "quiet</b> warning, without output");
  assertEquals(html.includes("plenty"), false, "a check that passes says nothing");
  for (const fact of ["blue", "version=1", "node-1"]) assertStringIncludes(html, fact);
});

test("a service's page lists failing instances first and filters them", async () => {
  const client = new FakeClient().set("app", [
    endpoint("app", 10),
    endpoint("app", 2),
    endpoint("app", 3, { status: "warning" }),
    endpoint("app", 4, { status: "maintenance" }),
    critical("app", 5),
  ]);
  const hosts = (html: string) => [...html.matchAll(/<code>10\.0\.0\.(\d+):/g)].map(([, n]) => n);
  assertEquals(hosts(await read(client, "/services/app")), ["5", "4", "3", "2", "10"]);
  assertEquals(hosts(await read(client, "/services/app?show=failing")), ["5", "4", "3"]);
});

test("a service's page says when instances cannot be read, and shows the endpoints in use", async () => {
  const client = new FakeClient().set("app", [endpoint("app", 1), critical("app", 2)]);
  const message = `Cannot read service "app": connection refused`;
  client.inspectFailure = new PilotedError("REGISTRY_UNREACHABLE", message, { service: "app" });
  const html = await read(client, "/services/app");
  assertStringIncludes(html, "Instances could not be read now.");
  assertStringIncludes(html, "connection refused");
  assertStringIncludes(html, "10.0.0.1:8080");
  assertEquals(html.includes("10.0.0.2:8080"), false);
});

test("an endpoint in use that the registry no longer lists is shown as such", async () => {
  const client = new FakeClient().set("app", [endpoint("app", 1), endpoint("app", 2)]);
  client.inspected = [endpoint("app", 2)];
  const html = await read(client, "/services/app");
  assertMatch(html, /10\.0\.0\.1:8080.*unlisted.*still handed out.*10\.0\.0\.2:8080/s);
});

test("columns that no instance and no watch has a value for are absent", async () => {
  const client = new FakeClient()
    .set("plain", [endpoint("plain", 1, { tags: [], meta: {}, zone: "", weight: 1 })])
    .set("rich", [endpoint("rich", 1, { zone: "west", weight: 3, ports: { grpc: 9090 } })]);
  const headings = (html: string) =>
    [...html.matchAll(/<th role="columnheader" scope="col"[^>]*>([^<]*)/g)].map(([, text]) => text);
  assertEquals(headings(await read(client, "/services/plain")), [
    ...["Address", "Status", "Node"],
    ...["Service", "State", "Instances", "Confirmed", "Index"],
  ]);
  const rich = headings(await read(client, "/services/rich"));
  for (const column of ["Zone", "Weight", "Ports", "Tags", "Meta"]) {
    assert(rich.includes(column), column);
  }
});

test("picks are counted by instance, whatever its description and its port", async () => {
  const client = new FakeClient().set("app", [endpoint("app", 1), endpoint("app", 2)]);
  const app = service(client);
  const page = async () => await (await app.request("/services/app")).text();
  assertEquals((await page()).includes("Picks"), false, "nothing to show yet");
  for (let i = 0; i < 100; i++) await app.request("/v1/services/app/endpoint");
  client.set("app", [endpoint("app", 1, { tags: ["new"] }), endpoint("app", 2)]);
  for (let i = 0; i < 49; i++) await app.request("/v1/services/app/endpoint");
  await app.request("/v1/services/app/redirect/");
  assertEquals((await page()).match(/75 \(50 %\)/g)?.length, 2);
});

test("a service's page has success rate and ejections where this process sends requests", async () => {
  const client = mixed();
  const fetchMetrics = new FetchMetrics();
  const call = { service: "shaky", method: "GET", url: "http://shaky/", startedAt: 0 };
  const observer = fetchMetrics.started(call);
  const attempt = { endpoint: endpoint("shaky", 1), startedAt: 0, durationMs: 1, hedge: false };
  for (let i = 0; i < 1_999; i++) observer.attempted({ ...attempt, outcome: "success" });
  observer.attempted({ ...attempt, outcome: "connect_failed" });
  observer.attempted({ ...attempt, outcome: "aborted" });
  const app = service(client, { fetchMetrics });
  const html = await (await app.request("/services/shaky")).text();
  for (
    const text of [
      "&gt;99.9 % of 2,000 attempts",
      "1 connect failed, 1 aborted",
      "1 of 2",
      "Ejections",
    ]
  ) assertStringIncludes(html, text);
  assertEquals(
    (await (await app.request("/services/app-1")).text()).includes("Requests of"),
    false,
  );
});

test("a service's page has a history with scale and label, its watches and a command", async () => {
  const client = mixed();
  const app = service(client, { token: "long-secret" });
  const headers = { authorization: "Bearer long-secret" };
  client.set("app-1", [endpoint("app-1", 1), endpoint("app-1", 2)]);
  const html = await (await app.request("http://front/services/app-1", { headers })).text();
  assertMatch(
    html,
    /Endpoints in the last \w+ \(since this process started\): between 1 and 2, now 2/,
  );
  assertMatch(html, /<div class="scale y"[^>]*><span>2<\/span><span>1<\/span><span>0<\/span>/);
  assertMatch(html, /<div class="scale x"[^>]*><span>\w+ ago<\/span><span>now<\/span>/);
  assertStringIncludes(
    html.replaceAll("&quot;", '"').replaceAll("&#39;", "'"),
    `curl -s -H "Authorization: Bearer $PILOTED_TOKEN" 'http://front/v1/services/app-1/endpoint'`,
  );
  assertEquals(html.includes("long-secret"), false);
  assertStringIncludes(html, `aria-label="Watches"`);
});

test("a service that is not watched has a page with suggestions", async () => {
  const client = new FakeClient();
  for (const name of ["customers", "customers-eu", "orders", "billing"]) client.set(name, []);
  const html = await read(client, "/services/Custmers", 404);
  assertStringIncludes(html, "This service is not watched.");
  const links = [...html.matchAll(/<li><a href="\.\.\/services\/([^"]+)"/g)].map(([, name]) =>
    name
  );
  assertEquals(links[0], "customers");
  assertEquals(links.includes("billing"), false);
  assertStringIncludes(await read(client, "/services/customers-us", 404), "customers-eu");
  const none = await read(client, "/services/zzzzzzzzzz", 404);
  assertEquals(none.includes("Did you mean"), false);
  assertStringIncludes(none, `<a href="../">All 4 services</a>`);
  const long = await read(client, `/services/${"a".repeat(5_000)}`, 404);
  assertLess(long.length, 3_000);
});

test("the pages escape names, check output, metadata and searches", async () => {
  const evil = `"'><script>alert(1)</script><img src=x onerror=alert(1)>`;
  const bad = endpoint(evil, 1, {
    ...{ id: evil, tags: [evil], node: evil, zone: evil, meta: { [evil]: evil } },
    ...{ host: evil, ports: { [evil]: 1 } },
  });
  const client = new FakeClient().set(evil, []);
  const app = service(client);
  const error = new PilotedError("REGISTRY_UNREACHABLE", evil);
  client.set(evil, [bad], { state: "stale", error });
  client.checks.set(evil, [{ name: evil, status: "critical", output: evil }]);
  const name = encodeURIComponent(evil);
  for (const path of ["/", `/services/${name}`, `/?q=${name}&show=stale`, `/services/no${name}`]) {
    const html = await (await app.request(path)).text();
    assertStringIncludes(html, "&lt;script&gt;alert(1)", path);
    assertEquals(/<script>|<img/.test(html), false, path);
    // Nothing leaves an attribute either.
    for (const [tag] of html.matchAll(/<[a-z][^>]*>/g)) {
      assertEquals(/\sonerror=/.test(tag.replace(/"[^"]*"/g, "")), false, tag);
    }
  }
});

test("the output of a check is cut, and the page of a service has a hundred instances", async () => {
  const many = Array.from({ length: 1_200 }, (_, number) => critical("app", number));
  const client = new FakeClient().set("app", many);
  for (const { id } of many) {
    client.checks.set(id, [{ name: "http", status: "critical", output: "x".repeat(4_000) }]);
  }
  const html = await read(client, "/services/app");
  assertStringIncludes(html, "… and 3,000 more characters");
  assertEquals(html.match(/<pre>x/g)?.length, 100);
  assertLess(html.length, 250_000);
  assertStringIncludes(html, "1 to 100 of 1,200");
  assertStringIncludes(await read(client, "/services/app?page=12"), "1,101 to 1,200 of 1,200");
});
