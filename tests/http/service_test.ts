import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { PilotedError } from "../../src/errors.ts";
import type { AccessLogEntry } from "../../src/http/mod.ts";
import { service } from "../../src/http/mod.ts";
import { test } from "../support/test.ts";
import { assertProblem } from "./assert_problem.ts";
import { endpoint, FakeClient } from "./fake_client.ts";

const A = endpoint("app", 1, { tags: ["blue"], zone: "west" });
const TOKEN = "Zm9vYmFy.secret_~+/-=";

function sample(): FakeClient {
  return new FakeClient().set("app", [A]).set("db", []);
}

const HTML = { accept: "text/html,application/xhtml+xml" };

test("without a token there is no authentication", async () => {
  assertEquals((await service(sample()).request("/v1/services/app/endpoint")).status, 200);
});

test("with a token every path except liveness requires it", async () => {
  const app = service(sample(), { token: TOKEN });
  const paths = ["/", "/v1/services", "/v1/services/app/endpoint", "/v1/events", "/metrics"];
  const more = ["/openapi.json", "/docs", "/health/ready", "/services/app", "/nothing"];
  for (const path of [...paths, ...more]) {
    const response = await app.request(path);
    assertMatch(response.headers.get("www-authenticate")!, /^Bearer /);
    await assertProblem(response, 401);
  }
  await assertProblem(await app.request("/v1/refresh", { method: "POST" }), 401);
  assertEquals((await app.request("/health/live")).status, 200);
});

test("only the right token is accepted", async () => {
  const app = service(sample(), { token: TOKEN });
  const ask = (authorization: string) =>
    app.request("/v1/services/app/endpoint", { headers: { authorization } });
  assertEquals((await ask(`Bearer ${TOKEN}`)).status, 200);
  assertEquals((await ask(`bearer ${TOKEN}`)).status, 200);
  const wrong = ["Bearer x", `Bearer ${TOKEN}x`, "Bearer ", `Basic ${TOKEN}`, TOKEN, "Bearer a b"];
  for (const header of wrong) {
    const { detail } = await assertProblem(await ask(header), 401);
    assertEquals(String(detail).includes(TOKEN), false);
  }
});

test("service() refuses a token that cannot be sent", () => {
  for (const token of ["", " ", "a b", "ü", "a\nb"]) {
    assertThrows(
      () => service(sample(), { token }),
      TypeError,
      "Cannot use option token of service()",
    );
  }
});

test("the sign-in form sets a cookie that does not contain the token", async () => {
  const app = service(sample(), { token: TOKEN });
  const form = await app.request("/", { headers: HTML });
  assertEquals(form.status, 401);
  assertStringIncludes(await form.text(), `action="./login"`);
  const login = (token: string) =>
    app.request("/login", { method: "POST", body: new URLSearchParams({ token }) });
  const refused = await login("wrong");
  assertEquals([refused.status, refused.headers.get("set-cookie")], [401, null]);
  assertStringIncludes(await refused.text(), "Wrong token");
  const accepted = await login(TOKEN);
  assertEquals([accepted.status, accepted.headers.get("location")], [303, "./"]);
  const cookie = accepted.headers.get("set-cookie")!;
  for (const part of ["HttpOnly", "SameSite=Strict", "Path=/"]) assertStringIncludes(cookie, part);
  assertEquals(decodeURIComponent(cookie).includes(TOKEN), false);

  const session = cookie.split(";")[0]!;
  const ask = (value: string) => app.request("/v1/services", { headers: { cookie: value } });
  assertEquals((await ask(session)).status, 200);
  assertEquals((await ask(session.replace(/=./, "=x"))).status, 401);
  assertEquals((await ask("piloted_session=1")).status, 401);
  const other = service(sample(), { token: "another" });
  assertEquals((await other.request("/v1/services", { headers: { cookie: session } })).status, 401);
});

test("a body that is too long is a 413", async () => {
  const app = service(sample(), { token: TOKEN });
  const body = new URLSearchParams({ token: "x".repeat(5_000) });
  await assertProblem(await app.request("/login", { method: "POST", body }), 413);
  const headers = { authorization: `Bearer ${TOKEN}` };
  const refresh = { method: "POST", headers, body: "x".repeat(5_000) };
  await assertProblem(await app.request("/v1/refresh", refresh), 413);
});

test("pages have a policy that blocks other hosts", async () => {
  const app = service(sample());
  for (const path of ["/", "/services/app", "/docs"]) {
    const response = await app.request(path, { headers: HTML });
    const policy = response.headers.get("content-security-policy")!;
    for (const rule of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"]) {
      assertStringIncludes(policy, rule);
    }
    assertEquals(policy.includes("unsafe"), false);
    assertEquals(response.headers.get("x-content-type-options"), "nosniff");
    const html = await response.text();
    assertStringIncludes(html, "<!DOCTYPE html>");
    assertEquals(/(src|href|action)="(https?:)?\/\//.test(html), false, "another host");
    assertEquals(/<script>|<style|\sstyle=|\son[a-z]+=/.test(html), false, "inline code");
    for (const [, asset] of html.matchAll(/"(\.\.?\/assets\/[^"]+)"/g)) {
      const url = new URL(asset!, `http://localhost${path}`);
      const file = await app.request(url.href);
      assertEquals([file.status, await file.text() !== ""], [200, true], url.href);
      assertStringIncludes(file.headers.get("cache-control")!, "immutable");
    }
  }
});

test("the page shows the services, and each its endpoints and their freshness", async () => {
  const error = new PilotedError("REGISTRY_UNREACHABLE", "Cannot ask Consul: refused");
  const client = sample().set("old", [], { state: "stale", ageMs: 240_000, error });
  const app = service(client);
  const text = async (path: string) => await (await app.request(path, { headers: HTML })).text();
  const all = await text("/");
  for (const part of ["Empty, stale for 4m", "the registry knows no such service", "2 of 3"]) {
    assertStringIncludes(all, part);
  }
  client.set("app", [A, endpoint("app", 2)]);
  const own = await text("/services/app");
  for (const part of ["10.0.0.1:8080", "blue", "10.0.0.2:8080 joined (2 endpoints)"]) {
    assertStringIncludes(own, part);
  }
  assertStringIncludes(await text("/services/old"), "Cannot ask Consul: refused");
});

test("pages of other origins can read responses only when they are configured", async () => {
  const headers = { origin: "https://app.example" };
  const ask = async (app: ReturnType<typeof service>) =>
    (await app.request("/v1/services", { headers })).headers.get("access-control-allow-origin");
  assertEquals(await ask(service(sample())), null);
  assertEquals(await ask(service(sample(), { cors: ["https://other.example"] })), null);
  const app = service(sample(), { cors: ["https://app.example"] });
  assertEquals(await ask(app), "https://app.example");
  const metrics = await app.request("/metrics", { headers });
  assertEquals(metrics.headers.get("access-control-allow-origin"), null);
});

test("lists are compressed when the client accepts it, event streams never", async () => {
  const many = Array.from({ length: 50 }, (_, number) => endpoint("app", number));
  const app = service(new FakeClient().set("app", many));
  const headers = { "accept-encoding": "gzip" };
  const list = await app.request("/v1/services/app", { headers });
  assertEquals(list.headers.get("content-encoding"), "gzip");
  const unzipped = list.body!.pipeThrough(new DecompressionStream("gzip"));
  assertEquals((await new Response(unzipped).json()).endpoints.length, 50);
  const events = await app.request("/v1/events", { headers });
  assertEquals(events.headers.get("content-encoding"), null);
  await events.body!.cancel();
});

test("the access log has one entry per request, without query and token", async () => {
  const entries: AccessLogEntry[] = [];
  const app = service(sample(), { token: TOKEN, accessLog: (entry) => void entries.push(entry) });
  const response = await app.request("/v1/services/app/endpoint?key=secret", {
    headers: { authorization: `Bearer ${TOKEN}` },
  });
  await app.request("/nothing", { headers: { "x-request-id": "given-1" } });
  assertEquals(entries.map(({ method, path, status }) => [method, path, status]), [
    ["GET", "/v1/services/app/endpoint", 200],
    ["GET", "/nothing", 401],
  ]);
  assertEquals(entries[0]!.id, response.headers.get("x-request-id"));
  assertEquals(entries[1]!.id, "given-1");
  assert(entries.every(({ durationMs }) => durationMs >= 0));
  assertEquals(/secret|Zm9v/.test(JSON.stringify(entries)), false);
});

test("every path of the service responds 405 with Allow to other methods", async () => {
  const app = service(sample());
  for (const path of ["/", "/docs", "/services/app", "/assets/style", "/v1/services"]) {
    await assertProblem(await app.request(path, { method: "DELETE" }), 405);
    const options = await app.request(path, { method: "OPTIONS" });
    assertEquals([options.status, options.headers.get("allow")], [204, "GET, HEAD, OPTIONS"]);
    const head = await app.request(path, { method: "HEAD" });
    assertEquals([head.status, await head.text()], [200, ""]);
  }
  await assertProblem(await app.request("/nothing", { method: "POST" }), 404);
  const closed = service(sample(), { token: TOKEN });
  const headers = { authorization: `Bearer ${TOKEN}` };
  await assertProblem(await closed.request("/nothing", { headers }), 404);
});
