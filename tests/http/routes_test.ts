import { assertEquals, assertStringIncludes } from "@std/assert";
import { Hono } from "hono";
import { PilotedError } from "../../src/errors.ts";
import { routes } from "../../src/http/mod.ts";
import { test } from "../support/test.ts";
import { assertProblem } from "./assert_problem.ts";
import { endpoint, FakeClient } from "./fake_client.ts";

const A = endpoint("customers", 1);
const B = endpoint("customers", 2, { address: "2001:db8::2" });

function sample(): FakeClient {
  return new FakeClient().set("customers", [A, B]).set("orders", []);
}

test("GET endpoint returns each endpoint in turn, as JSON that is not cached", async () => {
  const app = routes(sample());
  const bodies: unknown[] = [];
  for (let i = 0; i < 3; i++) {
    const response = await app.request("/v1/services/customers/endpoint");
    assertEquals(response.status, 200);
    assertEquals(response.headers.get("content-type"), "application/json");
    assertEquals(response.headers.get("cache-control"), "no-store");
    bodies.push(await response.json());
  }
  assertEquals(bodies, [A, B, A]);
});

test("GET endpoint of a service without endpoints is a 503 with Retry-After", async () => {
  const response = await routes(sample()).request("/v1/services/orders/endpoint");
  assertEquals(response.headers.get("retry-after"), "1");
  await assertProblem(response, 503, { code: "NO_ENDPOINTS", service: "orders" });
});

test("GET endpoint of a name that is not watched is a 404, also for malicious names", async () => {
  const app = routes(sample());
  const names = ["nothing", "%2e%2e%2fagent", "a%2Fb", "%00", "a%20b", "%C3%A9", "%zz", "..;"];
  for (const name of [...names, "x".repeat(5_000), "__proto__", "constructor"]) {
    for (const path of [`/v1/services/${name}/endpoint`, `/v1/services/${name}`]) {
      await assertProblem(await app.request(path), 404, { code: "UNKNOWN_SERVICE" });
    }
  }
});

test("GET endpoint accepts names that need URL encoding, and any host", async () => {
  const names = ["a b", "a/b", "é", "a?b", "endpoint"];
  const client = new FakeClient();
  for (const name of names) client.set(name, [endpoint(name, 1)]);
  const app = routes(client);
  for (const origin of ["http://localhost", "http://a", "https://[::1]:8443"]) {
    for (const name of names) {
      const url = `${origin}/v1/services/${encodeURIComponent(name)}/endpoint`;
      for (const each of [url, `${url}?`, `${url}?tag=blue`]) {
        assertEquals((await (await app.request(each)).json()).service, name);
      }
    }
  }
});

test("GET endpoint does not mistake a query for a part of a name", async () => {
  const app = routes(new FakeClient().set("a?b", [A]));
  await assertProblem(await app.request("/v1/services/a?b/endpoint"), 404);
});

test("GET endpoint waits for a refresh under way", async () => {
  const client = sample();
  let resolve = () => {};
  client.refreshed = new Promise((done) => resolve = done);
  const app = routes(client);
  const answers = ["customers", "none"].map((name) => app.request(`/v1/services/${name}/endpoint`));
  client.set("customers", [B]);
  resolve();
  assertEquals(await (await answers[0]!).json(), B);
  await assertProblem(await answers[1]!, 404, { code: "UNKNOWN_SERVICE" });
});

test("GET service returns all endpoints and their freshness", async () => {
  const error = new PilotedError("REGISTRY_UNREACHABLE", "Cannot ask Consul: refused");
  const client = sample().set("stale", [A], { state: "stale", ageMs: 9_000, error });
  const body = await (await routes(client).request("/v1/services/stale")).json();
  assertEquals(body.endpoints, [A]);
  assertEquals(body.service, "stale");
  assertEquals(body.state, "stale");
  assertEquals(body.ageMs, 9_000);
  assertEquals(body.reason, "Cannot ask Consul: refused");
  assertEquals(body.watches[0].position, "7");
  assertEquals(body.watches[0].error, {
    code: "REGISTRY_UNREACHABLE",
    message: "Cannot ask Consul: refused",
  });
});

test("GET service follows a list that changes", async () => {
  const client = sample();
  const app = routes(client);
  const hosts = async () => {
    const body = await (await app.request("/v1/services/customers")).json();
    return body.endpoints.map(({ host }: { host: string }) => host);
  };
  assertEquals(await hosts(), ["10.0.0.1:8080", "[2001:db8::2]:8080"]);
  client.set("customers", [B]);
  assertEquals(await hosts(), ["[2001:db8::2]:8080"]);
});

test("GET services lists every watched service in order", async () => {
  const response = await routes(sample()).request("/v1/services");
  assertEquals(await response.json(), {
    services: [
      { service: "customers", state: "live", endpointCount: 2, ageMs: 5 },
      { service: "orders", state: "live", endpointCount: 0, ageMs: 5 },
    ],
  });
});

test("GET health/live is 200 even when the client is closed", async () => {
  const client = sample();
  client.close();
  assertEquals((await routes(client).request("/health/live")).status, 200);
});

test("GET health/ready is 503 until every service has a list, and names the missing ones", async () => {
  const client = sample().set("orders", [], { state: "pending", ageMs: undefined });
  const app = routes(client);
  const body = await assertProblem(await app.request("/health/ready"), 503);
  assertEquals(body.waiting, [{ service: "orders", state: "pending" }]);
  client.set("orders", []);
  assertEquals((await app.request("/health/ready")).status, 200);
  client.close();
  await assertProblem(await app.request("/health/ready"), 503);
});

test("GET health/ready leaves out services by name, in any case, and no others", async () => {
  const pending = { state: "pending", ageMs: undefined } as const;
  const client = sample().set("orders", [], pending).set("Reports", [], pending);
  const app = routes(client, { readyWithout: ["rePORTS", "unknown"] });
  const body = await assertProblem(await app.request("/health/ready"), 503);
  assertEquals(body.waiting, [{ service: "orders", state: "pending" }]);
  client.set("orders", []);
  assertEquals((await app.request("/health/ready")).status, 200);
  client.close();
  await assertProblem(await app.request("/health/ready"), 503);
});

test("every route responds 503 once the client is closed", async () => {
  const client = sample();
  client.close();
  const app = routes(client);
  for (const path of ["/v1/services/customers", "/v1/services/customers/endpoint"]) {
    await assertProblem(await app.request(path), 503, { code: "CLOSED" });
  }
});

test("an error that is no PilotedError is a 500 without details", async () => {
  const client = sample();
  client.serviceHosts = () => {
    throw new Error("secret");
  };
  client.pick = client.serviceHosts as never;
  for (const path of ["/v1/services/customers", "/v1/services/customers/endpoint"]) {
    const body = await assertProblem(await routes(client).request(path), 500);
    assertEquals(JSON.stringify(body).includes("secret"), false);
  }
});

test("every route supports HEAD and OPTIONS, and responds 405 to other methods", async () => {
  const app = routes(sample());
  const paths = ["/v1/services", "/v1/services/customers", "/v1/services/customers/endpoint"];
  const more = ["/v1/status", "/v1/events", "/v1/services/customers/events", "/openapi.json"];
  for (const path of [...paths, ...more, "/health/live", "/health/ready"]) {
    const head = await app.request(path, { method: "HEAD" });
    assertEquals([head.status, await head.text()], [200, ""]);
    assertEquals(
      head.headers.get("content-type"),
      path.endsWith("/events") ? "text/event-stream" : "application/json",
    );
    const options = await app.request(path, { method: "OPTIONS" });
    assertEquals([options.status, options.headers.get("allow")], [204, "GET, HEAD, OPTIONS"]);
    for (const method of ["POST", "PUT", "PATCH", "DELETE", "PROPFIND"]) {
      const response = await app.request(path, { method });
      assertEquals(response.headers.get("allow"), "GET, HEAD, OPTIONS");
      await assertProblem(response, 405);
    }
  }
});

test("an unknown path is a 404 problem", async () => {
  const app = routes(sample());
  for (
    const path of ["/", "/v1", "/v1/services/", "/v1/services/customers/endpoint/x", "/v1/kv/a"]
  ) {
    const body = await assertProblem(await app.request(path), 404);
    assertStringIncludes(String(body.detail), path);
  }
});

test("routes() can be mounted under a path of another app", async () => {
  const app = new Hono().route("/discovery", routes(sample()));
  const found = await app.request("/discovery/v1/services/customers/endpoint");
  assertEquals(await found.json(), A);
  await assertProblem(await app.request("/discovery/v1/services/none"), 404);
  const post = await app.request("/discovery/v1/services", { method: "POST" });
  await assertProblem(post, 405);
});
