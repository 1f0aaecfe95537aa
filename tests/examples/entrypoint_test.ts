import { assertEquals, assertMatch } from "@std/assert";
import { currentRuntime, startScript } from "../support/process.ts";
import { test } from "../support/test.ts";

test("examples/entrypoint.ts registers its application, tells it of its database, and ends in order", async () => {
  const child = await startScript(currentRuntime, "examples/entrypoint.ts");
  const { code } = await child.exited;
  const output = child.stdout();
  assertEquals(code, 0, output + child.stderr());
  const order = [
    "app runs below \\d+ as 127\\.0\\.0\\.1",
    "app is registered as app-",
    "db is at 10\\.0\\.0\\.5:5432",
    "db is at 10\\.0\\.0\\.6:5432",
    "db is away",
    "received SIGTERM",
    "app is about to stop",
    "app has closed",
    "exit code 0, and Consul has 0 services",
  ];
  assertMatch(output, new RegExp(order.join("[^]*")));
  // Two processes write: which line is first is nobody's to say.
  assertMatch(output, /app looks again[^]*app looks again/);
});
