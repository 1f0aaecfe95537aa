import { assertEquals } from "@std/assert";
import { setColorEnabled } from "@std/fmt/colors";
import { createServeLog, logClient, requestErrorText } from "../../src/cli/serve_log.ts";
import type { ConfigWarning } from "../../src/config/config.ts";
import { PilotedError } from "../../src/errors.ts";
import { endpoint, FakeClient } from "../http/fake_client.ts";
import { test } from "../support/test.ts";

const A = endpoint("app", 1);

/** Logs a client and returns the lines so far. */
function logged(client: FakeClient, warnings: readonly ConfigWarning[] = []): string[] {
  setColorEnabled(false);
  const lines: string[] = [];
  const loggedClient = {
    config: { warnings } as never,
    on: client.on.bind(client) as typeof client.on,
    status: client.status.bind(client) as typeof client.status,
  };
  logClient(loggedClient, createServeLog((line) => void lines.push(line)));
  return lines;
}

function failure(message: string): PilotedError {
  return new PilotedError("REGISTRY_UNREACHABLE", message);
}

test("logClient() logs a state once, not each attempt and not each watch", () => {
  const client = new FakeClient().set("app", [A], { watchCount: 2 });
  const lines = logged(client);
  assertEquals(lines, []);
  const error = failure("Cannot read app: refused");
  client.set("app", [A], { state: "stale", error });
  // The second watch of the service, and more failed attempts.
  for (let i = 0; i < 3; i++) client.events.emit("status", client.status("app"));
  client.events.emit("error", error);
  client.set("app", [A]);
  client.events.emit("status", client.status("app"));
  assertEquals(lines, ["app: stale, Cannot read app: refused", "app: live, 1 endpoint"]);
});

test("logClient() starts with the services that are not live", () => {
  const client = new FakeClient().set("app", [A]).set("db", [], { state: "pending" });
  assertEquals(logged(client), ["db: pending"]);
});

test("logClient() logs warnings of the configuration with their place", () => {
  const lines = logged(new FakeClient(), [
    { message: "unset variable CONSULL", path: "/etc/c.json5", line: 3 },
    { message: "no place" },
  ] as ConfigWarning[]);
  assertEquals(lines, ["Warning: unset variable CONSULL (/etc/c.json5:3)", "Warning: no place"]);
});

test("logClient() logs each refresh, and which services failed", async () => {
  const client = new FakeClient().set("app", [A]).set("db", []);
  const lines = logged(client);
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
