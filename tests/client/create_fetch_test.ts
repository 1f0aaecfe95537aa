import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { createFetch, createPiloted, PilotedError, StaticSource } from "../../mod.ts";
import { listen } from "../../src/runtime/listen.ts";
import { test } from "../support/test.ts";

function start(port: number) {
  return createPiloted({
    config: { consul: "consul:8500", watches: [{ name: "customers" }, { name: "none" }] },
    source: new StaticSource({ customers: [{ address: "127.0.0.1", port }] }),
    signals: false,
  });
}

test("piloted.fetch goes to an endpoint of the service that the URL names", async () => {
  const server = await listen(async (request) =>
    new Response(`${request.method} ${new URL(request.url).pathname} ${await request.text()}`)
  );
  const piloted = await start(server.port);
  const [first, second] = await Promise.all([
    piloted.fetch("http://customers/orders", { method: "POST", body: "one" }),
    piloted.fetch(new Request("http://customers/orders?x=1")),
  ]);
  assertEquals(await first.text(), "POST /orders one");
  assertEquals(await second.text(), "GET /orders ");
  const error = await assertRejects(
    () => piloted.fetch("http://none/"),
    PilotedError,
  ) as PilotedError;
  assertEquals(error.code, "NO_ENDPOINTS");
  await piloted.close();
  await server.close();
});

test("createFetch() tells of wrong options at once, and refuses other hosts where it is told to", async () => {
  const piloted = await start(1);
  assertThrows(() => createFetch(piloted, { maxAttempts: 0 }), RangeError, "maxAttempts");
  assertThrows(() => createFetch(piloted, { retry: "often" as "always" }), TypeError, "often");
  const refusing = createFetch(piloted, { unknownHosts: "reject" });
  for (const url of ["http://127.0.0.1:1/", "http://ü.example/", "http://customers.example/"]) {
    const error = await assertRejects(() => refusing(url), PilotedError) as PilotedError;
    assertEquals(error.code, "UNKNOWN_SERVICE");
  }
  await piloted.close();
});
