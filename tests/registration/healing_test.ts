import { assert, assertEquals } from "@std/assert";
import { Secret } from "../../src/secret.ts";
import { test } from "../support/test.ts";
import { Agent, REGISTER, registering, UPDATE } from "./support.ts";

// One heartbeat, 10 % later, and a second.
const HEALED_MS = 12_000;

const UNKNOWN: readonly (readonly [string, number, string])[] = [
  ["to 1.10 without ACLs", 500, 'CheckID "service:app-1" does not have associated TTL'],
  ["0.6", 500, "CheckID does not have associated TTL"],
  ["to 1.10 with ACLs", 500, 'Unknown check "service:app-1"'],
  [
    "from 1.11",
    404,
    'Unknown check ID "service:app-1". Ensure that the check ID is passed, not the check name.',
  ],
];

for (const [version, status, text] of UNKNOWN) {
  test(`heartbeat: registers again when an agent ${version} does not know the check`, async () => {
    await registering(async ({ agent, clock, registration, errors }) => {
      let refusals = 0;
      agent.before = (request) => {
        if (!new URL(request.url).pathname.startsWith(UPDATE) || refusals++ > 0) {
          return Promise.resolve(undefined);
        }
        return Promise.resolve(new Response(text, { status }));
      };
      await clock.advance(HEALED_MS);
      assertEquals(refusals >= 1, true);
      assertEquals(agent.to(REGISTER).length, 2);
      assertEquals(registration.status().reregistrationCount, 1);
      assertEquals(registration.status().state, "registered");
      assertEquals(errors, []);
    });
  });
}

test("heartbeat: an agent that came back empty has the service again within one heartbeat and a second", async () => {
  await registering(async ({ agent, clock, registration }) => {
    await clock.advance(25_000);
    await agent.empty();
    await clock.advance(HEALED_MS);
    assertEquals(await agent.ids(), ["app-1"]);
    assertEquals((await agent.checks())["service:app-1"]!.Status, "passing");
    assertEquals(registration.status().state, "registered");
    assert(!agent.sent.some(({ path }) => path.includes("deregister")));
  });
});

test("heartbeat: a service that was reaped as critical is registered again", async () => {
  await registering(async ({ agent, clock }) => {
    await agent.put("/v1/agent/service/deregister/app-1");
    assertEquals(await agent.ids(), []);
    await clock.advance(HEALED_MS);
    assertEquals(await agent.ids(), ["app-1"]);
  });
});

test("registering: a first registration that failed is tried until it succeeds", async () => {
  const agent = new Agent();
  agent.goAway();
  await registering(
    async ({ clock, registration, statuses, errors }) => {
      await clock.advance(300_000);
      const { state, reason, failureCount } = registration.status();
      assertEquals(state, "pending");
      assert(/the connection was refused/.test(reason!), reason);
      assert(failureCount > 25, `${failureCount}`);
      assertEquals(errors.length, 1, "one report for one kind of failure in a row");
      agent.comeBack();
      await clock.advance(HEALED_MS);
      assertEquals(await agent.ids(), ["app-1"]);
      assertEquals(statuses.at(-1)!.state, "registered");
    },
    {},
    agent,
  );
});

test("registering: an agent that is away for minutes has the service again within one heartbeat and a second", async () => {
  for (const minutes of [1, 7, 60]) {
    await registering(async ({ agent, clock, registration, statuses }) => {
      agent.goAway();
      await clock.advance(minutes * 60_000);
      assertEquals(registration.status().state, "lost");
      await agent.empty();
      agent.comeBack();
      await clock.advance(HEALED_MS);
      assertEquals(await agent.ids(), ["app-1"]);
      const states = statuses.map(({ state }) => state);
      assertEquals(states, ["registered", "lost", "registered"]);
    });
  }
});

test("registering: retries within the TTL after a failed heartbeat, and registers over what is there", async () => {
  await registering(async ({ agent, clock, registration }) => {
    await clock.advance(5_000);
    agent.goAway();
    await clock.advance(10_500);
    agent.comeBack();
    await clock.advance(2_500);
    assertEquals((await agent.checks())["service:app-1"]!.Status, "passing");
    assertEquals(registration.status().reregistrationCount, 1);
    assertEquals(agent.to("/v1/agent/service/deregister").length, 0);
  });
});

test("registering: an agent that hangs is asked again after a deadline below the TTL", async () => {
  await registering(async ({ agent, clock, registration }) => {
    const hanging: (() => void)[] = [];
    agent.before = (request) =>
      new Promise((_, reject) => {
        hanging.push(() => {});
        request.signal.addEventListener("abort", () => reject(request.signal.reason));
      });
    await clock.advance(60_000);
    assert(hanging.length >= 4, `${hanging.length} attempts`);
    assertEquals(registration.status().error!.code, "TIMEOUT");
    agent.comeBack();
    await clock.advance(HEALED_MS);
    const { state, missedTtl } = registration.status();
    assertEquals(state, "registered");
    assertEquals(missedTtl!.late, "agent");
  });
});

test("registering: a token that was rotated registers again, and one that is refused is named", async () => {
  const agent = new Agent({ acl: { tokens: { second: "management" } } });
  let token = "first";
  const { connectRegistrar } = await import("../../src/registration/connect_registrar.ts");
  const statuses: string[] = [];
  const registrar = connectRegistrar({
    consul: () => ({ url: "http://127.0.0.1:8500", token: new Secret(token) }),
    fetch: agent.fetch,
    clock: agent.clock,
    random: () => 0.5,
    background: false,
    env: {},
    changed: ({ state }) => statuses.push(state),
    failed: () => {},
  });
  const registration = registrar.register(
    { name: "app", id: "app-1", port: 1, drainMs: 0, check: { intervalMs: 10_000 } },
    "test",
  );
  await agent.clock.advance(0);
  const { state, error } = registration.status();
  assertEquals([state, error!.code, error!.status], ["denied", "REGISTRY_DENIED", 403]);
  assert(/service:write/.test(error!.message), error!.message);
  token = "second";
  await agent.clock.advance(HEALED_MS);
  assertEquals(registration.status().state, "registered");
  assertEquals(agent.to(REGISTER).filter((sent) => sent.token === "second").length, 1);
  // A token that the agent takes as well: its own syncs need the new one.
  await agent.consul.close();
  agent.consul = new (await import("../../src/testing/embedded_consul.ts")).EmbeddedConsul({
    ...agent.options,
    acl: { tokens: { third: "management" } },
  });
  token = "third";
  await agent.clock.advance(HEALED_MS);
  assertEquals(agent.to(REGISTER).filter((sent) => sent.token === "third").length, 1);
  assertEquals(statuses, ["denied", "registered"]);
  const closed = registrar.close();
  await agent.clock.advance(2_000);
  await closed;
  await agent.consul.close();
  assertEquals(agent.clock.pending, 0);
});

test("registering: an answer that is no refusal of Consul's is no reason to register again", async () => {
  for (const status of [404, 500, 503, 429]) {
    await registering(async ({ agent, clock, registration }) => {
      agent.before = () => Promise.resolve(new Response("page not found", { status }));
      await clock.advance(60_000);
      assertEquals(agent.to(REGISTER).length, 1, `${status}`);
      assertEquals(registration.status().state, "lost");
      agent.comeBack();
      await clock.advance(HEALED_MS);
      assertEquals(registration.status().state, "registered");
    });
  }
});

/** Two agents behind one address, each with its own services. */
class Balanced extends Agent {
  readonly others = [new Agent({ node: "a" }), new Agent({ node: "b" })];
  turn = 0;
  knowsNames = true;
  /** Which agent gets the next request. */
  choose: () => number = () => this.turn++ % 2;

  constructor() {
    super();
    this.before = (request) => {
      if (request.url.includes("/agent/self") && !this.knowsNames) {
        return Promise.resolve(new Response("Permission denied", { status: 403 }));
      }
      return this.others[this.choose()]!.consul.fetch(request);
    };
  }
}

test("registering: a load balancer before several agents is named, and not registered at for ever", async () => {
  const agent = new Balanced();
  await registering(
    async ({ clock, registration, errors }) => {
      await clock.advance(60_000);
      const { state, reason } = registration.status();
      assertEquals(state, "misrouted");
      assert(/behind a load balancer/.test(reason!) && /\(a, b\)/.test(reason!), reason);
      assert(errors.some(({ message }) => /load balancer/.test(message)));
      const before = agent.to(REGISTER).length;
      await clock.advance(600_000);
      const count = agent.to(REGISTER).length - before;
      assert(count <= 60, `${count} registrations in ten minutes`);
    },
    {},
    agent,
  );
  for (const other of agent.others) assertEquals(await other.ids(), [], "removed from both");
  for (const other of agent.others) await other.consul.close();
});

test("registering: behind a load balancer it does not heal for ever where names are not readable", async () => {
  const agent = new Balanced();
  agent.knowsNames = false;
  // Heartbeats always reach the agent that the registration did not.
  agent.choose = () => agent.sent.at(-1)!.path.includes("/check/") ? 0 : 1;
  await registering(
    async ({ clock, registration }) => {
      await clock.advance(120_000);
      const { state, reason } = registration.status();
      assertEquals(state, "misrouted");
      assert(/behind a load balancer/.test(reason!), reason);
    },
    {},
    agent,
  );
  for (const other of agent.others) await other.consul.close();
});

test("registering: a load balancer that changes the agent every few heartbeats is named by its nodes", async () => {
  const agent = new Balanced();
  agent.choose = () => Math.floor(agent.clock.now() / 40_000) % 2;
  await registering(
    async ({ clock, registration }) => {
      await clock.advance(200_000);
      assertEquals(registration.status().state, "misrouted");
    },
    {},
    agent,
  );
  for (const other of agent.others) await other.consul.close();
});

test("registering: an agent that was replaced once by another is no load balancer", async () => {
  const agent = new Balanced();
  agent.choose = () => 0;
  await registering(
    async ({ clock, registration, errors }) => {
      await clock.advance(60_000);
      agent.choose = () => 1;
      await clock.advance(600_000);
      assertEquals([registration.status().state, errors], ["registered", []]);
      assertEquals(agent.to(REGISTER).length, 2);
    },
    {},
    agent,
  );
  for (const other of agent.others) await other.consul.close();
});
