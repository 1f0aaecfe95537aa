import { assertEquals } from "@std/assert";
import { setColorEnabled } from "@std/fmt/colors";
import {
  createServeLog,
  logRefreshes,
  requestErrorText,
  shedLog,
} from "../../src/cli/serve_log.ts";
import { ManualClock } from "../../src/testing/mod.ts";
import { endpoint, FakeClient } from "../http/fake_client.ts";
import { test } from "../support/test.ts";

/** A log without colors and its lines. */
function createLog(): { log: ReturnType<typeof createServeLog>; lines: string[] } {
  setColorEnabled(false);
  const lines: string[] = [];
  return { log: createServeLog((line) => void lines.push(line)), lines };
}

test("createServeLog() marks warnings and errors, and drops the client's prefix", () => {
  const { log, lines } = createLog();
  log.info("piloted: app is live, 1 endpoint");
  log.warn("piloted: app is stale");
  log.error("GET / responded 500: piloted: x");
  assertEquals(lines, [
    "app is live, 1 endpoint",
    "Warning: app is stale",
    "Error: GET / responded 500: piloted: x",
  ]);
});

test("logRefreshes() logs each refresh, and which services failed", async () => {
  const client = new FakeClient().set("app", [endpoint("app", 1)]).set("db", []);
  const { log, lines } = createLog();
  logRefreshes(client, log);
  await client.refresh();
  client.events.emit("refresh", { services: ["app", "db"], failed: ["db"], durationMs: 1 });
  assertEquals(lines, ["Refreshed 2 of 2 services", "Refreshed 1 of 2 services, failed: db"]);
});

test("requestErrorText() is one line with path and reason, without the query", () => {
  const request = new Request("http://localhost/metrics?token=secret", { method: "POST" });
  const error = new TypeError("two\n  lines", { cause: new Error("the cause") });
  assertEquals(
    requestErrorText(error, request),
    "POST /metrics responded 500: TypeError: two lines (the cause)",
  );
  assertEquals(
    requestErrorText("a string", request),
    "POST /metrics responded 500: a string",
  );
});

test("shedLog() counts closed connections, and logs once in ten seconds", async () => {
  const { log, lines } = createLog();
  const clock = new ManualClock();
  const shed = shedLog(log, clock);
  shed("connections", 1);
  shed("connections", 2);
  assertEquals(lines, []);
  await clock.advance(1_000);
  shed("files", 1);
  await clock.advance(9_999);
  assertEquals(lines, [
    "Warning: closed 3 connections for new ones: too many connections; see --max-connections",
  ]);
  await clock.advance(1);
  assertEquals(lines.slice(1), [
    "Warning: closed 1 connection for new ones: too many open files; raise the limit (ulimit -n) " +
    "or lower --max-connections",
  ]);
  await clock.advance(60_000);
  assertEquals([lines.length, clock.pending], [2, 0]);
});
