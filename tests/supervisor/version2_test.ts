/** Files of ContainerPilot 2: one program on the command line, and everything else beside it. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { EmbeddedConsul } from "../../src/testing/mod.ts";
import { freePorts } from "../support/consul_ports.ts";
import { test } from "../support/test.ts";
import { waitUntil } from "../support/wait_until.ts";
import { LOOP, runSupervisor, sh } from "./run_supervisor.ts";

const write = (text: string) => sh(`echo ${text} >> "$FOLDER/order"`);
const MAIN = (script: string): [string, ...string[]] => ["sh", "-c", script];
const order = async (folder: string) =>
  (await readFile(join(folder, "order"), "utf8").catch(() => "")).trim().split("\n");

test("version 2: preStart runs first, preStop and postStop around the end that was asked for", () =>
  runSupervisor(
    { preStart: write("preStart"), preStop: write("preStop"), postStop: write("postStop") },
    async ({ supervisor, ended, folder }) => {
      await waitUntil(async () => (await order(folder)).includes("main"));
      supervisor.signal("SIGTERM");
      assertEquals((await ended).code, 7);
      assertEquals(await order(folder), ["preStart", "main", "preStop", "term", "postStop"]);
    },
    {
      command: MAIN(
        `trap 'echo term >> "$FOLDER/order"; exit 7' TERM; echo main >> "$FOLDER/order"; ${LOOP}`,
      ),
    },
  ));

test("version 2: preStop does not run when the program ends by itself, postStop does", () =>
  runSupervisor(
    { preStop: write("preStop"), postStop: write("postStop") },
    async ({ ended, folder }) => {
      assertEquals((await ended).code, 3);
      assertEquals(await order(folder), ["postStop"]);
    },
    { command: MAIN("exit 3") },
  ));

test("version 2: a preStart that fails is the end, with its exit code", () =>
  runSupervisor(
    { preStart: sh("exit 9"), coprocesses: [{ command: write("coprocess") }] },
    async ({ ended, folder }) => {
      assertEquals((await ended).code, 9);
      assertEquals(await order(folder), [""]);
    },
    { command: MAIN('echo main >> "$FOLDER/order"') },
  ));

test("version 2: coprocesses are started again, tasks run at each frequency after the first", () =>
  runSupervisor(
    {
      coprocesses: [{ name: "helper", command: write("helper"), restarts: 1 }],
      tasks: [{ name: "task", command: write("task"), frequency: "300ms", timeout: "1s" }],
    },
    async ({ folder, supervisor, ended }) => {
      await waitUntil(async () => {
        const lines = await order(folder);
        const count = (name: string) => lines.filter((line) => line === name).length;
        return count("helper") === 2 && count("task") >= 3;
      });
      supervisor.signal("SIGTERM");
      assertEquals((await ended).signal, "SIGTERM");
    },
    { command: MAIN(LOOP) },
  ));

test("version 2: services are checked and registered, leave before the program is asked to end, and backends run onChange", async () => {
  await using consul = new EmbeddedConsul();
  const { url } = await consul.listen();
  await runSupervisor(
    {
      services: [{
        name: "app",
        port: 8080,
        health: sh("true"),
        poll: 1,
        ttl: 5,
        interfaces: "static:10.0.0.7",
      }],
      backends: [{ name: "web", poll: 1, onChange: write("changed") }],
    },
    async ({ agent, folder, supervisor, ended, logs }) => {
      const id = `app-${hostname()}`;
      await logs(/is registered/);
      consul.register({ name: "web", address: "10.0.0.1", port: 80 });
      await waitUntil(async () => (await order(folder)).includes("changed"));
      supervisor.signal("SIGTERM");
      await waitUntil(async () => !(id in await agent("services")));
      assert(!(await order(folder)).includes("term"), "it drains");
      supervisor.signal("SIGTERM");
      assertEquals((await ended).code, 0);
      assert((await order(folder)).includes("term"));
    },
    {
      consul: url,
      drainMs: 60_000,
      command: MAIN(`trap 'echo term >> "$FOLDER/order"; exit 0' TERM; ${LOOP}`),
    },
  );
});

test("version 2: sensors run at each poll and record what they print", async () => {
  const { http: port } = await freePorts();
  await runSupervisor(
    {
      telemetry: {
        port,
        interfaces: "static:127.0.0.1",
        sensors: [{
          namespace: "app",
          subsystem: "memory",
          name: "free",
          help: "help",
          type: "gauge",
          poll: 1,
          check: ["echo", "42.5"],
        }],
      },
    },
    async ({ logs }) => {
      await logs(/telemetry: serving/);
      await waitUntil(async () =>
        (await (await fetch(`http://127.0.0.1:${port}/metrics`)).text())
          .includes("app_memory_free 42.5")
      );
    },
    { command: MAIN(LOOP) },
  );
});

test("withProgram() takes the place of the main job of a version 3 file, and the others run", () =>
  runSupervisor(
    {
      jobs: [
        { name: "app", exec: "no-such-program", port: 80, health: { interval: 1, ttl: 5 } },
        { name: "side", exec: write("side") },
      ],
    },
    async ({ folder, ended, log }) => {
      assertEquals((await ended).code, 4);
      assertEquals(await order(folder), ["side"]);
      assertStringIncludes(log(), "is registered as app-");
    },
    { command: MAIN('while ! test -e "$FOLDER/order"; do sleep 0.05; done; sleep 0.5; exit 4') },
  ));
