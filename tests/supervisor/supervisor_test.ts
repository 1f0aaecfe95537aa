import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { lstat, readFile, rename, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { PilotedError } from "../../src/errors.ts";
import { EmbeddedConsul, faults } from "../../src/testing/mod.ts";
import { skipWithoutConsul, startConsul } from "../support/consul.ts";
import { freePorts } from "../support/consul_ports.ts";
import { withTemporaryFolder } from "../support/temporary_folder.ts";
import { test } from "../support/test.ts";
import { waitUntil } from "../support/wait_until.ts";
import { LOOP, type RunningSupervisor, runSupervisor, sh } from "./run_supervisor.ts";

const skip = await skipWithoutConsul();
const ID = `app-${hostname()}`.replace(/[^A-Za-z0-9._:-]/g, "-");

const HEALTH = { exec: sh('test -e "$FOLDER/ok"'), interval: 1, ttl: 3 };
const APP = { name: "app", exec: sh(LOOP), port: 8080, interfaces: "static:10.0.0.7" };

const has = async ({ agent }: RunningSupervisor, id = ID) => id in await agent("services");
const pass = ({ folder }: RunningSupervisor) => writeFile(join(folder, "ok"), "");

/** A service is registered as ContainerPilot does, whatever the agent is. */
async function registers(running: RunningSupervisor): Promise<void> {
  await running.logs(/check\.app process \d+ ended with exit code 1/);
  assertEquals(await running.agent("services"), {});
  await pass(running);
  await waitUntil(() => has(running));
  const service = (await running.agent("services"))[ID]!;
  assertEquals([service.Service, service.Port, service.Address, service.Tags], [
    "app",
    8080,
    "10.0.0.7",
    ["a"],
  ]);
  await waitUntil(async () =>
    (await running.agent("checks"))[`service:${ID}`]?.Status === "passing"
  );
  const check = (await running.agent("checks"))[`service:${ID}`]!;
  assertEquals(check.Notes, "TTL for app set by containerpilot");
  running.supervisor.signal("SIGTERM");
  assertEquals((await running.ended).signal, "SIGTERM");
  assertEquals(await running.agent("services"), {});
}

const REGISTERED = { jobs: [{ ...APP, health: HEALTH, tags: ["a"] }] };

test("Supervisor registers a job after its first passing check, and takes it out at the end", () =>
  runSupervisor(REGISTERED, registers));

test("Supervisor registers a job at a real Consul", { skip }, async () => {
  await using consul = await startConsul();
  await runSupervisor(REGISTERED, registers, { consul: consul.url });
});

test("Supervisor registers a job with an initial_status at once, before it has started", () =>
  runSupervisor({
    jobs: [{
      ...APP,
      health: HEALTH,
      initial_status: "warning",
      when: { source: "nobody", once: "healthy" },
    }],
  }, async (running) => {
    await waitUntil(() => has(running));
    assertEquals((await running.agent("checks"))[`service:${ID}`]!.Status, "warning");
  }));

test("Supervisor sends nothing after a failing check, so that the TTL is the tolerance", () =>
  runSupervisor(REGISTERED, async (running) => {
    await pass(running);
    await waitUntil(() => has(running));
    await rename(join(running.folder, "ok"), join(running.folder, "no"));
    await running.logs(/ended with exit code 1[^]*ended with exit code 1/);
    await waitUntil(async () =>
      (await running.agent("checks"))[`service:${ID}`]!.Status === "critical"
    );
    assertStringIncludes(
      String((await running.agent("checks"))[`service:${ID}`]!.Output),
      "TTL expired",
    );
    await pass(running);
    await waitUntil(async () =>
      (await running.agent("checks"))[`service:${ID}`]!.Status === "passing"
    );
  }));

test("Supervisor refuses to start when no interface has the address", () =>
  runSupervisor(
    { jobs: [{ ...APP, health: HEALTH, interfaces: "nosuch0" }] },
    async ({ ended }) => {
      await assertRejects(() => ended, PilotedError, "nosuch0");
    },
  ));

test("Supervisor drains between the removal and SIGTERM, and a second signal skips the rest", () =>
  runSupervisor(
    {
      stopTimeout: 60,
      jobs: [{
        ...APP,
        exec: sh(`trap "echo asked to end; exit 0" TERM; echo ready; ${LOOP}`),
        health: { interval: 1, ttl: 3 },
      }],
    },
    async (running) => {
      await running.logs(/ready/);
      await running.logs(/is registered/);
      running.supervisor.signal("SIGTERM");
      await waitUntil(async () => !await has(running));
      assert(!running.log().includes("asked to end"));
      running.supervisor.signal("SIGTERM");
      assertEquals((await running.ended).code, 0);
      assertStringIncludes(running.log(), "asked to end");
    },
    { drainMs: 60_000 },
  ));

test("Supervisor kills at the third signal what ignores the first", () =>
  runSupervisor({
    stopTimeout: 60,
    jobs: [
      { name: "app", exec: sh(`trap "" TERM; echo ready; ${LOOP}`) },
      { name: "hook", exec: sh(LOOP), when: { source: "app", once: "stopped" } },
    ],
  }, async ({ logs, supervisor, ended }) => {
    await logs(/ready/);
    for (let i = 0; i < 3; i++) supervisor.signal("SIGTERM");
    assertEquals((await ended).signal, "SIGKILL");
  }));

test("Supervisor ends within its time when the agent is dead", () =>
  runSupervisor(
    { jobs: [{ ...APP, health: { interval: 1, ttl: 3 } }] },
    async ({ supervisor, ended, logs }) => {
      await logs(/Cannot register/);
      supervisor.signal("SIGTERM");
      assertEquals((await ended).signal, "SIGTERM");
    },
    { consul: "http://127.0.0.1:9" },
  ));

test("Supervisor gives every process CONTAINERPILOT_PID, the addresses and the endpoints", () =>
  runSupervisor({
    watches: [{ name: "web", interval: 1 }],
    jobs: [
      { ...APP, name: "my-app", exec: "env", health: { interval: 1, ttl: 3 } },
    ],
  }, async ({ logs }) => {
    await logs(/CONTAINERPILOT_PID=\d+/);
    await logs(/CONTAINERPILOT_MY_APP_IP=10\.0\.0\.7/);
    await logs(/PILOTED_WEB_HOSTS=/);
  }, { firstListsMs: 60_000 }));

test("Supervisor takes services out in maintenance, tells jobs, and brings services back", () =>
  runSupervisor({
    jobs: [
      { ...APP, health: HEALTH },
      { name: "enter", exec: "echo it enters", when: { each: "enterMaintenance" } },
      { name: "exit", exec: "echo it leaves", when: { each: "exitMaintenance" } },
    ],
  }, async (running) => {
    await pass(running);
    await waitUntil(() => has(running));
    for (let i = 0; i < 2; i++) {
      assertEquals(await running.control("/v3/maintenance/enable"), [200, "\n"]);
    }
    await waitUntil(async () => !await has(running));
    await running.logs(/it enters/);
    assertEquals(await running.control("/v3/maintenance/disable"), [200, "\n"]);
    await running.logs(/it leaves/);
    await waitUntil(() => has(running));
    assertEquals(running.log().split("it enters\n").length, 2);
  }));

test("control socket sets variables of later processes, and answers as ContainerPilot does", () =>
  runSupervisor({
    jobs: [{ name: "env", exec: sh("echo NEW=$NEW"), when: { interval: "100ms" } }],
  }, async ({ control, logs, folder }) => {
    await logs(/NEW=\n/);
    const { mode } = await lstat(join(folder, "control.socket"));
    assertEquals(mode & 0o777, 0o600);
    assertEquals(await control("/v3/environ", '{"NEW":"a b"}'), [200, "\n"]);
    await logs(/NEW=a b/);
    assertEquals(await control("/v3/ping", "", "GET"), [200, "\n"]);
    assertEquals((await control("/v3/environ", "", "GET"))[0], 405);
    assertEquals((await control("/v3/nothing"))[0], 404);
    for (const body of ["", "{{", "[]", '{"a":1}', '{"a=b":"c"}']) {
      assertEquals((await control("/v3/environ", body))[0], 422, body);
    }
  }));

test("control socket that another supervisor has is refused where the file names it", () =>
  runSupervisor({ jobs: [{ name: "app", exec: sh(LOOP) }] }, async ({ folder, logs }) => {
    await logs(/control: serving/);
    const socket = join(folder, "control.socket");
    const other = { jobs: [{ name: "app", exec: "true" }], control: { socket } };
    await runSupervisor(other, async ({ ended }) => {
      await assertRejects(() => ended, Error, "another process listens there");
    });
  }));

test("reload() refuses an invalid file, goes on, and says why", () =>
  runSupervisor({ jobs: [{ name: "app", exec: sh(`echo started; ${LOOP}`) }] }, async (running) => {
    await running.logs(/started/);
    const invalid = { jobs: [{ name: "app", exec: "x", restarts: "often" }] };
    await assertRejects(() => running.reload(invalid), PilotedError, "restarts");
    await running.logs(/The configuration stays as it is: .*restarts/);
    const [status, text] = await running.control("/v3/reload");
    assertEquals(status, 422);
    assertStringIncludes(text, "restarts");
    assertEquals(running.log().split("started\n").length, 2);
  }));

test("reload() restarts what differs, and leaves alone what does not", () => {
  const kept = { name: "kept", exec: sh(`echo kept runs; ${LOOP}`) };
  const app = (text: string) => ({ name: "app", exec: sh(`echo ${text}; ${LOOP}`) });
  const hook = { name: "hook", exec: "echo app stops", when: { source: "app", once: "stopping" } };
  return runSupervisor(
    { jobs: [kept, app("one"), hook] },
    async ({ reload, logs, log, control }) => {
      await logs(/\d one\n/);
      await reload({ jobs: [kept, app("two"), hook, { name: "new", exec: "echo new runs" }] });
      await logs(/\d two\n/);
      await logs(/new runs/);
      assertEquals(log().split("app stops\n").length, 2);
      // The hook has run and is there for the next time.
      await reload({ jobs: [kept, app("three"), hook] });
      await logs(/\d three\n/);
      assertEquals(log().split("app stops\n").length, 3);
      assertEquals(log().split("kept runs\n").length, 2);
      // Many at once end with the last.
      await Promise.all(Array.from({ length: 50 }, () => control("/v3/reload")));
      assertEquals((await control("/v3/ping", "", "GET"))[0], 200);
      assertEquals(log().split("three\n").length, 2);
    },
  );
});

test("reload() runs again what a changed job waits for", () => {
  const setup = { name: "setup", exec: "echo setting up" };
  const app = (text: string) => ({
    name: "app",
    exec: sh(`echo ${text}; ${LOOP}`),
    when: { source: "setup", once: "exitSuccess" },
  });
  return runSupervisor({ jobs: [setup, app("one")] }, async ({ reload, logs, log }) => {
    await logs(/\d one\n/);
    await reload({ jobs: [setup, app("two")] });
    await logs(/\d two\n/);
    assertEquals(log().split("setting up\n").length, 3);
  });
});

test("reload() registers the same job at another Consul without restarting it", async () => {
  await using other = new EmbeddedConsul();
  const { url } = await other.listen();
  const jobs = [{ ...APP, exec: sh(`echo started; ${LOOP}`), health: HEALTH }];
  await runSupervisor({ jobs }, async (running) => {
    await pass(running);
    await waitUntil(() => has(running));
    await running.reload({ jobs, consul: url.replace("http://", "") });
    await waitUntil(async () => !await has(running));
    await waitUntil(async () => ID in await (await fetch(`${url}/v1/agent/services`)).json());
    assertEquals(running.log().split("started\n").length, 2);
  });
});

test("reload() ends with the main job that is no longer there only when it was named", () =>
  runSupervisor({ jobs: [{ name: "app", exec: sh(`echo one; ${LOOP}`) }] }, async (running) => {
    await running.logs(/\d one\n/);
    await running.reload({ jobs: [{ name: "app", exec: sh("echo two; sleep 0.2; exit 5") }] });
    assertEquals((await running.ended).code, 5);
  }, { main: "app" }));

test("Supervisor opens its log file again on SIGUSR1", () =>
  withTemporaryFolder((folder) =>
    runSupervisor({
      jobs: [{ name: "app", exec: "echo line", when: { interval: "50ms" } }],
      logging: { output: join(folder, "log") },
    }, async ({ supervisor }) => {
      const lines = async (name: string) =>
        (await readFile(join(folder, name), "utf8").catch(() => "")).split(" line\n").length - 1;
      await waitUntil(async () => await lines("log") > 0);
      await rename(join(folder, "log"), join(folder, "log.1"));
      supervisor.signal("SIGUSR1");
      await waitUntil(async () => await lines("log") > 0);
      assert(await lines("log.1") > 0);
    })
  ));

test("telemetry serves metrics and status, records metrics, and registers itself", async () => {
  const { http: port } = await freePorts();
  await runSupervisor({
    watches: [{ name: "web", interval: 1 }],
    jobs: [{ name: "app", exec: sh(LOOP) }, {
      ...APP,
      name: "svc",
      health: { interval: 1, ttl: 3 },
    }],
    telemetry: {
      port,
      interfaces: "static:127.0.0.1",
      tags: ["t"],
      metrics: ["counter", "gauge", "histogram", "summary"].map((type) => ({
        namespace: "ns",
        subsystem: "sub",
        name: type,
        help: "help",
        type,
      })),
    },
  }, async (running) => {
    const { control, agent, logs } = running;
    await logs(/telemetry: serving/);
    const id = `containerpilot-${hostname()}`;
    await waitUntil(async () => id in await agent("services"));
    assertEquals((await agent("services"))[id]!.Tags, ["t"]);
    const values = { ns_sub_counter: 2, ns_sub_gauge: "7", ns_sub_histogram: 1, ns_sub_summary: 3 };
    assertEquals((await control("/v3/metric", JSON.stringify(values)))[0], 200);
    assertEquals((await control("/v3/metric", '{"ns_sub_counter":-1,"nothing":1}'))[0], 200);
    await logs(/there is no metric nothing/);
    const url = `http://127.0.0.1:${port}`;
    const metrics = await (await fetch(`${url}/metrics`)).text();
    for (
      const line of [
        "ns_sub_counter 2",
        "ns_sub_gauge 7",
        "ns_sub_histogram_count 1",
        "ns_sub_summary_sum 3",
        'containerpilot_events{code="startup",source=""} 1',
        'containerpilot_control_http_requests{code="200",path="/v3/metric"} 2',
        'containerpilot_watch_instances{service="web"} 0',
      ]
    ) assertStringIncludes(metrics, line);
    const status = await (await fetch(`${url}/status`)).json();
    assertEquals(status.Version, "1.2.3");
    assertEquals(status.Jobs, [{ Name: "app", Status: "unknown" }]);
    assertEquals(status.Watches, ["web"]);
    assertEquals(status.Services[0], {
      Name: "svc",
      Address: "10.0.0.7",
      Port: 8080,
      Status: "healthy",
    });
    const posted = await fetch(`${url}/status`, { method: "POST" });
    await posted.body?.cancel();
    assertEquals(posted.status, 405);
    // It serves the others and ends with them.
    await running.reload({ jobs: [{ name: "app", exec: "true" }], telemetry: undefined });
    assertEquals((await running.ended).code, 0);
  });
});

test("telemetry whose port is taken is not registered, and everything else runs", async () => {
  await using taken = new EmbeddedConsul();
  const { port } = await taken.listen();
  const telemetry = { port, interfaces: "static:127.0.0.1" };
  await runSupervisor(
    { telemetry, jobs: [{ ...APP, health: { interval: 1, ttl: 3 } }] },
    async (running) => {
      await running.logs(/Cannot serve telemetry/);
      await waitUntil(() => has(running));
      assertEquals(Object.keys(await running.agent("services")), [ID]);
    },
  );
});

test("Supervisor that is asked to end while it waits for the first lists starts nothing", async () => {
  await using consul = new EmbeddedConsul();
  consul.inject(faults.hang(), { service: "web" });
  const { url } = await consul.listen();
  await runSupervisor(
    {
      watches: [{ name: "web", interval: 1 }],
      jobs: [{ ...APP, exec: "echo started", health: HEALTH, initial_status: "passing" }],
    },
    async (running) => {
      const { supervisor, ended, log } = running;
      await waitUntil(() => has(running));
      supervisor.signal("SIGTERM");
      assertEquals(await ended, { code: undefined, signal: "SIGTERM", startError: undefined });
      assertEquals(await has(running), false);
      assert(!log().includes("started"));
    },
    { consul: url, firstListsMs: 60_000 },
  );
});
