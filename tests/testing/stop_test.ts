import { assertEquals } from "@std/assert";
import process from "node:process";
import { EmbeddedConsul } from "../../src/testing/embedded_consul.ts";
import { Stop } from "../../src/testing/stop.ts";
import { test } from "../support/test.ts";

test("Stop calls each listener once, a late one at once, and none that was removed", () => {
  const stop = new Stop();
  const seen: string[] = [];
  const listener = (reason: unknown) => void seen.push(`first ${reason}`);
  stop.onStop(listener);
  // The same function twice is two listeners.
  stop.onStop(listener);
  stop.onStop(() => seen.push("removed"))();
  stop.stop("a");
  stop.stop("b");
  stop.onStop((reason) => seen.push(`late ${reason}`));
  assertEquals(seen, ["first a", "first a", "late a"]);
});

test("EmbeddedConsul parks many blocking queries without a warning of leaked listeners", async () => {
  const warnings: string[] = [];
  const warned = (warning: Error) => warnings.push(warning.message);
  process.on("warning", warned);
  try {
    const consul = new EmbeddedConsul();
    const index = (await consul.fetch("http://consul/v1/health/service/a")).headers
      .get("x-consul-index");
    const parked = Array.from(
      { length: 50 },
      () => consul.fetch(`http://consul/v1/health/service/a?index=${index}&wait=60s`),
    );
    const settled = Promise.allSettled(parked);
    await new Promise((resolve) => setTimeout(resolve));
    await consul.close();
    assertEquals((await settled).filter(({ status }) => status === "fulfilled"), []);
    // Node reports a warning in the next turn.
    await new Promise((resolve) => setTimeout(resolve));
    assertEquals(warnings, []);
  } finally {
    process.off("warning", warned);
  }
});
