/** Whatever waits ends with close(): every kind of wait is opened, then the client is closed. */
import { assertEquals } from "@std/assert";
import { createPiloted } from "../../src/client/create_piloted.ts";
import type { Piloted } from "../../src/client/piloted.ts";
import { PilotedError } from "../../src/errors.ts";
import { ManualClock } from "../../src/testing/manual_clock.ts";
import { ScriptedSource } from "../support/scripted_source.ts";
import { test } from "../support/test.ts";

/** How a wait ended. */
async function end(wait: Promise<unknown>): Promise<string> {
  try {
    const value = await wait;
    return (value as { done?: boolean } | undefined)?.done ? "done" : "resolved";
  } catch (error) {
    return error instanceof PilotedError ? error.code : String(error);
  }
}

const WAITS: readonly [string, (it: Piloted) => Promise<unknown>, string][] = [
  ["waitForEndpoints()", (it) => it.waitForEndpoints("app", { timeoutMs: 3_600_000 }), "CLOSED"],
  ["waitForEndpoints() without a time limit", (it) => it.waitForEndpoints("app"), "CLOSED"],
  ["refresh()", (it) => it.refresh(), "CLOSED"],
  ["a second refresh()", (it) => {
    it.refresh().catch(() => {});
    return it.refresh();
  }, "CLOSED"],
  ["service() during a refresh", (it) => {
    it.refresh().catch(() => {});
    return it.service("app");
  }, "CLOSED"],
  ["watch()", (it) => it.watch("app").next(), "done"],
  ["events()", (it) => it.events().next(), "done"],
  ["once()", (it) => it.once("change"), "CLOSED"],
];

for (const [what, start, expected] of WAITS) {
  test(`close() ends ${what}`, async () => {
    const clock = new ManualClock();
    const source = new ScriptedSource();
    const starting = createPiloted({
      config: { consul: "consul:8500", watches: [{ name: "app" }] },
      signals: false,
      // The wait for a refresh must not end by itself.
      refreshTimeoutMs: 3_600_000,
      clock,
      source,
    });
    await source.opened(1);
    source.next.answer([], 1);
    const piloted = await starting;
    const ending = end(start(piloted));
    await clock.advance(1);
    await piloted.close();
    assertEquals(await ending, expected);
    assertEquals(clock.pending, 0);
  });
}

test("close() ends a lookup of an on-demand client that waits for the registry", async () => {
  const clock = new ManualClock();
  const source = new ScriptedSource();
  const piloted = await createPiloted({
    mode: "on-demand",
    config: { consul: "consul:8500", watches: [{ name: "app" }] },
    clock,
    source,
  });
  const ending = [end(piloted.service("app")), end(piloted.waitForEndpoints("app"))];
  await source.opened(1);
  await piloted.close();
  assertEquals(await Promise.all(ending), ["CLOSED", "CLOSED"]);
  assertEquals(clock.pending, 0);
});
