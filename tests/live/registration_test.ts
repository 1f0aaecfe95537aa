/** Registrations at a real agent: killed, restarted empty, stopped, and with tokens. */
import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { createPiloted } from "../../src/client/create_piloted.ts";
import { createRegistration } from "../../src/registration/create_registration.ts";
import type { Registration } from "../../src/registration/registration.ts";
import { type Consul, skipWithoutConsul, startConsul } from "../support/consul.ts";
import { currentRuntime, startScript } from "../support/process.ts";
import { test } from "../support/test.ts";
import { waitUntil } from "../support/wait_until.ts";

const skip = await skipWithoutConsul();
const INTERVAL_MS = 1_000;

interface AgentCheck {
  readonly Status: string;
  readonly Output: string;
  readonly Notes: string;
}

function register(consul: Consul, options: Record<string, unknown> = {}): Promise<Registration> {
  return createRegistration({
    name: "app",
    id: "app-1",
    port: 8080,
    config: { consul: { address: consul.url, token: consul.token ?? "" } },
    env: {},
    drainMs: 0,
    check: { ttlMs: 3_000, intervalMs: INTERVAL_MS },
    ...options,
  });
}

async function check(consul: Consul, id = "service:app-1"): Promise<AgentCheck | undefined> {
  return (await consul.get<Record<string, AgentCheck>>("/v1/agent/checks"))[id];
}

test("a registration is listed, reports what the application says, and is gone after close()", {
  skip,
}, async () => {
  await using consul = await startConsul();
  const registration = await register(consul, {
    meta: { version: "7" },
    checks: [{ tcp: `127.0.0.1:${consul.ports.http}`, intervalMs: 1_000 }],
  });
  await registration.ready;
  const [entry] = await consul.get<{ Service: { Meta: unknown }; Checks: unknown[] }[]>(
    "/v1/health/service/app",
  );
  assertEquals(entry!.Service.Meta, { version: "7" });
  assertEquals(entry!.Checks.length, 3, "serfHealth, TTL, TCP");
  registration.fail("no disk");
  await waitUntil(async () => (await check(consul))?.Status === "critical");
  assertEquals((await check(consul))!.Output, "no disk");
  registration.pass();
  await waitUntil(async () => (await check(consul))?.Status === "passing");
  await registration.maintenance(true, "disk");
  assert((await check(consul, "_service_maintenance:app-1"))!.Notes.startsWith("disk"));
  await registration.close();
  assertEquals(await consul.get("/v1/agent/services"), {});
  assertEquals(await consul.get("/v1/agent/checks"), {});
});

for (const wipe of [true, false]) {
  const what = wipe ? "without its data" : "with its data";
  test(
    `a registration is back within one heartbeat and a second of an agent's return ${what}`,
    { skip },
    async () => {
      await using consul = await startConsul({ persistent: true });
      const registration = await register(consul);
      await registration.ready;
      consul.kill("SIGKILL");
      await consul.ended();
      await waitUntil(() => registration.status().state === "lost");
      await new Promise((resolve) => setTimeout(resolve, 4_000));
      await consul.restart({ wipe });
      const back = performance.now();
      await waitUntil(async () =>
        (await check(consul))?.Status === "passing" && registration.status().state === "registered"
      );
      assertLessOrEqual(performance.now() - back, 1.1 * INTERVAL_MS + 1_000);
      await registration.close();
      assertEquals(await consul.get("/v1/agent/services"), {});
    },
  );
}

test(
  "a registration survives an agent that is stopped longer than its TTL, and says who was late",
  {
    skip,
  },
  async () => {
    await using consul = await startConsul();
    const registration = await register(consul);
    await registration.ready;
    consul.kill("SIGSTOP");
    // SIGSTOP reaches the shell's child, Consul itself.
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    consul.kill("SIGCONT");
    await waitUntil(() => registration.status().state === "registered");
    await waitUntil(async () => (await check(consul))?.Status === "passing");
    await waitUntil(() => registration.status().missedTtlCount > 0);
    assertEquals(registration.status().missedTtl!.late, "agent");
    await registration.close();
    assertEquals(await consul.get("/v1/agent/services"), {});
  },
);

test("registering again keeps an operator's maintenance at a real agent", { skip }, async () => {
  await using consul = await startConsul();
  const first = await register(consul);
  await first.ready;
  await consul.put("/v1/agent/service/maintenance/app-1?enable=true&reason=operator");
  const second = await register(consul);
  await second.ready;
  assertEquals((await check(consul, "_service_maintenance:app-1"))?.Notes, "operator");
  // The first one has lost its id to the second, and leaves it alone.
  await first.close();
  assertEquals(Object.keys(await consul.get("/v1/agent/services")), ["app-1"]);
  await second.close();
  assertEquals(await consul.get("/v1/agent/services"), {});
});

test("a token that is refused is named, and an id with every character is removed with ACLs on", {
  skip,
}, async () => {
  await using consul = await startConsul({ acl: true });
  const denied = await createRegistration({
    name: "app",
    port: 1,
    id: "x",
    config: { consul: consul.url },
    env: {},
    drainMs: 0,
    check: { intervalMs: 500 },
  });
  await waitUntil(() => denied.status().state === "denied");
  assert(/service:write/.test(denied.status().reason!), denied.status().reason);
  await denied.close();
  const registration = await register(consul, { id: "a/1 é" });
  await registration.ready;
  await registration.close();
  assertEquals(await consul.get("/v1/agent/services"), {});
});

test("register: jobs of a file have ContainerPilot's ids, and SIGTERM removes them", {
  skip,
}, async () => {
  await using consul = await startConsul();
  const child = await startScript(
    currentRuntime,
    "tests/registration/fixtures/registered_child.ts",
    [consul.url],
  );
  try {
    await child.waitFor(/ready/);
    const services = await consul.get<Record<string, { Port: number }>>("/v1/agent/services");
    const [id] = Object.keys(services);
    assert(/^job-/.test(id!) && !id!.endsWith("-8081"), id);
    const { Notes } = (await check(consul, `service:${id}`))!;
    assertEquals(Notes, "TTL for job set by containerpilot");
    child.kill("SIGTERM");
    const { signal, code } = await child.exited;
    assert(signal === "SIGTERM" || code === 143, `${signal} ${code}`);
    assert(/stopped/.test(child.stdout()), child.stdout());
    assertEquals(await consul.get("/v1/agent/services"), {});
  } finally {
    await child.stop();
  }
});

test("a client's registration is found by the client, and gone before its port closes", {
  skip,
}, async () => {
  await using consul = await startConsul();
  await using watcher = await createPiloted({
    config: { consul: consul.url, watches: [{ name: "app" }] },
    env: {},
    signals: false,
    emptyPolicy: "accept",
  });
  const piloted = await createPiloted({
    config: { consul: consul.url, watches: [] },
    env: {},
    signals: false,
  });
  let atStop: number | undefined;
  await piloted.register({
    name: "app",
    port: 8080,
    address: "127.0.0.1",
    drainMs: 1_000,
    onStop: () => {
      atStop = watcher.serviceHosts("app").length;
    },
  });
  await watcher.waitForEndpoints("app", { timeoutMs: 10_000 });
  assertEquals(watcher.pick("app").host, "127.0.0.1:8080");
  await waitUntil(() => piloted.status().registrations[0]!.state === "registered");
  await piloted.close();
  assertEquals(atStop, 0);
});
