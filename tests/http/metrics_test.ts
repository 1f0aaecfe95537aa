import { assertEquals, assertStringIncludes } from "@std/assert";
import { PilotedError } from "../../src/errors.ts";
import { FetchMetrics, routes } from "../../src/http/mod.ts";
import { test } from "../support/test.ts";
import { endpoint, FakeClient } from "./fake_client.ts";

const A = endpoint("app", 1);
const B = endpoint("app", 2);

async function scrape(app: ReturnType<typeof routes>): Promise<Map<string, number>> {
  const response = await app.request("/metrics");
  assertStringIncludes(response.headers.get("content-type")!, "text/plain; version=0.0.4");
  const lines = (await response.text()).split("\n").filter((line) => /^[a-z]/.test(line));
  return new Map(lines.map((line) => {
    const [, name, value] = /^(.+) (\S+)$/.exec(line)!;
    return [name!, Number(value)];
  }));
}

test("GET metrics has the state of every service", async () => {
  const client = new FakeClient().set("app", [A, B], { state: "stale", ageMs: 2_500 })
    .set("new", [], { state: "pending", ageMs: undefined });
  const metrics = await scrape(routes(client));
  assertEquals(metrics.get('piloted_endpoints{service="app"}'), 2);
  assertEquals(metrics.get('piloted_instances{service="app",status="passing"}'), 2);
  assertEquals(metrics.get('piloted_instances{service="app",status="critical"}'), 0);
  assertEquals(metrics.has('piloted_instances{service="app",status="listed"}'), false);
  assertEquals(metrics.get('piloted_list_age_seconds{service="app"}'), 2.5);
  assertEquals(metrics.has('piloted_list_age_seconds{service="new"}'), false);
  assertEquals(metrics.get('piloted_service_state{service="app",state="stale"}'), 1);
  assertEquals(metrics.get('piloted_ejected_endpoints{service="app"}'), 0);
  assertEquals(metrics.get("piloted_event_streams"), 0);
});

test("GET metrics counts the events of the client", async () => {
  const client = new FakeClient().set("app", [A]);
  const app = routes(client);
  client.set("app", [B]);
  client.set("app", [A, B]);
  await client.refresh();
  for (let i = 0; i < 2; i++) {
    client.events.emit("refresh", { services: ["app"], failed: ["app"], durationMs: 1 });
  }
  const error = new PilotedError("REGISTRY_UNREACHABLE", "Cannot ask", { service: "app" });
  client.events.emit("error", error);
  client.events.emit("balance", {
    type: "ejected",
    service: "app",
    endpoint: A,
    reason: "consecutive_failures",
    ejectionCount: 1,
    ejectedUntil: 5,
  });
  const metrics = await scrape(app);
  assertEquals(metrics.get('piloted_changes_total{service="app"}'), 2);
  assertEquals(metrics.get('piloted_refreshes_total{outcome="success"}'), 1);
  assertEquals(metrics.get('piloted_refreshes_total{outcome="failed"}'), 2);
  assertEquals(metrics.get('piloted_errors_total{service="app",code="REGISTRY_UNREACHABLE"}'), 1);
  assertEquals(
    metrics.get('piloted_ejections_total{service="app",reason="consecutive_failures"}'),
    1,
  );
});

test("GET metrics counts requests by operation and status, and picks", async () => {
  const app = routes(new FakeClient().set("app", [A, B]).set("none", []));
  for (const path of ["app/endpoint", "app/endpoint?tag=blue", "app/redirect/x", "none/endpoint"]) {
    await app.request(`/v1/services/${path}`);
  }
  const metrics = await scrape(app);
  assertEquals(metrics.get('piloted_picks_total{service="app"}'), 3);
  const duration = "piloted_http_request_duration_seconds";
  const ok = 'operation="endpoint",status="200"';
  assertEquals(metrics.get(`${duration}_count{${ok}}`), 2);
  assertEquals(metrics.get(`${duration}_bucket{${ok},le="+Inf"}`), 2);
  assertEquals(metrics.get(`${duration}_bucket{${ok},le="10"}`), 2);
  assertEquals(metrics.get(`${duration}_sum{${ok}}`)! >= 0, true);
  assertEquals(metrics.get(`${duration}_count{operation="endpoint",status="503"}`), 1);
  assertEquals(metrics.get(`${duration}_count{operation="redirect",status="307"}`), 1);
});

test("GET metrics counts requests and attempts of a balanced fetch", async () => {
  const fetchMetrics = new FetchMetrics();
  const call = { service: "app", method: "GET", url: "http://app/", startedAt: 0 };
  const attempt = { endpoint: A, durationMs: 1 };
  const answered = fetchMetrics.started(call);
  answered.attempted({ ...attempt, outcome: "rejected" } as never);
  answered.attempted({ ...attempt, outcome: "success" } as never);
  answered.ended({ response: new Response(), durationMs: 2, availableRetryCount: 30 });
  fetchMetrics.started(call).ended({
    error: new Error("x"),
    durationMs: 2,
    availableRetryCount: 29,
  });
  const metrics = await scrape(routes(new FakeClient().set("app", [A]), { fetchMetrics }));
  assertEquals(metrics.get('piloted_fetch_requests_total{service="app",outcome="success"}'), 1);
  assertEquals(metrics.get('piloted_fetch_requests_total{service="app",outcome="failed"}'), 1);
  assertEquals(metrics.get('piloted_fetch_attempts_total{service="app",outcome="rejected"}'), 1);
  assertEquals(metrics.get('piloted_fetch_retry_budget{service="app"}'), 29);
});

test("GET metrics escapes names of services", async () => {
  const name = 'a"b\\c\nd';
  const metrics = await scrape(routes(new FakeClient().set(name, [])));
  assertEquals(metrics.get(String.raw`piloted_endpoints{service="a\"b\\c\nd"}`), 0);
});
