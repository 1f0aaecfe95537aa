import { assert, assertEquals } from "@std/assert";
import { test } from "../support/test.ts";
import { jsonLines, send, startCommand, withConsul } from "./command.ts";

test("piloted watch writes lines of JSON with a version, and exits with 0 on SIGTERM", () =>
  withConsul(async ({ consul, file }) => {
    consul.register({ name: "customers", id: "c1", address: "10.0.0.1", port: 80 });
    const watch = await startCommand(["watch", "customers"], { CONTAINERPILOT: file });
    await watch.waitFor(/"type":"endpoints".*\n/);
    consul.register({ name: "customers", id: "c2", address: "10.0.0.2", port: 80 });
    await watch.waitFor(/"type":"change".*\n/);
    send(watch, "SIGTERM");
    assertEquals(await watch.exited, { code: 0, signal: null });
    const [first, change] = jsonLines(watch.stdout());
    assertEquals([first!.version, first!.service, first!.state], [1, "customers", "live"]);
    const hosts = (list: unknown) => (list as { host: string }[]).map(({ host }) => host);
    assertEquals(hosts(first!.endpoints), ["10.0.0.1:80"]);
    assertEquals(hosts(change!.added), ["10.0.0.2:80"]);
    assertEquals(hosts(change!.endpoints), ["10.0.0.1:80", "10.0.0.2:80"]);
    assert(Date.parse(String(change!.time)) > 0);
    assertEquals(watch.stderr(), "");
  }));

test("piloted watch writes a line when Consul goes, and goes on when it is back", () =>
  withConsul(async ({ consul, address }) => {
    consul.register({ name: "db", address: "10.0.0.1", port: 80 });
    const watch = await startCommand(["watch", "db", "--consul", address]);
    await watch.waitFor(/"type":"endpoints".*"live"/);
    const restore = consul.inject(() => Promise.resolve(new Response("down", { status: 500 })));
    consul.register({ name: "db", id: "d2", address: "10.0.0.2", port: 80 });
    await watch.waitFor(/"type":"status".*"stale"/);
    restore();
    await watch.waitFor(/"type":"status".*"live"/);
    send(watch, "SIGINT");
    assertEquals(await watch.exited, { code: 0, signal: null });
  }));

test("piloted watch ends quietly when its reader goes", () =>
  withConsul(async ({ consul, address }) => {
    consul.register({ name: "db", address: "10.0.0.1", port: 80 });
    const { spawn } = await import("node:child_process");
    const { currentRuntime, runtimeBinary } = await import("../support/process.ts");
    const binary = await runtimeBinary(currentRuntime);
    const before = { deno: ["run", "-A", "--no-check"], bun: [], node: ["--import", "tsx"] };
    const child = spawn(
      binary,
      [...before[currentRuntime], "cli.ts", "watch", "db", "--consul", address],
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    let stderr = "";
    child.stderr.on("data", (chunk) => stderr += chunk);
    const exited = new Promise<number | null>((resolve) => child.on("exit", resolve));
    await new Promise<void>((resolve) => child.stdout.once("data", () => resolve()));
    child.stdout.destroy();
    const timer = setInterval(
      () =>
        consul.register({
          name: "db",
          address: `10.0.0.${Math.ceil(Math.random() * 250)}`,
          port: 80,
        }),
      100,
    );
    try {
      assertEquals([await exited, stderr], [0, ""]);
    } finally {
      clearInterval(timer);
      child.kill("SIGKILL");
    }
  }));
