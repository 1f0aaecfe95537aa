/** A registration's whole life on every version of Consul, with and without ACLs. */
import { assertEquals, assertMatch } from "@std/assert";
import { CONSUL_VERSIONS } from "../../src/testing/mod.ts";
import { test } from "../support/test.ts";
import { Agent, DEREGISTER, REGISTER, registering, UPDATE } from "./support.ts";

const HEALED_MS = 12_000;

for (const version of CONSUL_VERSIONS) {
  for (const acl of [undefined, { tokens: { secret: { service: { app: "write" } } } }] as const) {
    test(`Consul ${version} ${acl ? "with" : "without"} ACLs: registers, reports, heals, deregisters`, async () => {
      const agent = new Agent({ version, acl });
      const token = acl === undefined ? "" : "secret";
      const config = { consul: { address: "127.0.0.1:8500", token } };
      const read = async (path: string) => {
        const headers = { "X-Consul-Token": token };
        return await (await agent.consul.fetch(`http://consul${path}`, { headers })).json();
      };
      const statusOf = async () =>
        (await read("/v1/agent/checks"))["service:app-1"]?.Status as string | undefined;
      await registering(
        async ({ clock, registration, errors }) => {
          const ready = registration.ready;
          await clock.advance(1_000);
          await ready;
          assertEquals(await statusOf(), "passing");
          registration.fail("full disk");
          await clock.advance(0);
          assertEquals(await statusOf(), "critical");
          registration.pass();
          await clock.advance(HEALED_MS);

          const answers: number[] = [];
          await agent.empty();
          agent.before = async (request) => {
            if (!new URL(request.url).pathname.startsWith(UPDATE)) return undefined;
            const response = await agent.consul.fetch(request.clone() as Request);
            answers.push(response.status);
            return response;
          };
          await clock.advance(HEALED_MS);
          assertEquals(answers[0], version === "1.8" ? 500 : 404);
          assertEquals(await statusOf(), "passing");
          assertEquals(registration.status().reregistrationCount, 1);
          agent.comeBack();

          await registration.maintenance(true, "disk");
          const maintained = await read("/v1/agent/checks");
          assertMatch(maintained["_service_maintenance:app-1"].Notes, /^disk/);
          await registration.maintenance(false);
          assertEquals(Object.keys(await read("/v1/agent/checks")), ["service:app-1"]);
          assertEquals(errors, []);
        },
        { config },
        agent,
      );
      assertEquals(agent.to(DEREGISTER).length, 1);
      const placed = agent.sent.filter(({ query, body }) =>
        /[?&](ns|partition)=/.test(query) || /Namespace|Partition/.test(body)
      );
      assertEquals(placed, [], "Community answers 400 to them");
    });
  }

  test(`Consul ${version} Enterprise: namespace and partition reach every request that takes them`, async () => {
    for (const partition of [undefined, "west"]) {
      const agent = new Agent({ version, enterprise: true });
      await registering(
        async ({ clock, registration }) => {
          const ready = registration.ready;
          await clock.advance(1_000);
          // The embedded agent itself is in the default partition, so no other lists it.
          if (partition === undefined) await ready;
          await registration.maintenance(true, "x");
          assertEquals(registration.status().state, "registered");
        },
        { namespace: "team", partition },
        agent,
      );
      for (const { path, query } of agent.sent.filter(({ path }) => path !== "/v1/agent/self")) {
        assertEquals(/[?&]ns=team\b/.test(query), true, path);
        assertEquals(/[?&]partition=west\b/.test(query), partition !== undefined, path);
      }
      assertEquals(agent.to(REGISTER).length, 1);
    }
  });

  test(`Consul ${version} Community: a namespace is refused, and the message says so`, async () => {
    const agent = new Agent({ version });
    await registering(
      ({ registration, errors }) => {
        const { state, reason } = registration.status();
        assertEquals(state, "pending");
        assertMatch(reason!, /received 400 .*namespace/i);
        assertEquals(errors.map(({ code }) => code), ["REGISTRY_RESPONSE"]);
        return Promise.resolve();
      },
      { namespace: "team" },
      agent,
    );
  });
}
