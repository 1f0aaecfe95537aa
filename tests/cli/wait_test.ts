import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { test } from "../support/test.ts";
import { waitUntil } from "../support/wait_until.ts";
import { runCommand, send, startCommand, withConsul } from "./command.ts";

test("piloted wait ends when the last service has an endpoint, and prints nothing", () =>
  withConsul(async ({ consul, file }) => {
    consul.register({ name: "customers", address: "10.0.0.1", port: 80 });
    const wait = await startCommand(["wait", "-c", file]);
    let ended = false;
    void wait.exited.then(() => ended = true);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    assertEquals(ended, false);
    consul.register({ name: "orders", address: "10.0.0.2", port: 80 });
    assertEquals(await wait.exited, { code: 0, signal: null });
    assertEquals(wait.stdout() + wait.stderr(), "");
  }));

test("piloted wait exits with 124 and names what is missing", () =>
  withConsul(async ({ consul, file }) => {
    consul.register({ name: "customers", address: "10.0.0.1", port: 80 });
    const args = ["wait", "customers", "orders", "-c", file, "--count", "1", "--timeout", "4s"];
    const { code, stdout, stderr } = await runCommand(args);
    assertEquals([code, stdout], [124, ""]);
    assertMatch(
      stderr,
      /^Error: Cannot wait any longer than 4 s: orders has 0 of 1 endpoint.*\n$/,
    );
    const more = await runCommand(["wait", "customers", "-c", file, "-n", "2", "-t", "4s"]);
    assertStringIncludes(more.stderr, "customers has 1 of 2 endpoints");
  }));

test("piloted wait keeps to its timeout while Consul does not respond", () =>
  withConsul(async ({ consul, file }) => {
    consul.inject(() => new Promise(() => {}));
    const started = performance.now();
    const { code, stderr } = await runCommand(["wait", "customers", "-c", file, "-t", "1"]);
    assertEquals(code, 124);
    assertStringIncludes(stderr, "Consul has not responded");
    assert(performance.now() - started < 8_000);
  }));

test("piloted wait -- COMMAND runs it with the endpoints and exits with its code", () =>
  withConsul(async ({ consul, address }) => {
    consul.register({ name: "order-db", address: "10.0.0.1", port: 5432 });
    const script =
      'echo "$PILOTED_ORDER_DB_HOST $PILOTED_ORDER_DB_PORT $PILOTED_ORDER_DB_HOSTS $1"; exit 7';
    const command = ["sh", "-c", script, "--", "--"];
    const result = await runCommand(["wait", "order-db", "--consul", address, "--", ...command]);
    assertEquals(result, {
      code: 7,
      signal: null,
      stdout: "10.0.0.1 5432 10.0.0.1:5432 --\n",
      stderr: "",
    });
  }));

test("piloted wait -- COMMAND passes signals on, and exits with 128+n when one ends it", () =>
  withConsul(async ({ consul, address }) => {
    consul.register({ name: "db", address: "10.0.0.1", port: 5432 });
    const start = (script: string) =>
      startCommand(["wait", "db", "--consul", address, "--", "sh", "-c", script]);
    const kind = await start(
      'trap "echo hup" HUP; trap "exit 5" TERM; echo ready; while :; do sleep 0.05; done',
    );
    await kind.waitFor(/ready/);
    send(kind, "SIGHUP");
    await kind.waitFor(/hup/);
    send(kind, "SIGTERM");
    assertEquals(await kind.exited, { code: 5, signal: null });

    const plain = await start("echo ready; kill -KILL $$");
    assertEquals(await plain.exited, { code: 137, signal: null });
  }));

test("piloted wait -- COMMAND exits with 127 for a missing program and 126 for one that can't run", () =>
  withConsul(async ({ consul, address, file }) => {
    consul.register({ name: "db", address: "10.0.0.1", port: 5432 });
    const run = (program: string) => runCommand(["wait", "db", "--consul", address, "--", program]);
    const missing = await run("no-such-program-here");
    assertEquals([missing.code, missing.stderr], [
      127,
      "Error: Cannot start no-such-program-here: there is no such program\n",
    ]);
    assertEquals((await run(file)).code, 126);
  }));

test("piloted wait exits with 128+n when a signal ends the wait", () =>
  withConsul(async ({ consul, address }) => {
    let isAsked = false;
    consul.inject((_, next) => {
      isAsked = true;
      return next();
    });
    const wait = await startCommand(["wait", "nobody", "--consul", address]);
    // By then it listens.
    await waitUntil(() => isAsked);
    send(wait, "SIGTERM");
    assertEquals(await wait.exited, { code: 143, signal: null });
  }));
