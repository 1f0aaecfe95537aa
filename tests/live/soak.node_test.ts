import { assertEquals } from "@std/assert";
import { runSoak } from "../../scripts/chaos/soak.ts";
import { skipWithoutConsul } from "../support/consul.ts";
import { test } from "../support/test.ts";

const skip = await skipWithoutConsul();

// On Node alone: the runtime that also tells its timers.
test("neither heap nor timers nor sockets grow while 200 services flap for half a minute", {
  skip,
  timeout: 180_000,
}, async () => {
  // Within 5 % is what ten minutes show; in one the code is still being compiled.
  const report = await runSoak({ seconds: 30, services: 200, changes: 20, growth: 0.1 });
  assertEquals(report.broken, []);
});
