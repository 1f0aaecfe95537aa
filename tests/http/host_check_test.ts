import { assertEquals, assertThrows } from "@std/assert";
import { isValidHost } from "../../src/http/host_check.ts";
import { type AccessLogEntry, routes, service } from "../../src/http/mod.ts";
import { test } from "../support/test.ts";
import { assertProblem } from "./assert_problem.ts";
import { endpoint, FakeClient } from "./fake_client.ts";

const MALFORMED = ["", "[", "a/b", "a/v1/refresh?x=", "a b", "a,b", "u@h", "b\u00fccher.example"]
  .concat(["1.2.3.4.5", "[::1", "[::zz]", "x:", "x:99999", "x:80:80", "a?b", "a#b", "..", "-"]);

function sample(): { client: FakeClient; refreshes: () => number } {
  const client = new FakeClient().set("app", [endpoint("app", 1)]);
  let count = 0;
  client.on("refresh", () => void count++);
  return { client, refreshes: () => count };
}

function ask(
  app: { fetch(request: Request): Response | Promise<Response> },
  host: string,
  method = "GET",
  path = "/v1/services/app/endpoint",
): Promise<Response> {
  const request = new Request(`http://localhost${path}`, { method });
  // A runtime's own request has it; one that is created can't.
  Object.defineProperty(request, "headers", { value: new Headers([["host", host]]) });
  return Promise.resolve(app.fetch(request));
}

test("isValidHost() accepts names and addresses with or without a port, and nothing else", () => {
  const valid = ["localhost", "a.example:8080", "my_container:1", "10.0.0.1", "[::1]:80", "A.B."];
  for (const host of valid) assertEquals([host, isValidHost(host)], [host, true]);
  for (const host of MALFORMED) assertEquals([host, isValidHost(host)], [host, false]);
});

test("a malformed Host is a 400 before anything happens, in the access log as well", async () => {
  const { client, refreshes } = sample();
  const log: AccessLogEntry[] = [];
  const app = service(client, { accessLog: (entry) => log.push(entry) });
  for (const host of MALFORMED) {
    await assertProblem(await ask(app, host, "POST", "/v1/refresh"), 400);
    await assertProblem(await ask(routes(client), host), 400);
  }
  assertEquals(refreshes(), 0);
  assertEquals(
    log.map(({ status, path }) => [status, path]),
    MALFORMED.map(() => [400, "/v1/refresh"]),
  );
  assertEquals((await ask(app, "localhost")).status, 200);
});

test("only allowed hosts get an answer", async () => {
  const { client, refreshes } = sample();
  const app = service(client, { allowedHosts: ["discovery.internal", "localhost:8080"] });
  for (const host of ["discovery.internal", "Discovery.Internal:9000", "localhost:8080"]) {
    assertEquals([host, (await ask(app, host)).status], [host, 200]);
  }
  for (const host of ["localhost", "localhost:80", "rebound.example", "x.discovery.internal"]) {
    await assertProblem(await ask(app, host), 421);
    await assertProblem(await ask(app, host, "POST", "/v1/refresh"), 421);
  }
  assertEquals(refreshes(), 0);
  // HTTP/1.0, which no browser speaks.
  assertEquals((await app.request("/v1/services")).status, 200);
});

test("an app that is mounted in another one checks the allowed hosts itself", async () => {
  const { Hono } = await import("hono");
  const { client } = sample();
  const app = new Hono().route("/discovery", service(client, { allowedHosts: ["localhost"] }));
  const path = "/discovery/v1/services";
  assertEquals((await ask(app, "localhost", "GET", path)).status, 200);
  assertEquals((await ask(app, "rebound.example", "GET", path)).status, 421);
});

test("service() refuses allowed hosts that no request can have", () => {
  for (const allowedHosts of [["http://a"], ["a/b"], [""], "localhost" as never, [1 as never]]) {
    assertThrows(() => service(sample().client, { allowedHosts }), TypeError, "allowedHosts");
  }
});
