/** The registrations of a process in its metrics, its status, its page, and those of serve.ts. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { service } from "../../src/http/mod.ts";
import { createPiloted } from "../../src/client/create_piloted.ts";
import { EmbeddedConsul } from "../../src/testing/mod.ts";
import type { Child } from "../support/process.ts";
import { withTemporaryFolder } from "../support/temporary_folder.ts";
import { test } from "../support/test.ts";
import { waitUntil } from "../support/wait_until.ts";
import { send, serving } from "./serve_process.ts";

interface Entry {
  readonly Service: { readonly Address: string; readonly Port: number; readonly Tags: string[] };
  readonly Checks: readonly { readonly Status: string }[];
}

async function instances(consul: EmbeddedConsul, name: string): Promise<Entry[]> {
  return await (await consul.fetch(`http://consul/v1/health/service/${name}`)).json();
}

test("metrics, status and page show registrations, in every state", async () => {
  const consul = new EmbeddedConsul();
  let isAway = false;
  await using piloted = await createPiloted({
    config: { consul: "127.0.0.1:8500", watches: [] },
    env: {},
    signals: false,
    fetch: (input, init) =>
      isAway ? Promise.reject(new TypeError("fetch failed")) : consul.fetch(input, init),
  });
  const app = service(piloted);
  const metrics = async () => await (await app.request("/metrics")).text();
  const page = async () => await (await app.request("/")).text();
  assert(!/piloted_registrations|piloted_heartbeat/.test(await metrics()));
  assert(!/Registered by this process/.test(await page()));

  const options = { drainMs: 0, check: { ttlMs: 300, intervalMs: 50 } };
  const all = await Promise.all(
    [1, 2].map((port) =>
      piloted.register({ name: "orders", id: `orders-${port}`, port, ...options })
    ),
  );
  const other = await piloted.register({ name: 'say "<hi>"', id: "hi", port: 3, ...options });
  await Promise.all([...all, other].map(({ ready }) => ready));
  const text = await metrics();
  assertMatch(text, /^piloted_registrations\{service="orders",state="registered"\} 2$/m);
  assertMatch(text, /^piloted_registrations\{service="say \\"<hi>\\"",state="registered"\} 1$/m);
  assertMatch(text, /^piloted_reregistrations_total\{service="orders"\} 0$/m);
  const value = (name: string) =>
    Number(
      new RegExp(`^${name}\\{service="orders"(?:,le="\\+Inf")?\\} (\\S+)$`, "m").exec(text)![1],
    );
  const count = value("piloted_heartbeat_duration_seconds_count");
  assert(count >= 2, text);
  assertEquals(value("piloted_heartbeat_duration_seconds_bucket"), count);
  assert(value("piloted_heartbeat_duration_seconds_sum") > 0, text);

  const html = await page();
  assertStringIncludes(html, "Registered by this process");
  assertStringIncludes(html, "orders-1, agent&#39;s address:1: Registered, passing");
  assert(!html.includes("<hi>"), "it is escaped");

  await consul.fetch("http://consul/v1/agent/service/deregister/orders-1", { method: "PUT" });
  await waitUntil(() => all[0]!.status().reregistrationCount === 1);
  assertMatch(await metrics(), /^piloted_reregistrations_total\{service="orders"\} 1$/m);

  all[1]!.fail("no disk");
  await all[1]!.maintenance(true, "upgrade");
  isAway = true;
  await waitUntil(() => all.every((each) => each.status().state === "lost"));
  assertMatch(await metrics(), /^piloted_registrations\{service="orders",state="lost"\} 2$/m);
  const lost = await page();
  assertStringIncludes(lost, "Lost: the agent does not respond, trying again");
  assertStringIncludes(lost, "critical, in maintenance: upgrade");
  assertStringIncludes(lost, "Cannot report check");
  const { registrations } = await (await app.request("/v1/status")).json();
  const [first, second] = registrations;
  assertEquals([first.state, first.reregistrationCount], ["lost", 1]);
  assertEquals([second.health, second.maintenance], ["critical", "upgrade"]);

  await new Promise((resolve) => setTimeout(resolve, 350));
  isAway = false;
  await waitUntil(() => all.every((each) => each.status().missedTtlCount > 0));
  assertMatch(await metrics(), /^piloted_missed_ttls_total\{service="orders"\} [1-9]/m);
  assertStringIncludes(await page(), "Last missed TTL: no heartbeat for");
});

/** Starts serve.ts for the Consul, with more arguments, and without anything to watch. */
async function withServe(
  consul: EmbeddedConsul,
  args: readonly string[],
  run: (serve: Child, url: string) => Promise<void>,
): Promise<void> {
  const agent = await consul.listen();
  await withTemporaryFolder(async (folder) => {
    const path = join(folder, "containerpilot.json5");
    const watches = [{ name: "customers", interval: 5 }];
    await writeFile(path, JSON.stringify({ consul: agent.url, watches }));
    await serving(["--config", path, "--port", "0", ...args], {}, run);
  });
}

test("serve.ts --register registers itself, and is gone before its port closes", async () => {
  await using consul = new EmbeddedConsul();
  await withServe(consul, ["--register"], async (serve, url) => {
    await waitUntil(async () => (await instances(consul, "piloted")).length === 1);
    const [{ Service, Checks }] = await instances(consul, "piloted") as [Entry];
    assertEquals([Service.Address, Service.Port], ["127.0.0.1", Number(new URL(url).port)]);
    assertEquals(Service.Tags, ["piloted"]);
    assert(Checks.every(({ Status }) => Status === "passing"));
    await waitUntil(async () => {
      const text = await (await fetch(`${url}/metrics`)).text();
      return /piloted_registrations\{service="piloted",state="registered"\} 1/.test(text);
    });
    send(serve, "SIGTERM");
    await waitUntil(async () => (await instances(consul, "piloted")).length === 0);
    // It drains: requests that were on their way are served.
    const response = await fetch(`${url}/health/live`);
    await response.body?.cancel();
    assertEquals(response.status, 200);
    assertEquals(await serve.exited, { code: 0, signal: null });
  });
});

test("serve.ts --register-name takes another name, and is registered once Consul lets it", async () => {
  await using consul = new EmbeddedConsul();
  const leaderless = () => Promise.resolve(new Response("No cluster leader", { status: 500 }));
  const remove = consul.inject(leaderless, { path: /register/ });
  await withServe(consul, ["--register", "--register-name", "lookup"], async (serve, url) => {
    const stateOf = async () =>
      (await (await fetch(`${url}/v1/status`)).json()).registrations[0]?.reason ?? "";
    await waitUntil(async () => /500 "No cluster leader"/.test(await stateOf()));
    remove();
    await waitUntil(async () => (await instances(consul, "lookup")).length === 1, 30_000);
    send(serve, "SIGINT");
    assertEquals(await serve.exited, { code: 0, signal: null });
    assertEquals(await instances(consul, "lookup"), []);
  });
});
