import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import type { EmbeddedConsul } from "../../src/testing/mod.ts";
import { ROOT } from "../architecture/project.ts";
import type { Child } from "../support/process.ts";
import { withTemporaryFolder } from "../support/temporary_folder.ts";
import { test } from "../support/test.ts";
import { waitUntil } from "../support/wait_until.ts";
import { runCommand, send, startCommand, withConsul } from "./command.ts";

/** Starts `piloted exec` with jobs, and stops it after the test. */
async function withJobs(
  content: Record<string, unknown>,
  run: (child: Child, folder: string) => Promise<void>,
  args: readonly string[] = [],
): Promise<void> {
  await withTemporaryFolder(async (folder) => {
    const file = join(folder, "app.json5");
    await writeFile(file, JSON.stringify({ consul: "127.0.0.1:9", ...content }));
    const child = await startCommand(["exec", file, ...args], { FOLDER: folder });
    try {
      await run(child, folder);
    } finally {
      await end(child);
    }
  });
}

/** Ends it by SIGTERM: a SIGKILL would leave the processes that it has started. */
async function end(child: Child): Promise<void> {
  child.kill("SIGTERM");
  const timer = setTimeout(() => void child.stop(), 15_000);
  await child.exited;
  clearTimeout(timer);
}

const sh = (script: string) => ["sh", "-c", script];
const LOOP = "while :; do sleep 0.05; done";

test("piloted exec runs jobs in the order of their events, and exits with the main job's code", () =>
  withJobs({
    jobs: [
      { name: "setup", exec: "echo setting up" },
      {
        name: "app",
        exec: sh("echo app runs; exit 4"),
        when: { source: "setup", once: "exitSuccess" },
      },
      { name: "pre-stop", exec: "echo stopping", when: { source: "app", once: "stopping" } },
      { name: "post-stop", exec: "echo stopped", when: { source: "app", once: "stopped" } },
    ],
  }, async (child) => {
    assertEquals(await child.exited, { code: 4, signal: null });
    const messages = child.stdout().split("\n").map((line) => line.split(" ").slice(3).join(" "));
    const expected = ["setting up", "app runs", "stopping", "stopped"];
    assertEquals(messages.filter((text) => expected.includes(text)), expected);
    assertMatch(child.stdout(), /^\d{4}-\d\d-\d\dT[\d:.]+Z setup \d+ setting up$/m);
  }, ["--main", "app"]));

test("piloted exec restarts a coprocess and runs a periodic task", () =>
  withJobs({
    jobs: [
      { name: "app", exec: sh(LOOP) },
      { name: "helper", exec: sh('echo x >> "$FOLDER/helper"'), restarts: 1 },
      { name: "task", exec: sh('echo x >> "$FOLDER/task"'), when: { interval: "200ms" } },
    ],
  }, async (child, folder) => {
    const lines = async (name: string) =>
      (await readFile(join(folder, name), "utf8")).trim().split("\n").length;
    await waitUntil(async () => await lines("task") >= 4 && await lines("helper") === 2);
    send(child, "SIGTERM");
    assertEquals(await child.exited, { code: 143, signal: null });
  }, ["--main", "app"]));

test("piloted exec gives SIGHUP and SIGUSR2 to jobs as events, and SIGTERM ends all of them in time", () =>
  withJobs({
    stopTimeout: 1,
    jobs: [
      { name: "app", exec: sh(`trap "" TERM; echo ready; ${LOOP}`) },
      { name: "hup", exec: "echo hung up", when: { source: "SIGHUP" } },
      { name: "usr2", exec: "echo user two", when: { source: "SIGUSR2" } },
    ],
  }, async (child) => {
    await child.waitFor(/ready/);
    send(child, "SIGHUP");
    await child.waitFor(/hung up/);
    send(child, "SIGUSR2");
    await child.waitFor(/user two/);
    const started = performance.now();
    send(child, "SIGTERM");
    // The app ignores SIGTERM, so that it gets SIGKILL after stopTimeout.
    assertEquals(await child.exited, { code: 137, signal: null });
    assert(performance.now() - started < 5_000);
  }, ["--main", "app"]));

test("piloted exec kills what a job has started, too", () =>
  withJobs({
    jobs: [{ name: "app", exec: sh('sleep 300 & echo "child $!"; wait') }],
  }, async (child) => {
    const [, pid] = await child.waitFor(/child (\d+)/);
    send(child, "SIGTERM");
    await child.exited;
    await waitUntil(async () => {
      // A process that ended and that nobody has waited for is gone, too.
      const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "x (sleep) Z");
      return /\) [ZX]/.test(stat);
    });
  }));

test("piloted exec sets ContainerPilot's variables, the process ids while they run", () =>
  withJobs({
    jobs: [
      { name: "my-app.js", exec: sh(LOOP) },
      { name: "env", exec: "env", when: { interval: "300ms" } },
    ],
  }, async (child) => {
    await child.waitFor(new RegExp(`CONTAINERPILOT_PID=${child.pid}\\b`));
    await child.waitFor(/CONTAINERPILOT_MY_APP_PID=\d+/);
  }));

test("piloted exec logs in JSON, and passes raw output on as it is", () =>
  withJobs({
    logging: { format: "json" },
    jobs: [
      { name: "wrapped", exec: sh("echo one; echo two >&2") },
      {
        name: "raw",
        exec: sh("echo plain"),
        logging: { raw: true },
        when: { source: "wrapped", once: "exitSuccess" },
      },
    ],
  }, async (child) => {
    await child.exited;
    const lines = child.stdout().trim().split("\n");
    assert(lines.includes("plain"));
    const wrapped = lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
    assertEquals(wrapped.filter(({ job }) => job === "wrapped").map(({ msg }) => msg).sort(), [
      "one",
      "two",
    ]);
  }));

test("piloted exec publishes unhealthy and healthy of a job without a port", () =>
  withJobs({
    jobs: [
      {
        name: "app",
        exec: sh(LOOP),
        health: { exec: sh('test -e "$FOLDER/ok"'), interval: 1, ttl: 5 },
      },
      {
        name: "sick",
        exec: sh('echo sick; touch "$FOLDER/ok"'),
        when: { source: "app", once: "unhealthy" },
      },
      { name: "well", exec: "echo well", when: { source: "app", once: "healthy" } },
    ],
  }, async (child) => {
    await child.waitFor(/sick[^]*well/);
  }));

test("piloted exec refuses an invalid file, a file without jobs, and a main job that is not there", () =>
  withTemporaryFolder(async (folder) => {
    const file = join(folder, "app.json5");
    const cases: [text: string, args: string[], code: number, problem: string][] = [
      [`{ consul: "a", jobs: [{ name: "a", exec: "x", restarts: "often" }] }`, [], 4, "restarts"],
      [`{ consul: "a" }`, [], 2, "no jobs"],
      [`{ consul: "a", jobs: [{ name: "a", exec: "x" }] }`, ["--main", "b"], 2, "the jobs are a"],
      [`{ consul: "a" }`, ["--on-change", "explode", "--", "x"], 2, "--on-change"],
    ];
    for (const [text, args, code, problem] of cases) {
      await writeFile(file, text);
      const result = await runCommand(["exec", file, ...args]);
      assertEquals(result.code, code, result.stderr);
      assertStringIncludes(result.stderr, problem);
    }
  }));

test("piloted exec runs a job for each change of a watch, without a poll", () =>
  withConsul(async ({ consul, address }) => {
    const watches = [{ name: "customers", interval: 300 }];
    const jobs = [
      { name: "app", exec: sh(LOOP) },
      {
        name: "changed",
        exec: "echo they changed",
        when: { source: "watch.customers", each: "changed" },
      },
    ];
    await withJobs({ consul: address, watches, jobs }, async (child) => {
      const seen = (times: number) =>
        waitUntil(() => child.stdout().split("they changed").length === times + 1);
      consul.register({ name: "customers", id: "c1", address: "10.0.0.1", port: 80 });
      await seen(1);
      consul.register({ name: "customers", id: "c2", address: "10.0.0.2", port: 80 });
      await seen(2);
    });
  }));

test("piloted exec -- COMMAND runs it with the endpoints and ends with it", () =>
  withConsul(async ({ consul, file }) => {
    consul.register({ name: "customers", address: "10.0.0.1", port: 80 });
    const script = 'echo "$PILOTED_CUSTOMERS_HOSTS|$PILOTED_ORDERS_HOSTS|"; exit 9';
    const { code, stdout, stderr } = await runCommand(["exec", file, "--", ...sh(script)]);
    assertEquals([code, stdout], [9, "10.0.0.1:80||\n"], stderr);
    assertEquals((await runCommand(["exec", file, "--", "no-such-program"])).code, 127);
  }));

let registered = 0;

/** Starts `piloted exec FILE OPTIONS -- sh -c SCRIPT` and waits until the script is ready. */
async function besideWatches(
  consul: EmbeddedConsul,
  file: string,
  options: readonly string[],
  script: string,
  run: (child: Child, change: () => void) => Promise<void>,
): Promise<void> {
  const change = () => {
    registered++;
    consul.register({
      name: "customers",
      id: `c${registered}`,
      address: "10.0.0.1",
      port: registered,
    });
  };
  const args = ["exec", file, "--quiet", "20ms:200ms", ...options, "--", ...sh(script)];
  const child = await startCommand(args);
  try {
    await child.waitFor(/ready/);
    await run(child, change);
  } finally {
    await end(child);
  }
}

test("piloted exec -- COMMAND sends SIGHUP on a change to a program with a handler, and to no other", () =>
  withConsul(async ({ consul, file }) => {
    const handler = `trap "echo got hup" HUP; echo ready; ${LOOP}`;
    await besideWatches(consul, file, [], handler, async (child, change) => {
      change();
      await child.waitFor(/got hup/);
    });
    await besideWatches(consul, file, [], `echo ready; ${LOOP}`, async (child, change) => {
      change();
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      assertEquals(process.kill(child.pid, 0), true);
    });
  }));

test("piloted exec -- COMMAND can send another signal, restart it, run a command, or do nothing", () =>
  withConsul(async ({ consul, file }) => {
    const usr1 = `trap "echo got usr1" USR1; echo ready; ${LOOP}`;
    await besideWatches(consul, file, ["--on-change", "USR1"], usr1, async (child, change) => {
      change();
      await child.waitFor(/got usr1/);
    });
    const restart = ["--on-change", "restart"];
    await besideWatches(
      consul,
      file,
      restart,
      `echo ready $PPID; ${LOOP}`,
      async (child, change) => {
        change();
        await child.waitFor(/ready[^]*ready/);
      },
    );
    const command = ["--on-change", "run:echo it changed"];
    await besideWatches(consul, file, command, `echo ready; ${LOOP}`, async (child, change) => {
      change();
      await child.waitFor(/it changed/);
    });
  }));

test("npm piloted as child of piloted exec refreshes after a change, without ContainerPilot", () =>
  withConsul(async ({ consul, address, file }) => {
    const [host, port] = address.split(":");
    const program = `
      const piloted = require(${JSON.stringify(join(ROOT, "node_modules/piloted"))});
      piloted.on("refresh", () => console.log("refresh", Date.now(), piloted.serviceHosts("customers").length));
      piloted.config({ consul: "${host}:${port}", watches: [{ name: "customers" }] }).then(() => console.log("ready"), (e) => console.log("failed", e));
      setInterval(() => {}, 1000);`;
    consul.register({ name: "customers", id: "c0", address: "10.0.0.1", port: 80 });
    const env = { CONSUL_HOST: host!, CONSUL_PORT: port! };
    const args = ["exec", file, "--quiet", "0ms:100ms", "--", "node", "-e", program];
    const child = await startCommand(args, env);
    try {
      await child.waitFor(/ready/);
      // bench/exec.ts measures how long it takes.
      for (let i = 1; i <= 5; i++) {
        consul.register({ name: "customers", id: `c${i}`, address: "10.0.0.1", port: 80 + i });
        await child.waitFor(new RegExp(`refresh \\d+ ${i + 1}\\n`));
      }
    } finally {
      await end(child);
    }
  }));

test("piloted exec -- COMMAND kills a program and its descendants that ignore SIGTERM", () =>
  withTemporaryFolder(async (folder) => {
    const file = join(folder, "app.json5");
    await writeFile(file, `{ consul: "127.0.0.1:9", stopTimeout: 1 }`);
    const script = `trap "" TERM; sh -c 'trap "" TERM; echo child $$; ${LOOP}' & ${LOOP}`;
    const child = await startCommand(["exec", file, "--", ...sh(script)]);
    const [, pid] = await child.waitFor(/child (\d+)/);
    send(child, "SIGTERM");
    assertEquals((await child.exited).code, 137);
    await waitUntil(async () => {
      const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "x (sh) Z");
      return /\) [ZX]/.test(stat);
    });
  }));

test("piloted exec -- COMMAND gives 128 and the number of the signal that ended the program", () =>
  withConsul(async ({ file }) => {
    const { code } = await runCommand(["exec", file, "--", ...sh("kill -SEGV $$")]);
    assertEquals(code, 139);
  }));

test("piloted exec -- COMMAND registers, and keeps standard output for the program", () =>
  withConsul(async ({ consul, address }) => {
    await withTemporaryFolder(async (folder) => {
      const file = join(folder, "app.json5");
      const health = { exec: "true", interval: 1, ttl: 5 };
      const jobs = [{ name: "app", port: 80, exec: "replaced", health }];
      await writeFile(file, JSON.stringify({ consul: address, jobs }));
      const script = `echo only this; ${LOOP}`;
      const child = await startCommand(["exec", file, "--drain", "0", "--", ...sh(script)]);
      const services = async () =>
        Object.keys(await (await fetch(`http://${address}/v1/agent/services`)).json());
      await waitUntil(async () => (await services()).length === 1);
      send(child, "SIGTERM");
      assertEquals((await child.exited).code, 143);
      assertEquals([child.stdout(), await services()], ["only this\n", []]);
      assertStringIncludes(child.stderr(), "received SIGTERM");
      assert(consul.requests.length > 0);
    });
  }));
