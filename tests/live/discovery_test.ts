import { assert, assertEquals } from "@std/assert";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { type Change, createPiloted, type CreatePilotedOptions, type Piloted } from "../../mod.ts";
import { failureOf } from "../source/support.ts";
import { type Consul, skipWithoutConsul, startConsul } from "../support/consul.ts";
import {
  type AgentService,
  deregisterService,
  registerNode,
  registerService,
} from "../support/consul_services.ts";
import { currentRuntime, startScript } from "../support/process.ts";
import { withTemporaryFolder } from "../support/temporary_folder.ts";
import { test } from "../support/test.ts";
import { waitUntil } from "../support/wait_until.ts";

const skip = await skipWithoutConsul();
// Started once; they end with this process.
const [consul, secured, elsewhere] = (skip ? [] : await Promise.all([
  // Whatever a check prints is told at once, and not minutes later.
  startConsul({ config: { check_update_interval: "0s" } }),
  startConsul({ acl: true }),
  startConsul({ datacenter: "dc2" }),
])) as [Consul, Consul, Consul];
if (!skip) await joinDatacenters();

/** Lets each of the two datacenters know the way to the other. */
async function joinDatacenters(): Promise<void> {
  await elsewhere.put(`/v1/agent/join/127.0.0.1:${consul.ports.serf_wan}?wan=1`);
  await waitUntil(async () => (await consul.request("/v1/catalog/nodes?dc=dc2")).ok);
}

interface LiveOptions extends CreatePilotedOptions {
  tag?: string;
  dc?: string;
}

/** Watches one service of the first Consul and runs the test. */
async function live(
  service: string,
  run: (piloted: Piloted, changes: Change[]) => Promise<void>,
  options: LiveOptions = {},
): Promise<void> {
  const { tag, dc, ...rest } = options;
  const piloted = await createPiloted({
    config: { consul: consul.url, watches: [{ name: service, tag, datacenter: dc }] },
    signals: false,
    env: {},
    ...rest,
  });
  const changes: Change[] = [];
  piloted.on("change", (change) => changes.push(change));
  try {
    await run(piloted, changes);
  } finally {
    await piloted.close();
  }
}

/** An instance on port 8001 and so on, passing until its check says otherwise. */
function instance(service: string, number = 1, facts: Partial<AgentService> = {}): AgentService {
  return {
    Name: service,
    ID: `${service}-${number}`,
    Address: "10.0.0.1",
    Port: 8_000 + number,
    ...facts,
  };
}

function ports(piloted: Piloted, service: string): string {
  return piloted.serviceHosts(service).map(({ port }) => port).sort().join(" ");
}

async function until(piloted: Piloted, service: string, wanted: string): Promise<void> {
  await waitUntil(() => ports(piloted, service) === wanted, 30_000, 5);
}

test("a registration and a deregistration are seen", { skip }, async () => {
  await registerService(consul, instance("come-and-go"));
  await live("come-and-go", async (piloted, changes) => {
    assertEquals((await piloted.service("come-and-go")).host, "10.0.0.1:8001");
    await registerService(consul, instance("come-and-go", 2));
    await until(piloted, "come-and-go", "8001 8002");
    await deregisterService(consul, "come-and-go-1");
    await until(piloted, "come-and-go", "8002");
    assertEquals(changes.map(({ added, removed }) => [added.length, removed.length]), [[1, 0], [
      0,
      1,
    ]]);
  });
});

test("a service that is not there yet has no endpoints, and is found when it comes", {
  skip,
}, async () => {
  await live("latecomer", async (piloted) => {
    assertEquals((await failureOf(piloted.service("latecomer"))).code, "NO_ENDPOINTS");
    await registerService(consul, instance("latecomer"));
    await until(piloted, "latecomer", "8001");
    assertEquals((await piloted.service("latecomer")).port, 8001);
  });
});

test("a service that goes for good is empty within 10 s, and not at once", { skip }, async () => {
  await registerService(consul, instance("leaver"));
  await live("leaver", async (piloted) => {
    await deregisterService(consul, "leaver-1");
    await waitUntil(() => piloted.status("leaver").state === "unconfirmed");
    assertEquals(ports(piloted, "leaver"), "8001");
    await until(piloted, "leaver", "");
    assertEquals(piloted.status("leaver").state, "live");
  });
});

test("a critical instance is out until it passes again, a warning one stays in", {
  skip,
}, async () => {
  const report = (verb: string) => consul.put(`/v1/agent/check/${verb}/service:checked-2`);
  await registerService(consul, instance("checked"));
  await registerService(
    consul,
    instance("checked", 2, {
      Check: { TTL: "10m" },
      Weights: { Passing: 5, Warning: 2 },
    }),
  );
  await live("checked", async (piloted) => {
    await until(piloted, "checked", "8001");
    await report("pass");
    await until(piloted, "checked", "8001 8002");
    await report("warn");
    const second = () => piloted.serviceHosts("checked").find(({ port }) => port === 8002);
    await waitUntil(() => second()?.status === "warning");
    assertEquals(second()?.weight, 2);
    await report("fail");
    await until(piloted, "checked", "8001");
  });
});

test("health: passing leaves a warning instance out, any lets a critical one in", {
  skip,
}, async () => {
  for (const [number, verb] of [[1, "pass"], [2, "warn"], [3, "fail"]] as const) {
    await registerService(consul, instance("policy", number, { Check: { TTL: "10m" } }));
    await consul.put(`/v1/agent/check/${verb}/service:policy-${number}`);
  }
  for (const [health, wanted] of [["passing", "8001"], ["any", "8001 8002 8003"]] as const) {
    await live("policy", (piloted) => until(piloted, "policy", wanted), { health });
  }
});

test("maintenance of a service and of its node takes instances out, under every policy", {
  skip,
}, async () => {
  for (const number of [1, 2]) await registerService(consul, instance("repaired", number));
  await live("repaired", async (piloted) => {
    await until(piloted, "repaired", "8001 8002");
    await consul.put("/v1/agent/service/maintenance/repaired-2?enable=true");
    await until(piloted, "repaired", "8001");
    await consul.put("/v1/agent/maintenance?enable=true");
    await until(piloted, "repaired", "");
    assertEquals(piloted.status("repaired").watches[0]?.instanceCounts.maintenance, 2);
    await consul.put("/v1/agent/maintenance?enable=false");
    await until(piloted, "repaired", "8001");
    await consul.put("/v1/agent/service/maintenance/repaired-2?enable=false");
    await until(piloted, "repaired", "8001 8002");
  }, { health: "any" });
});

test("a tag is respected", { skip }, async () => {
  await registerService(consul, instance("tagged", 1, { Tags: ["blue"] }));
  await registerService(consul, instance("tagged", 2, { Tags: ["green", "blue & new"] }));
  await live("tagged", async (piloted) => {
    assertEquals(ports(piloted, "tagged"), "8002");
    await registerService(consul, instance("tagged", 3, { Tags: ["blue & new"] }));
    await until(piloted, "tagged", "8002 8003");
    await registerService(consul, instance("tagged", 2, { Tags: ["green"] }));
    await until(piloted, "tagged", "8003");
  }, { tag: "blue & new" });
});

test("a datacenter is respected", { skip }, async () => {
  await registerService(consul, instance("twofold", 1));
  await registerService(elsewhere, instance("twofold", 2));
  await live("twofold", async (piloted) => {
    assertEquals((await piloted.service("twofold")).datacenter, "dc2");
    assertEquals(ports(piloted, "twofold"), "8002");
    await registerService(elsewhere, instance("twofold", 3));
    await until(piloted, "twofold", "8002 8003");
  }, { dc: "dc2" });
  await live("twofold", (piloted) => {
    assertEquals(piloted.pick("twofold").datacenter, "dc1");
    assertEquals(ports(piloted, "twofold"), "8001");
    return Promise.resolve();
  });
});

test("failover takes the other datacenter while the own one has nothing", { skip }, async () => {
  await registerService(elsewhere, instance("standby", 2));
  await live("standby", async (piloted) => {
    assertEquals((await piloted.service("standby")).datacenter, "dc2");
    assertEquals(piloted.status("standby").failover, "dc2");
  }, { failover: ["dc2"] });
});

test("an unknown datacenter is an error that says so", { skip }, async () => {
  const error = await failureOf(live("app", () => Promise.resolve(), { dc: "nowhere" }));
  assertEquals([error.code, error.status], ["REGISTRY_RESPONSE", 500]);
  assert(error.message.includes("No path to datacenter"), error.message);
});

test("a token is needed and sent where access control is on", { skip }, async () => {
  await registerService(secured, instance("secret"));
  const open = (consul: Record<string, string>, env = {}) =>
    createPiloted({
      config: { consul, watches: [{ name: "secret" }] },
      signals: false,
      env,
    });
  const address = secured.url;
  for (
    const [facts, env] of [[{ token: secured.token! }, {}], [{}, {
      CONSUL_HTTP_TOKEN: secured.token!,
    }]]
  ) {
    await using piloted = await open({ address, ...facts }, env);
    assertEquals((await piloted.service("secret")).port, 8001);
    await registerService(secured, instance("secret", 2));
    await until(piloted, "secret", "8001 8002");
    await deregisterService(secured, "secret-2");
    await until(piloted, "secret", "8001");
  }
  // Without a token Consul shows an empty list.
  await using anonymous = await open({ address });
  assertEquals((await failureOf(anonymous.service("secret"))).code, "NO_ENDPOINTS");
  const wrong = "00000000-dead-4000-8000-000000000000";
  const error = await failureOf(open({ address, token: wrong }));
  assertEquals([error.code, error.status], ["REGISTRY_DENIED", 403]);
  assert(!`${error.message} ${error.stack} ${JSON.stringify(error)}`.includes(wrong));
});

test("a list stays when the token is revoked", { skip }, async () => {
  const { SecretID: token, AccessorID: accessor } = await (await secured.request("/v1/acl/token", {
    method: "PUT",
    body: JSON.stringify({ Policies: [{ Name: "global-management" }] }),
  })).json();
  await registerService(secured, instance("revoked"));
  await using piloted = await createPiloted({
    config: { consul: { address: secured.url, token }, watches: [{ name: "revoked" }] },
    signals: false,
    env: {},
  });
  assertEquals(ports(piloted, "revoked"), "8001");
  await secured.request(`/v1/acl/token/${accessor}`, { method: "DELETE" });
  await piloted.refresh();
  assertEquals(piloted.status("revoked").state, "denied");
  assertEquals((await piloted.service("revoked")).port, 8001);
});

test("the node's address is used where the service has none", { skip }, async () => {
  await registerService(consul, instance("homeless", 1, { Address: undefined }));
  await registerNode(consul, "external", "10.9.8.7");
  await consul.put("/v1/catalog/register", {
    Node: "external",
    Address: "10.9.8.7",
    Service: { Service: "homeless", ID: "homeless-2", Port: 8002 },
  });
  await live("homeless", async (piloted) => {
    await until(piloted, "homeless", "8001 8002");
    const hosts = piloted.serviceHosts("homeless").map(({ host }) => host).sort();
    assertEquals(hosts, ["10.9.8.7:8002", "127.0.0.1:8001"]);
  });
});

test("an index that moves without a change of content is no change", { skip }, async () => {
  await registerService(consul, instance("chatty", 1, { Check: { TTL: "10m" } }));
  const report = (note: string) =>
    consul.put(`/v1/agent/check/pass/service:chatty-1?note=${encodeURIComponent(note)}`);
  await report("first");
  await live("chatty", async (piloted, changes) => {
    await until(piloted, "chatty", "8001");
    const index = () => piloted.status("chatty").watches[0]!.position!;
    for (const note of ["second", "third"]) {
      const before = BigInt(index());
      const seen = changes.length;
      await report(note);
      await waitUntil(() => BigInt(index()) > before);
      assertEquals(changes.length, seen);
    }
  });
});

test("an instance without a port is left out and told of once", { skip }, async () => {
  await registerService(consul, instance("portless", 1));
  const errors: string[] = [];
  await live("portless", async (piloted) => {
    piloted.on("error", ({ code }) => errors.push(code));
    await registerService(consul, instance("portless", 2, { Port: undefined }));
    await waitUntil(() => errors.length > 0);
    await registerService(consul, instance("portless", 3));
    await until(piloted, "portless", "8001 8003");
    assertEquals(errors, ["ENDPOINT_INVALID"]);
  });
});

for (const name of ["a/../../agent/self", "..", "%00", "a b", "ü/x", "\0"]) {
  test(`the name ${JSON.stringify(name)} reaches nothing else of Consul`, { skip }, async () => {
    const error = await failureOf(
      live(name, async (piloted) => {
        assertEquals(piloted.serviceHosts(name), []);
        await piloted.service(name);
      }),
    );
    assert(/^(NO_ENDPOINTS|REGISTRY_RESPONSE|CONFIG_INVALID)$/.test(error.code), error.message);
  });
}

test("status() tells how fresh an answer is, also that of the agent's cache", {
  skip,
}, async () => {
  await registerService(consul, instance("fresh"));
  const freshness = async (consistency: "stale" | "cached") => {
    let last = {};
    await live("fresh", async (piloted) => {
      await piloted.refresh();
      last = piloted.status("fresh").watches[0]!.freshness;
    }, { consistency });
    return last;
  };
  assertEquals(await freshness("stale"), { lastContactMs: 0, knownLeader: true });
  const { cache, ageMs } = await freshness("cached") as { cache: string; ageMs: number };
  assertEquals([cache, typeof ageMs], ["hit", "number"]);
});

test("watch() gives one change after the other", { skip }, async () => {
  await registerService(consul, instance("told"));
  await live("told", async (piloted) => {
    const changes = piloted.watch("told");
    for (const number of [2, 3]) {
      await registerService(consul, instance("told", number));
      const { value } = await changes.next();
      assertEquals((value as Change).added.map(({ port }) => port), [8_000 + number]);
    }
    await piloted.close();
    assertEquals((await changes.next()).done, true);
  });
});

test(
  `SIGHUP refreshes a process on ${currentRuntime}, twice in a row`,
  { skip },
  () =>
    withTemporaryFolder(async (folder) => {
      const file = join(folder, "containerpilot.json5");
      await writeFile(
        file,
        `{ consul: "127.0.0.1:${consul.ports.http}", watches: [{ name: "app", interval: 3600 }] }`,
      );
      await registerService(consul, instance("app", 1));
      const child = await startScript(currentRuntime, "tests/support/discovery_child.ts", [file]);
      try {
        await child.waitFor(/^ready: 8001$/m);
        await registerService(consul, instance("app", 2));
        // Not by the child object: Deno's closes the pipes, whatever the signal.
        process.kill(child.pid, "SIGHUP");
        await child.waitFor(/^refresh 1: 8001 8002$/m);
        await deregisterService(consul, "app-1");
        process.kill(child.pid, "SIGHUP");
        await child.waitFor(/^refresh 2: 8002$/m);
        process.kill(child.pid, "SIGTERM");
        assertEquals(await child.exited, { code: 0, signal: null });
        assert(child.stdout().endsWith("closed\n"), child.stdout() + child.stderr());
      } finally {
        await child.stop();
      }
    }),
);
