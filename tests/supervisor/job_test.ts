import { assert, assertEquals } from "@std/assert";
import { test } from "../support/test.ts";
import { job, SERVICE, startJobs } from "./fake_host.ts";

const starts = (history: readonly string[], name: string) =>
  history.filter((line) => line === `start ${name}`).length;

test("Job starts at startup, publishes how it ended, and completes", async () => {
  const host = await startJobs([job("app")]);
  assertEquals(host.history, ["startup", "start app"]);
  await host.exit("app", 3);
  await host.ended;
  assertEquals(host.history.slice(2), ["app exitFailed", "app stopping", "app stopped"]);
  assertEquals(host.jobs.all[0]!.command!.lastExit, { code: 3, signal: undefined });
  assertEquals(host.clock.pending, 0);
});

test("Job with once starts at the first event alone, with each at every one", async () => {
  const changed = (starts: number) => ({ when: { code: "changed", source: "watch.db" }, starts });
  const host = await startJobs([job("one", changed(1)), job("all", changed(Infinity))]);
  for (let i = 0; i < 3; i++) {
    host.bus.publish("changed", "watch.db");
    await host.clock.advance(0);
    for (const name of host.running.keys()) await host.exit(name);
  }
  assertEquals([starts(host.history, "one"), starts(host.history, "all")], [1, 3]);
  assertEquals(host.jobs.all.map(({ status }) => status), ["completed", "unknown"]);
});

test("Job runs once at a time, and of 10,000 events that arrive meanwhile one is kept", async () => {
  const when = { code: "changed", source: "watch.db" };
  const host = await startJobs([job("all", { when, starts: Infinity })]);
  for (let i = 0; i < 10_000; i++) host.bus.publish("changed", "watch.db");
  await host.clock.advance(0);
  assertEquals(starts(host.history, "all"), 1);
  await host.exit("all");
  assertEquals(starts(host.history, "all"), 2);
  await host.exit("all");
  assertEquals(starts(host.history, "all"), 2);
});

test("Job that restarts waits 1 s, then twice as long, up to 30 s, and anew after a minute", async () => {
  const host = await startJobs([job("app", { restarts: Infinity })]);
  for (const pauseMs of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
    const before = starts(host.history, "app");
    await host.exit("app", 1);
    await host.clock.advance(pauseMs - 1);
    assertEquals(starts(host.history, "app"), before);
    await host.clock.advance(1);
    assertEquals(starts(host.history, "app"), before + 1);
  }
  await host.clock.advance(60_000);
  await host.exit("app", 1);
  const before = starts(host.history, "app");
  await host.clock.advance(1_000);
  assertEquals(starts(host.history, "app"), before + 1);
});

test("Job with a number of restarts completes after the last", async () => {
  const host = await startJobs([job("app", { restarts: 2 })]);
  for (let i = 0; i < 3; i++) {
    await host.exit("app", 1);
    await host.clock.advance(30_000);
  }
  await host.ended;
  assertEquals(starts(host.history, "app"), 3);
});

test("Job with an interval runs at startup and at each tick", async () => {
  const host = await startJobs([job("task", { intervalMs: 1_000, restarts: Infinity })]);
  assertEquals(starts(host.history, "task"), 1);
  for (let i = 2; i <= 4; i++) {
    await host.exit("task");
    await host.clock.advance(1_000);
    assertEquals(starts(host.history, "task"), i);
  }
  host.jobs.stop();
  await host.ended;
});

test("Job that takes too long is killed at once", async () => {
  const host = await startJobs([job("task", { timeoutMs: 500 })]);
  await host.clock.advance(499);
  assertEquals(host.running.size, 1);
  await host.clock.advance(1);
  await host.ended;
  assert(host.history.includes("SIGKILL task") && !host.history.includes("SIGTERM task"));
  assertEquals(host.jobs.all[0]!.command!.lastExit, { code: undefined, signal: "SIGKILL" });
});

test("Job gives up when its event does not come in time", async () => {
  const when = { code: "healthy", source: "watch.db" };
  const host = await startJobs([job("app", { when, whenTimeoutMs: 2_000 })]);
  await host.clock.advance(2_000);
  await host.ended;
  assertEquals(host.history, ["startup", "app stopping", "app stopped"]);
});

test("Job that cannot start publishes exitFailed and error", async () => {
  const host = await startJobs([job("app", { exec: ["missing"] })]);
  await host.ended;
  assert(host.history.includes("app exitFailed") && host.history.includes("app error"));
  assertEquals(host.jobs.all[0]!.command!.startError !== undefined, true);
});

test("Job stays up until its stopping hook has ended, leaves the registry, and then gets SIGTERM", async () => {
  const host = await startJobs([
    job("app", { registration: SERVICE }),
    job("pre", { when: { code: "stopping", source: "app" } }),
    job("post", { when: { code: "stopped", source: "app" } }),
  ]);
  host.jobs.stop();
  await host.clock.advance(1_000);
  assertEquals([...host.running.keys()], ["app", "pre"]);
  await host.exit("pre");
  await host.clock.advance(0);
  assertEquals([...host.running.keys()], ["post"]);
  await host.exit("post");
  await host.ended;
  const order = [
    "app stopping",
    "start pre",
    "deregister app",
    "SIGTERM app",
    "app stopped",
    "start post",
  ];
  assertEquals(host.history.filter((line) => order.includes(line)), order);
  assertEquals(host.clock.pending, 0);
});

test("Job waits for a hook no longer than its stopTimeout", async () => {
  const host = await startJobs([
    job("app", { stopTimeoutMs: 2_000 }),
    job("pre", { when: { code: "stopping", source: "app" } }),
  ]);
  host.jobs.stop();
  await host.clock.advance(1_999);
  assert(host.running.has("app"));
  await host.clock.advance(1);
  assert(!host.running.has("app"));
});

test("Job whose process ignores SIGTERM gets SIGKILL after the time of grace", async () => {
  const host = await startJobs([job("app")], { ignoresTerm: true, graceMs: 3_000 });
  host.jobs.stop();
  await host.clock.advance(2_999);
  assertEquals(host.running.get("app")!.signals, ["SIGTERM"]);
  await host.clock.advance(1);
  await host.ended;
  assert(host.history.includes("SIGKILL app"));
});

test("JobSet.stop() ends a hook whose job is gone already", async () => {
  const host = await startJobs([
    job("app"),
    job("post", { when: { code: "healthy", source: "app" } }),
    job("hook", { when: { code: "stopped", source: "nobody" } }),
  ]);
  await host.exit("app");
  host.jobs.stop();
  await host.ended;
});

const HEALTH = { exec: ["check"] as const, intervalMs: 5_000, timeoutMs: 5_000, raw: false };

test("Job is not registered before its check has passed, and checks each second until then", async () => {
  const host = await startJobs([job("app", { registration: SERVICE, health: HEALTH })]);
  await host.exit("check.app", 1);
  await host.clock.advance(1_000);
  assertEquals(host.history.includes("pass app"), false);
  await host.exit("check.app", 0);
  assertEquals(host.history.includes("pass app"), true);
  const count = starts(host.history, "check.app");
  await host.clock.advance(4_999);
  assertEquals(starts(host.history, "check.app"), count);
  await host.clock.advance(1);
  assertEquals(starts(host.history, "check.app"), count + 1);
  // A failing check sends nothing: the TTL is the tolerance.
  await host.exit("check.app", 1);
  assertEquals(host.history.filter((line) => line === "pass app").length, 1);
  assertEquals(host.jobs.all[0]!.status, "unhealthy");
  assertEquals(host.history.filter((line) => line === "app unhealthy").length, 2);
});

test("Job with a port and without a check sends a heartbeat while it runs", async () => {
  const health = { ...HEALTH, exec: undefined };
  const host = await startJobs([job("app", { registration: SERVICE, health })]);
  await host.clock.advance(10_000);
  assertEquals(host.history.filter((line) => line === "pass app").length, 3);
});

test("Maintenance takes a service out of the registry and brings it back", async () => {
  const health = { ...HEALTH, exec: undefined };
  const host = await startJobs([job("app", { registration: SERVICE, health })]);
  host.bus.publish("enterMaintenance");
  await host.clock.advance(20_000);
  assertEquals(host.history.slice(-1), ["deregister app"]);
  host.bus.publish("exitMaintenance");
  await host.clock.advance(5_000);
  assertEquals(host.history.at(-1), "pass app");
});

test("Maintenance that ends checks at once", async () => {
  const host = await startJobs([job("app", { registration: SERVICE, health: HEALTH })]);
  await host.exit("check.app");
  host.jobs.maintain(true);
  await host.clock.advance(7_000);
  const before = starts(host.history, "check.app");
  host.jobs.maintain(false);
  await host.clock.advance(0);
  assertEquals(starts(host.history, "check.app"), before + 1);
});

test("Job with an interval may wait for its first tick", async () => {
  const facts = { intervalMs: 1_000, runsAtStart: false, restarts: Infinity };
  const host = await startJobs([job("task", facts)]);
  await host.clock.advance(999);
  assertEquals(starts(host.history, "task"), 0);
  await host.clock.advance(1);
  assertEquals(starts(host.history, "task"), 1);
});

test("Job that ends by itself does not wait for a hook of its termination", async () => {
  const host = await startJobs([
    job("main"),
    job("preStop", { when: { code: "terminating", source: "main" } }),
  ]);
  await host.exit("main");
  assertEquals(host.jobs.all[0]!.status, "completed");
  assertEquals(starts(host.history, "preStop"), 0);
});

test("Job that is drained has the rest of its time to end, and a skipped drain is over for all", async () => {
  const health = { ...HEALTH, exec: undefined };
  const host = await startJobs([job("app", { registration: SERVICE, health })], {
    ignoresTerm: true,
    graceMs: 3_000,
    drainMs: 1_000,
  });
  void host.jobs.stop();
  await host.clock.advance(999);
  assertEquals(host.running.get("app")!.signals, []);
  await host.clock.advance(1);
  assertEquals(host.running.get("app")!.signals, ["SIGTERM"]);
  await host.clock.advance(2_000);
  await host.ended;
  host.drain.skip();
  await host.drain.wait(60_000);
  assertEquals(host.clock.pending, 0);
});

test("JobSet.stop() lets services without a program leave before the others are asked to end", async () => {
  const health = { ...HEALTH, exec: undefined };
  const host = await startJobs(
    [job("main"), job("service", { exec: undefined, registration: SERVICE, health })],
    { drainMs: 500 },
  );
  await host.clock.advance(0);
  void host.jobs.stop();
  await host.clock.advance(499);
  assert(host.history.includes("deregister service") && !host.history.includes("SIGTERM main"));
  await host.clock.advance(1);
  await host.ended;
  assert(host.history.includes("SIGTERM main"));
});
