import { assertEquals } from "@std/assert";
import { createFetch } from "../../src/client/create_fetch.ts";
import { createPiloted } from "../../src/client/create_piloted.ts";
import type { PilotedError } from "../../src/errors.ts";
import { ManualClock } from "../../src/testing/manual_clock.ts";
import { endpoint } from "../support/endpoints.ts";
import { ScriptedSource } from "../support/scripted_source.ts";
import { test } from "../support/test.ts";

async function scene() {
  const clock = new ManualClock();
  const source = new ScriptedSource();
  const piloted = await createPiloted({
    mode: "on-demand",
    config: { consul: "127.0.0.1:1", watches: [{ name: "app" }] },
    source,
    clock,
  });
  const fetch = createFetch(piloted, {
    clock,
    fetch: (input) => Promise.resolve(new Response(String(input))),
  });
  const hasty = createFetch(piloted, {
    clock,
    timeoutMs: 100,
    fetch: (input) => Promise.resolve(new Response(String(input))),
  });
  return { clock, source, piloted, fetch, hasty };
}

test("createFetch() over an on-demand client reads the list before the first call", async () => {
  const { source, piloted, fetch } = await scene();
  const call = fetch("http://app/x");
  await source.opened(1);
  source.next.answer([endpoint("a")], 1);
  assertEquals(await (await call).text(), "http://10.0.0.1:8080/x");
  // Fresh: nothing is read.
  await fetch("http://app/y");
  assertEquals(source.asked.length, 1);
  await piloted.close();
});

test("createFetch() over an on-demand client gives up with its own deadline and the caller's signal", async () => {
  const { clock, source, piloted, fetch, hasty } = await scene();
  const late = hasty("http://app/").catch((error) => error);
  const reason = new Error("enough");
  const abort = new AbortController();
  const aborted = fetch("http://app/", { signal: abort.signal }).catch((error) => error);
  await source.opened(1);
  await clock.advance(100);
  const error = await late as PilotedError;
  assertEquals(error.code, "NO_ENDPOINTS");
  abort.abort(reason);
  assertEquals(await aborted, reason);
  await piloted.close();
  assertEquals(clock.pending, 0);
});
