/** How registrations reach Consul: tokens, logins, several agents, namespaces. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ConsulConfig } from "../../src/config/config.ts";
import type { PilotedError } from "../../src/errors.ts";
import type { Fetch } from "../../src/platform_fetch.ts";
import { connectRegistrar } from "../../src/registration/connect_registrar.ts";
import type { RegisterOptions } from "../../src/registration/options.ts";
import type { Registrar } from "../../src/registration/registrar.ts";
import type { Registration } from "../../src/registration/registration.ts";
import { Secret } from "../../src/secret.ts";
import type { ManualClock } from "../../src/testing/manual_clock.ts";
import { withTemporaryFolder } from "../support/temporary_folder.ts";
import { test } from "../support/test.ts";
import { waitUntil } from "../support/wait_until.ts";
import { Agent, DEREGISTER, refusal, REGISTER, UPDATE } from "./support.ts";

const URL_A = "http://127.0.0.1:8500";
const HEALED_MS = 12_000;

interface It {
  readonly registrar: Registrar;
  readonly registration: Registration;
  readonly errors: PilotedError[];
}

/** Registers `app` where a configuration says, runs the test, and closes. */
async function registered(
  clock: ManualClock,
  fetch: Fetch,
  consul: () => ConsulConfig,
  run: (it: It) => Promise<void>,
  options: Partial<RegisterOptions> = {},
): Promise<void> {
  const errors: PilotedError[] = [];
  const registrar = connectRegistrar({
    consul,
    fetch,
    clock,
    random: () => 0.5,
    background: false,
    env: {},
    changed: () => {},
    failed: (error) => errors.push(error),
  });
  const registration = registrar.register({
    name: "app",
    id: "app-1",
    port: 1,
    drainMs: 0,
    check: { ttlMs: 30_000, intervalMs: 10_000 },
    ...options,
  }, "test");
  await run({ registrar, registration, errors });
  const closed = registrar.close();
  await settle(clock, 2_000);
  await closed;
  assertEquals(clock.pending, 0);
}

/** Advances the clock until something holds. Files and tokens are read in real time meanwhile. */
function advanceUntil(clock: ManualClock, condition: () => boolean): Promise<void> {
  return waitUntil(
    async () => {
      await clock.advance(500);
      return condition();
    },
    30_000,
    1,
  );
}

/** Files are read in real time, which a manual clock does not wait for. */
async function settle(clock: ManualClock, ms: number): Promise<void> {
  for (let i = 0; i < 5; i++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    await clock.advance(i === 4 ? 0 : ms / 4);
  }
}

const BOTH = { acl: { tokens: { first: "management", second: "management" } } } as const;

test("access: a token that changes while the old one is valid registers again with the new one", async () => {
  await withTemporaryFolder(async (folder) => {
    const tokenFile = join(folder, "token");
    let token = "first";
    await writeFile(tokenFile, token);
    const ways: Record<string, () => ConsulConfig> = {
      "token of a file that is read again": () => ({ url: URL_A, token: new Secret(token) }),
      tokenFile: () => ({ url: URL_A, tokenFile }),
      tokenProvider: () => ({ url: URL_A, tokenProvider: provide }),
    };
    const provide = () => Promise.resolve(token);
    for (const [name, consul] of Object.entries(ways)) {
      token = "first";
      await writeFile(tokenFile, token);
      const agent = new Agent(BOTH);
      await registered(agent.clock, agent.fetch, consul, async ({ registration }) => {
        await advanceUntil(agent.clock, () => registration.status().state === "registered");
        await settle(agent.clock, HEALED_MS);
        const tokens = () => agent.to(REGISTER).map(({ token }) => token);
        assertEquals(tokens(), ["first"], name);
        token = "second";
        await writeFile(tokenFile, token);
        await advanceUntil(agent.clock, () => tokens().length > 1);
        assertEquals(tokens(), ["first", "second"], name);
        await settle(agent.clock, 0);
        assertEquals(agent.to(UPDATE).at(-1)!.token, "second");
        // Outputs never show it.
        registration.fail("refused for second");
        await settle(agent.clock, 0);
        assertEquals(registration.status().output, "refused for ***");
      });
      assertEquals(agent.to(DEREGISTER).map(({ token }) => token), ["second"]);
      await agent.consul.close();
    }
  });
});

test("access: a refused token is replaced by the next one within the same heartbeat", async () => {
  const agent = new Agent({ acl: { tokens: { second: "management" } } });
  let isNew = false;
  const refused = () => isNew;
  const consul: ConsulConfig = {
    url: URL_A,
    tokenProvider: () => {
      const token = refused() ? "second" : "first";
      isNew = true;
      return token;
    },
  };
  await registered(agent.clock, agent.fetch, () => consul, async ({ registration, errors }) => {
    await settle(agent.clock, 0);
    assertEquals(registration.status().state, "registered");
    assertEquals(errors, []);
  });
  await agent.consul.close();
});

test("access: logs in, registers again when the login is renewed, and logs out after deregistering", async () => {
  await withTemporaryFolder(async (folder) => {
    const bearerTokenFile = join(folder, "bearer");
    await writeFile(bearerTokenFile, "let me in");
    const agent = new Agent({
      acl: {
        authMethods: {
          k8s: (bearer) => bearer === "let me in" ? { service: { app: "write" } } : undefined,
        },
        loginTtlMs: 120_000,
      },
    });
    const consul = { url: URL_A, login: { method: "k8s", bearerTokenFile } };
    await registered(agent.clock, agent.fetch, () => consul, async ({ registration }) => {
      await advanceUntil(agent.clock, () => agent.to(REGISTER).length > 1);
      await settle(agent.clock, HEALED_MS);
      const tokens = agent.to(REGISTER).map(({ token }) => token);
      assertEquals(tokens.length, 2);
      assert(tokens[0] !== tokens[1]);
      assertEquals(registration.status().state, "registered");
    });
    const paths = agent.sent.map(({ path }) => path);
    assertEquals(paths.at(-1), "/v1/acl/logout");
    assert(paths.lastIndexOf("/v1/acl/logout") > paths.findIndex((p) => p.startsWith(DEREGISTER)));
    assertEquals(agent.to(DEREGISTER).length, 1);
    await agent.consul.close();
  });
});

test("access: a function for tokens that hangs or throws is named, and the heartbeats go on", async () => {
  for (const kind of ["hangs", "throws"]) {
    const agent = new Agent();
    let isBroken = true;
    const tokenProvider = () => {
      if (!isBroken) return "good";
      if (kind === "throws") throw new Error("vault is sealed");
      return new Promise<string>(() => {});
    };
    await registered(
      agent.clock,
      agent.fetch,
      () => ({ url: URL_A, tokenProvider }),
      async (it) => {
        await settle(agent.clock, HEALED_MS);
        const { state, reason } = it.registration.status();
        assertEquals(state, kind === "throws" ? "denied" : "pending");
        assertMatch(reason!, kind === "throws" ? /vault is sealed/ : /get the token .* 10000 ms/);
        isBroken = false;
        await settle(agent.clock, 2 * HEALED_MS);
        assertEquals(it.registration.status().state, "registered");
      },
    );
    await agent.consul.close();
  }
});

test("access: basic authentication is sent with every request", async () => {
  const agent = new Agent();
  const seen = new Set<string | null>();
  const fetch: Fetch = (input, init) => {
    seen.add(new Request(input, init).headers.get("authorization"));
    return agent.fetch(input, init);
  };
  const consul = { url: URL_A, httpAuth: new Secret("user:open sesame") };
  await registered(agent.clock, fetch, () => consul, async ({ registration }) => {
    await settle(agent.clock, 0);
    assertEquals(registration.status().state, "registered");
    registration.warn("open sesame");
    await settle(agent.clock, 0);
    assertEquals(registration.status().output, "***");
  });
  assertEquals([...seen], [`Basic ${btoa("user:open sesame")}`]);
  await agent.consul.close();
});

const ADDRESSES = ["http://10.0.0.1:8500", "http://10.0.0.2:8500"];
const TWO: ConsulConfig = { url: ADDRESSES[0]!, addresses: ADDRESSES };

/** Two agents on one clock. */
class Two {
  readonly first = new Agent({ node: "n1" });
  readonly second: Agent;
  readonly clock: ManualClock;
  constructor() {
    this.clock = this.first.clock;
    this.second = new Agent({ node: "n2", clock: this.clock });
  }
  readonly fetch: Fetch = (input, init) => {
    const agent = String(input).startsWith(ADDRESSES[0]!) ? this.first : this.second;
    return agent.fetch(input, init);
  };
  async ids(): Promise<string[][]> {
    return [await this.first.ids(), await this.second.ids()];
  }
  async close(): Promise<void> {
    await this.first.consul.close();
    await this.second.consul.close();
  }
}

test("access: of several agents one is used, the next one when it is gone, and it is removed where it was left", async () => {
  const two = new Two();
  // `random` is 0.5: the second of two is the first to be used.
  await registered(two.clock, two.fetch, () => TWO, async ({ registration }) => {
    await settle(two.clock, 0);
    assertEquals(await two.ids(), [[], ["app-1"]]);
    two.second.before = () => Promise.reject(refusal());
    await settle(two.clock, HEALED_MS);
    assertEquals(registration.status().state, "registered");
    assertEquals(await two.ids(), [["app-1"], ["app-1"]], "the second one is away");
    two.second.before = undefined;
    await settle(two.clock, HEALED_MS);
    assertEquals(await two.ids(), [["app-1"], []]);
    // Back and forth is no load balancer.
    two.first.before = () => Promise.reject(refusal());
    await settle(two.clock, HEALED_MS);
    assertEquals(registration.status().state, "registered");
    two.first.before = undefined;
    await settle(two.clock, HEALED_MS);
    assertEquals(await two.ids(), [[], ["app-1"]]);
  });
  assertEquals(await two.ids(), [[], []]);
  await two.close();
});

test("access: close() removes it from every agent that may have it", async () => {
  const two = new Two();
  await registered(two.clock, two.fetch, () => TWO, async () => {
    await settle(two.clock, 0);
    two.second.before = () => Promise.reject(refusal());
    await settle(two.clock, HEALED_MS);
    two.second.before = undefined;
    assertEquals(await two.ids(), [["app-1"], ["app-1"]]);
  });
  assertEquals(await two.ids(), [[], []]);
  await two.close();
});

test("access: two addresses of one agent do not remove what is registered there", async () => {
  const agent = new Agent();
  const fetch: Fetch = (input, init) => {
    if (isGone && String(input).startsWith(ADDRESSES[1]!)) return Promise.reject(refusal());
    return agent.fetch(input, init);
  };
  let isGone = false;
  await registered(agent.clock, fetch, () => TWO, async ({ registration }) => {
    await settle(agent.clock, 0);
    isGone = true;
    await settle(agent.clock, 2 * HEALED_MS);
    isGone = false;
    await settle(agent.clock, 2 * HEALED_MS);
    assertEquals(registration.status().state, "registered");
    assertEquals(agent.to(DEREGISTER), []);
  });
  assertEquals(await agent.ids(), []);
  await agent.consul.close();
});

test("access: another address in a configuration that is read again is registered at", async () => {
  const two = new Two();
  let url = ADDRESSES[0]!;
  await registered(two.clock, two.fetch, () => ({ url }), async () => {
    await settle(two.clock, 0);
    assertEquals(await two.ids(), [["app-1"], []]);
    url = ADDRESSES[1]!;
    await settle(two.clock, 2 * HEALED_MS);
    assertEquals(await two.ids(), [[], ["app-1"]]);
  });
  assertEquals(await two.ids(), [[], []]);
  await two.close();
});

test("access: namespace and partition of the configuration hold where the service names none", async () => {
  const cases: readonly (readonly [Partial<RegisterOptions>, string])[] = [
    [{}, "?ns=team&partition=west"],
    [{ namespace: "own" }, "?ns=own&partition=west"],
  ];
  for (const [options, query] of cases) {
    const agent = new Agent({ enterprise: true });
    const consul = { url: URL_A, namespace: "team", partition: "west" };
    const run = async ({ registration }: It) => {
      await settle(agent.clock, 0);
      assertEquals(registration.status().state, "registered");
    };
    await registered(agent.clock, agent.fetch, () => consul, run, options);
    assertEquals(agent.to(UPDATE)[0]!.query, query);
    assertEquals(agent.to(DEREGISTER)[0]!.query, query);
    const { Namespace, Partition } = JSON.parse(agent.to(REGISTER)[0]!.body);
    assertEquals([Namespace, Partition], [options.namespace ?? "team", "west"]);
    await agent.consul.close();
  }
});
