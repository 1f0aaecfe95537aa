import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { parseSupervisorConfig } from "../../src/config/load_supervisor.ts";
import { PilotedError } from "../../src/errors.ts";
import { catchesHangup } from "../../src/runtime/signal_mask.ts";
import { QuietPeriod } from "../../src/supervisor/change_action.ts";
import { endpointVariables } from "../../src/supervisor/endpoint_variables.ts";
import { EventBus } from "../../src/supervisor/events.ts";
import { formatLine, LineSplitter } from "../../src/supervisor/log_lines.ts";
import { endpointSet, publishWatches } from "../../src/supervisor/watch_events.ts";
import { ManualClock } from "../../src/testing/mod.ts";
import { FakeClient } from "../http/fake_client.ts";
import { endpoint } from "../support/endpoints.ts";
import { test } from "../support/test.ts";

test("EventBus delivers every event to every listener in one order", () => {
  const bus = new EventBus();
  const seen: string[] = [];
  bus.subscribe(({ code }) => {
    seen.push(`a ${code}`);
    if (code === "first") bus.publish("second");
  });
  bus.subscribe(({ code }) => void seen.push(`b ${code}`));
  bus.publish("first");
  assertEquals(seen, ["a first", "b first", "a second", "b second"]);
});

test("endpointSet() counts ids, addresses and ports, and nothing else", () => {
  const one = endpoint("1");
  const same = endpoint("1", { tags: ["x"], weight: 9, status: "warning", meta: { a: "b" } });
  assertEquals(endpointSet([one, endpoint("2")]), endpointSet([endpoint("2"), same]));
  for (
    const other of [endpoint("2"), endpoint("1", { port: 1 }), endpoint("1", { address: "b" })]
  ) {
    assertEquals(endpointSet([one]) === endpointSet([other]), false);
  }
});

test("publishWatches() publishes changed with healthy or unhealthy, and nothing for a first empty list", () => {
  const client = new FakeClient().set("db", []);
  const bus = new EventBus();
  const seen: string[] = [];
  bus.subscribe(({ code, source }) => void seen.push(`${source} ${code}`));
  publishWatches(client, bus);
  const change = (endpoints: ReturnType<typeof endpoint>[]) =>
    client.events.emit("change", { service: "db", added: [], removed: [], changed: [], endpoints });
  change([]);
  assertEquals(seen, []);
  change([endpoint("1")]);
  change([endpoint("1", { weight: 3 })]);
  change([]);
  assertEquals(seen, [
    "watch.db changed",
    "watch.db healthy",
    "watch.db changed",
    "watch.db unhealthy",
  ]);
});

test("QuietPeriod acts once after many changes, and not later than its maximum", async () => {
  const clock = new ManualClock();
  let acts = 0;
  const options = { minMs: 250, maxMs: 1_000, splayMs: 0, clock, random: () => 0 };
  const period = new QuietPeriod(options, () => acts++);
  for (let i = 0; i < 3; i++) {
    period.change();
    await clock.advance(200);
  }
  assertEquals(acts, 0);
  await clock.advance(50);
  assertEquals(acts, 1);
  for (let i = 0; i < 6; i++) {
    period.change();
    await clock.advance(200);
  }
  assertEquals(acts, 2);
  await clock.advance(1_000);
  assertEquals([acts, clock.pending], [3, 0]);
});

test("LineSplitter keeps characters whole across chunks, cuts long lines and writes the last one", () => {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => void lines.push(line));
  const bytes = new TextEncoder().encode("é one\r\ntwo");
  for (const byte of bytes) splitter.push(new Uint8Array([byte]));
  splitter.end();
  assertEquals(lines, ["é one", "two"]);
  splitter.push(new TextEncoder().encode("x".repeat(40_000)));
  splitter.end();
  assertEquals(lines.slice(2).map(({ length }) => length), [16_384, 16_384, 7_232]);
});

test("formatLine() writes ContainerPilot's three formats", () => {
  const fields = { job: "app", pid: 7 };
  const write = (format: "default" | "text" | "json") =>
    formatLine(format, "info", 0, "hi", fields);
  assertEquals(write("default"), "1970-01-01T00:00:00.000Z app 7 hi\n");
  assertMatch(write("text"), /^time="1970.*" level=info msg="hi" job=app pid=7\n$/);
  assertEquals(JSON.parse(write("json")).msg, "hi");
});

test("endpointVariables() names host, port and all hosts", () => {
  assertEquals(endpointVariables("order-db.x", [endpoint("1"), endpoint("2", { port: 1 })]), {
    PILOTED_ORDER_DB_X_HOST: "10.1.0.49",
    PILOTED_ORDER_DB_X_PORT: "8080",
    PILOTED_ORDER_DB_X_HOSTS: "10.1.0.49:8080,10.1.0.50:1",
  });
});

test("catchesHangup() knows nothing of a process that is not there", async () => {
  assertEquals(await catchesHangup(999_999_999), undefined);
});

const read = async (jobs: string, more = "") => {
  const text = `{ consul: "c:8500", jobs: [${jobs}]${more} }`;
  const env = { template: {}, consul: {}, missing: undefined };
  return await parseSupervisorConfig(text, env, "app.json5");
};

test("parseSupervisorConfig() reads jobs as ContainerPilot does", async () => {
  const { jobs: [app, task, hup] } = await read(`
    { name: "app", exec: "node  app.js", port: 80, health: { exec: "check", interval: 5, ttl: 9 },
      restarts: "unlimited", stopTimeout: "3s" },
    { exec: ["/bin/task", "a b"], when: { interval: "1500ms" } },
    { name: "hup", exec: "true", when: { source: "SIGHUP" }, restarts: 1.9 }`);
  assertEquals(app!.exec, ["node", "", "app.js"]);
  assertEquals([app!.restarts, app!.stopTimeoutMs, app!.health!.timeoutMs], [
    Infinity,
    3_000,
    5_000,
  ]);
  assertEquals([task!.name, task!.intervalMs, task!.timeoutMs, task!.restarts], [
    "/bin/task",
    1_500,
    1_500,
    Infinity,
  ]);
  assertEquals([hup!.when, hup!.starts, hup!.restarts], [
    { code: "signal", source: "SIGHUP" },
    Infinity,
    1,
  ]);
});

test("parseSupervisorConfig() warns of what only a shell would understand", async () => {
  const { config } = await read(
    `{ name: "a", exec: "cat x | grep y" }, { name: "b", exec: "echo $A" }`,
  );
  assertEquals(config.warnings.map(({ at }) => at), ["jobs[0].exec", "jobs[1].exec"]);
});

test("parseSupervisorConfig() refuses what ContainerPilot refuses", async () => {
  const cases = [
    `{ name: "a", exec: "x", when: { once: "healthy", each: "changed", source: "b" } }`,
    `{ name: "a", exec: "x", when: { once: "helthy", source: "b" } }`,
    `{ name: "a", exec: "x", when: { source: "b", each: "changed" }, restarts: "unlimited" }`,
    `{ name: "a", exec: "x", restarts: "sometimes" }`,
    `{ name: "a", exec: "x", restarts: -1 }`,
    `{ name: "a", exec: "x", port: 80 }`,
    `{ name: "a", exec: "x", health: { exec: "y", interval: 0, ttl: 1 } }`,
    `{ name: "a", exec: "x", timeout: "soon" }`,
    `{ name: "a", exec: [] }`,
    `{ port: 0 }`,
  ];
  for (const text of cases) await assertRejects(() => read(text), PilotedError, undefined, text);
});

test("parseSupervisorConfig() reads stopTimeout and logging", async () => {
  const { stopTimeoutMs, logging } = await read(
    "",
    `, logging: { level: "DEBUG", format: "json" }`,
  );
  assertEquals([stopTimeoutMs, logging], [
    5_000,
    { level: "debug", format: "json", output: "stdout" },
  ]);
  assertEquals((await read("", ", stopTimeout: -1")).stopTimeoutMs, 0);
});
