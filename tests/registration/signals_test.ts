/** A process with a registration that is signalled, paused and killed. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import process from "node:process";
import { EmbeddedConsul } from "../../src/testing/mod.ts";
import { type Child, currentRuntime, startScript } from "../support/process.ts";
import { test } from "../support/test.ts";
import { waitUntil } from "../support/wait_until.ts";

interface Scene {
  readonly consul: EmbeddedConsul;
  readonly child: Child;
  status(): Promise<string | undefined>;
}

async function withChild(
  args: readonly string[],
  run: (scene: Scene) => Promise<void>,
): Promise<void> {
  await using consul = new EmbeddedConsul();
  const agent = await consul.listen();
  const file = "tests/registration/fixtures/signals_child.ts";
  const child = await startScript(currentRuntime, file, [agent.url, ...args]);
  const status = async () => {
    const checks = await (await consul.fetch("http://consul/v1/agent/checks")).json();
    return checks["service:app-1"]?.Status;
  };
  try {
    await run({ consul, child, status });
  } finally {
    await child.stop();
  }
}

/** Sends a signal. Deno's own kill() takes the signal for how the process ended. */
function send(child: Child, signal: string): void {
  process.kill(child.pid, signal);
}

async function endedBy(child: Child, name: string, number: number): Promise<void> {
  const { signal, code } = await child.exited;
  assert(signal === name || code === 128 + number, `${signal} ${code} ${child.stderr()}`);
}

for (const [name, number] of [["SIGTERM", 15], ["SIGINT", 2]] as const) {
  test(`signals: ${name} deregisters, drains, calls onStop, and ends the process by the same signal`, () =>
    withChild(["30000", "50"], async ({ child, status }) => {
      await waitUntil(async () => await status() === "passing");
      send(child, name);
      await endedBy(child, name, number);
      assertMatch(child.stdout(), /state stopping\n(.*\n)*stopped\nstate closed/);
      assertEquals(await status(), undefined);
    }));
}

test("signals: a second signal ends the process at once, and does not leave it in Consul", () =>
  withChild(["30000", "60000"], async ({ child, status }) => {
    await waitUntil(async () => await status() === "passing");
    send(child, "SIGTERM");
    await waitUntil(async () => await status() === undefined);
    send(child, "SIGTERM");
    await endedBy(child, "SIGTERM", 15);
    assert(!child.stdout().includes("stopped"));
  }));

test("signals: a signal while the application closes waits for the drain as well", () =>
  withChild(["30000", "1000", "close"], async ({ child, status }) => {
    await child.waitFor(/state stopping/);
    await waitUntil(async () => await status() === undefined);
    send(child, "SIGTERM");
    await endedBy(child, "SIGTERM", 15);
    assertMatch(child.stdout(), /stopped\nstate closed/);
  }));

test("signals: during an outage of the agent the process still ends, and says what is left behind", () =>
  withChild(["30000", "0"], async ({ consul, child, status }) => {
    await waitUntil(async () => await status() === "passing");
    consul.inject(() => new Promise<Response>(() => {}));
    send(child, "SIGTERM");
    await endedBy(child, "SIGTERM", 15);
    assertMatch(child.stdout(), /error Cannot deregister .*no response within/);
    assertMatch(child.stdout(), /stopped\nstate closed/);
  }));

test("signals: before the first registration has succeeded the process ends, too", () =>
  withChild(["30000", "0"], async ({ child, status }) => {
    await child.waitFor(/state registered/);
    send(child, "SIGINT");
    await endedBy(child, "SIGINT", 2);
    assertEquals(await status(), undefined);
  }));

test("a process that is paused longer than its TTL is critical, passes again, and blames itself", () =>
  // A third of the time to live is the deadline of a heartbeat, which a busy machine must meet.
  withChild(["2100", "0"], async ({ child, status }) => {
    // The agent knows it a little earlier than the process knows that it does.
    await child.waitFor(/state registered/);
    send(child, "SIGSTOP");
    await waitUntil(async () => await status() === "critical", 30_000);
    send(child, "SIGCONT");
    await waitUntil(async () => await status() === "passing", 30_000);
    await child.waitFor(/error .*longer than the TTL of 2100 ms: this process was stopped/);
    assert(!/state lost/.test(child.stdout()), child.stdout());
    send(child, "SIGTERM");
    await endedBy(child, "SIGTERM", 15);
  }));

test("a process that is killed leaves the instance to its TTL", () =>
  withChild(["900", "0"], async ({ child, status }) => {
    await waitUntil(async () => await status() === "passing");
    send(child, "SIGKILL");
    await waitUntil(async () => await status() === "critical", 30_000);
  }));
