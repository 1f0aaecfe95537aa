import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { PilotedError } from "../../src/errors.ts";
import { test } from "../support/test.ts";
import { Agent, DEREGISTER, REGISTER, registering, UPDATE } from "./support.ts";

test("createRegistration(): registers everything that the options say, with explicit check ids", async () => {
  await registering(async ({ agent, clock, registration }) => {
    await clock.advance(1_000);
    await registration.ready;
    const [sent] = agent.to(REGISTER);
    assertEquals(sent!.query, "?replace-existing-checks=true");
    assertEquals(JSON.parse(sent!.body), {
      ID: "app-1",
      Name: "app",
      Port: 8080,
      Address: "10.1.2.3",
      Tags: ["blue"],
      Meta: { "port-admin": "9090", version: "7" },
      EnableTagOverride: true,
      Weights: { Passing: 10, Warning: 1 },
      TaggedAddresses: { wan: { Address: "203.0.113.7", Port: 80 } },
      Checks: [
        {
          CheckID: "service:app-1",
          Name: "Service 'app' check",
          TTL: "30s",
          Status: "passing",
          Notes: "of the app",
          DeregisterCriticalServiceAfter: "7200s",
        },
        {
          CheckID: "service:app-1:2",
          HTTP: "http://10.1.2.3:8080/health",
          Header: {},
          Interval: "1500ms",
        },
        { CheckID: "db", Name: "database", TCP: "10.1.2.4:5432", Interval: "10s", Timeout: "1s" },
      ],
    });
    const status = registration.status();
    assertEquals([status.state, status.health, status.listed], ["registered", "passing", true]);
    assertEquals(status.node, "embedded");
  }, {
    address: "10.1.2.3",
    ports: { admin: 9090 },
    tags: ["blue"],
    meta: { version: "7" },
    weights: { passing: 10, warning: 1 },
    taggedAddresses: { wan: { address: "203.0.113.7", port: 80 } },
    enableTagOverride: true,
    deregisterCriticalAfterMs: 7_200_000,
    check: { ttlMs: 30_000, notes: "of the app" },
    checks: [
      { http: "http://10.1.2.3:8080/health", intervalMs: 1_500 },
      { id: "db", name: "database", tcp: "10.1.2.4:5432", intervalMs: 10_000, timeoutMs: 1_000 },
    ],
  });
});

test("createRegistration(): stays passing by heartbeats with a constant output", async () => {
  await registering(async ({ agent, clock }) => {
    await clock.advance(300_000);
    const reports = agent.to(UPDATE);
    assert(reports.length >= 28 && reports.length <= 34, `${reports.length} heartbeats`);
    assertEquals(new Set(reports.map(({ body }) => body)).size, 1);
    assertEquals(JSON.parse(reports[0]!.body), { Status: "passing", Output: "ok" });
    assertEquals(agent.to(REGISTER).length, 1);
    assertEquals((await agent.checks())["service:app-1"]!.Status, "passing");
  });
});

test("pass(), warn(), fail(): are sent at once and kept by the heartbeats", async () => {
  await registering(async ({ agent, clock, registration, statuses }) => {
    const current = async () => (await agent.checks())["service:app-1"]!;
    registration.fail("no disk");
    await clock.advance(0);
    assertEquals([(await current()).Status, (await current()).Output], ["critical", "no disk"]);
    await clock.advance(60_000);
    assertEquals((await current()).Status, "critical");
    registration.warn();
    await clock.advance(0);
    assertEquals((await current()).Status, "warning");
    registration.pass();
    await clock.advance(0);
    assertEquals([(await current()).Status, (await current()).Output], ["passing", "ok"]);
    const health = statuses.map(({ health }) => health);
    assertEquals(health, ["passing", "critical", "warning", "passing"]);
  });
});

test("check.run: a failure is reported at once, and a text of more than 4,000 bytes cut on a character", async () => {
  let failure: Error | undefined;
  await registering(async ({ agent, clock }) => {
    const current = async () => (await agent.checks())["service:app-1"]!;
    await clock.advance(20_000);
    assertEquals((await current()).Status, "passing");
    failure = new Error(`token=hunter2 s3cret ${"é".repeat(3_000)}`);
    await clock.advance(11_000);
    const { Status, Output } = await current();
    assertEquals(Status, "critical");
    const bytes = new TextEncoder().encode(Output).length;
    assert(bytes <= 4_000 && bytes > 3_990, `${bytes} bytes`);
    assert(Output.endsWith("é") && !/hunter2|s3cret/.test(Output), Output.slice(0, 40));
    failure = undefined;
    await clock.advance(11_000);
    assertEquals((await current()).Status, "passing");
  }, {
    config: { consul: { address: "127.0.0.1:8500", token: "s3cret" } },
    check: {
      intervalMs: 10_000,
      run: () => {
        if (failure) throw failure;
      },
    },
  });
});

test("check.failuresBeforeCritical: fewer failures in a row change nothing", async () => {
  let runs = 0;
  const results = [true, false, false, true, false, false, false];
  await registering(async ({ clock, registration }) => {
    const seen: string[] = [];
    for (let i = 0; i < 6; i++) {
      seen.push(registration.status().health);
      await clock.advance(10_000);
    }
    seen.push(registration.status().health);
    assertEquals(runs, results.length);
    assertEquals(seen, [...new Array(6).fill("passing"), "critical"]);
  }, { check: { intervalMs: 10_000, failuresBeforeCritical: 3, run: () => results[runs++] } });
});

test("check.run: one that never ends fails, is never run twice at a time, and does not stop the heartbeats", async () => {
  let running = 0;
  await registering(async ({ agent, clock }) => {
    await clock.advance(60_000);
    assertEquals(running, 1);
    const { Status, Output } = (await agent.checks())["service:app-1"]!;
    assertEquals(Status, "critical");
    assert(/has not ended/.test(Output), Output);
    assert(agent.to(UPDATE).length >= 5);
  }, {
    check: {
      intervalMs: 10_000,
      run: () => {
        running++;
        return new Promise<void>(() => {});
      },
    },
  });
});

test("check.reportFailures false: a failure sends nothing and the TTL is the tolerance", async () => {
  let passes = true;
  await registering(async ({ agent, clock }) => {
    await clock.advance(10_000);
    passes = false;
    const before = agent.to(UPDATE).length;
    await clock.advance(15_000);
    assertEquals(agent.to(UPDATE).length, before);
    assertEquals((await agent.checks())["service:app-1"]!.Status, "passing");
    await clock.advance(20_000);
    assertEquals((await agent.checks())["service:app-1"]!.Status, "critical");
    passes = true;
    await clock.advance(11_000);
    assertEquals((await agent.checks())["service:app-1"]!.Status, "passing");
  }, { check: { intervalMs: 10_000, reportFailures: false, run: () => passes } });
});

test("awaitPassing: nothing is registered before the first passing check, which is tried each second", async () => {
  let passes = false;
  await registering(async ({ agent, clock, registration }) => {
    await clock.advance(5_000);
    assertEquals(agent.to(REGISTER).length, 0);
    assertEquals(registration.status().state, "pending");
    assert(/first passing check/.test(registration.status().reason!), registration.status().reason);
    passes = true;
    await clock.advance(1_000);
    assertEquals(await agent.ids(), ["app-1"]);
  }, { awaitPassing: true, check: { intervalMs: 10_000, run: () => passes } });
});

test("initialStatus: it is registered with it before its first check, and the check follows at once", async () => {
  await registering(async ({ agent }) => {
    const { Checks } = JSON.parse(agent.to(REGISTER)[0]!.body);
    assertEquals(Checks[0].Status, "warning");
    assertEquals(agent.to(REGISTER).length, 1);
    assertEquals((await agent.checks())["service:app-1"]!.Status, "passing");
  }, {
    initialStatus: "warning",
    awaitPassing: true,
    check: { intervalMs: 10_000, run: () => true },
  });
  await registering(async ({ agent, clock, registration }) => {
    await clock.advance(20_000);
    assertEquals((await agent.checks())["service:app-1"]!.Status, "critical");
    registration.pass();
    await clock.advance(0);
    assertEquals((await agent.checks())["service:app-1"]!.Status, "passing");
  }, { initialStatus: "critical" });
});

test("maintenance(): is enabled again after the agent has lost it, and ends with the process", async () => {
  await registering(async ({ agent, clock, registration }) => {
    const id = "_service_maintenance:app-1";
    await registration.maintenance(true, "disk");
    assert((await agent.checks())[id]!.Notes.startsWith("disk"));
    assertEquals(registration.status().maintenance, "disk");
    await agent.empty();
    await clock.advance(12_000);
    assert((await agent.checks())[id]!.Notes.startsWith("disk"));
    await registration.maintenance(false);
    assertEquals((await agent.checks())[id], undefined);
    await registration.maintenance(true);
    const closed = registration.close();
    await clock.advance(0);
    await closed;
    assertEquals(Object.keys(await agent.checks()), []);
  });
});

test("registering again: keeps an operator's maintenance, and ends one that Piloted left behind", async () => {
  const agent = new Agent();
  const id = "_service_maintenance:app-1";
  const left = async (reason: string) => {
    agent.consul.register({ name: "app", id: "app-1", port: 8080 });
    await agent.put(`/v1/agent/service/maintenance/app-1?enable=true&reason=${reason}`);
  };
  await left("operator");
  await registering(
    async () => {
      assertEquals((await agent.checks())[id]?.Notes, "operator");
    },
    {},
    agent,
  );
  agent.consul = new (await import("../../src/testing/embedded_consul.ts")).EmbeddedConsul(
    agent.options,
  );
  await left(encodeURIComponent("old (set by Piloted)"));
  await registering(
    async () => {
      assertEquals((await agent.checks())[id], undefined);
    },
    {},
    agent,
  );
});

test("close(): deregisters, and every method throws CLOSED afterwards", async () => {
  await registering(async ({ agent, clock, registration }) => {
    await registration.close();
    assertEquals(await agent.ids(), []);
    assertEquals(agent.to(DEREGISTER).length, 1);
    assertEquals(registration.status().state, "closed");
    const closed = assertThrows(() => registration.pass(), PilotedError);
    assertEquals(closed.code, "CLOSED");
    await assertRejects(() => registration.maintenance(true), PilotedError, "was closed");
    const count = agent.sent.length;
    await clock.advance(600_000);
    assertEquals(agent.sent.length, count);
  });
});

test("close(): deregisters, drains, calls onStop, all within the budget", async () => {
  const events: string[] = [];
  const agent = new Agent();
  await registering(async ({ clock, registration }) => {
    const startedAt = clock.now();
    const closed = registration.close();
    await clock.advance(0);
    assertEquals([await agent.ids(), events], [[], []]);
    await clock.advance(1_999);
    assertEquals(events, []);
    await clock.advance(1);
    assertEquals(events, ["onStop"]);
    await clock.advance(1_000);
    await closed;
    assertEquals(clock.now() - startedAt, 3_000);
    assertEquals(registration.status().state, "closed");
  }, {
    drainMs: 2_000,
    stopTimeoutMs: 3_000,
    onStop: () => {
      events.push("onStop");
      return new Promise<void>(() => {});
    },
  }, agent);
});

test("ready: rejects with CLOSED when it is closed before the catalog lists it", async () => {
  const agent = new Agent();
  agent.goAway();
  await registering(
    async ({ registration, clock }) => {
      const ready = assertRejects(() => registration.ready, PilotedError);
      const closed = registration.close();
      await clock.advance(10_000);
      await closed;
      assertEquals((await ready).code, "CLOSED");
    },
    {},
    agent,
  );
});
