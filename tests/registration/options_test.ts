import { assert, assertEquals, assertThrows } from "@std/assert";
import { checkRegisterOptions } from "../../src/registration/check_register_options.ts";
import { jobOptions } from "../../src/registration/job_options.ts";
import type { RegisterOptions } from "../../src/registration/options.ts";
import { parseConfig } from "../../src/config/parse_config.ts";
import { test } from "../support/test.ts";

const REFUSED: readonly (readonly [Record<string, unknown>, typeof TypeError, RegExp])[] = [
  [{ name: "" }, TypeError, /option name/],
  [{ name: undefined }, TypeError, /option name .* received nothing/],
  [{ port: 0 }, RangeError, /port .* 1 to 65535, received 0/],
  [{ port: 1.5 }, TypeError, /option port/],
  [{ prot: 1 }, TypeError, /Did you mean port\?/],
  [{ id: "" }, TypeError, /option id/],
  [{ ports: { admin: 70_000 } }, TypeError, /ports.admin/],
  [{ meta: { a: 1 } }, TypeError, /meta.a/],
  [{ tags: "blue" }, TypeError, /option tags/],
  [{ tags: [1] }, TypeError, /option tags .* received 1/],
  [{ interfaces: ["eth0:inet5"] }, TypeError, /option interfaces .* "eth0:inet5"/],
  [{ address: "10.0.0.256" }, TypeError, /option address/],
  [{ weights: { passing: 0, warning: 0 } }, TypeError, /weights.passing/],
  [{ taggedAddresses: { wan: { address: "a b", port: 1 } } }, TypeError, /taggedAddresses.wan/],
  [{ initialStatus: "pasing" }, TypeError, /did you mean passing/],
  [{ check: { ttl: 1 } }, TypeError, /Did you mean ttlMs\?/],
  [{ check: { ttlMs: 1_000, intervalMs: 1_000 } }, RangeError, /shorter than ttlMs \(1000\)/],
  [{ check: { failuresBeforeCritical: 0 } }, RangeError, /failuresBeforeCritical/],
  [{ checks: [{ intervalMs: 1 }] }, TypeError, /one of http, tcp and grpc/],
  [{ checks: [{ tcp: "a:1" }] }, TypeError, /intervalMs is missing/],
  [{ checks: [{ tcp: "a:1", intervalMs: 1, timeout: 1 }] }, TypeError, /checks\[0\].*timeoutMs/],
];

test("register(): every invalid option is refused by name", () => {
  for (const [options, kind, pattern] of REFUSED) {
    const all = { name: "app", port: 80, ...options } as unknown as RegisterOptions;
    const error = assertThrows(() => checkRegisterOptions(all, "register()"), kind);
    assert(pattern.test(error.message), `${pattern}: ${error.message}`);
  }
});

test("register(): the interval follows the TTL, and the TTL the interval", () => {
  const times = (check: RegisterOptions["check"]) => {
    const { ttlMs, intervalMs } = checkRegisterOptions({ name: "a", port: 1, check }, "register()");
    return [ttlMs, intervalMs];
  };
  assertEquals(times(undefined), [30_000, 10_000]);
  assertEquals(times({ ttlMs: 15_000 }), [15_000, 5_000]);
  assertEquals(times({ intervalMs: 2_000 }), [6_000, 2_000]);
});

test("jobOptions(): ContainerPilot's meaning of a job", async () => {
  const { registrations: [job] } = await parseConfig(
    `{ consul: "c:8500", jobs: [{ name: "app", port: 80, health: { interval: 5, ttl: 15 },
      consul: { deregisterCriticalServiceAfter: "90m", enableTagOverride: true } }] }`,
    { env: {} },
  );
  const { check, ...options } = jobOptions(job!, {});
  assertEquals([check!.ttlMs, check!.intervalMs, check!.reportFailures], [15_000, 5_000, false]);
  assertEquals(check!.notes, "TTL for app set by containerpilot");
  assertEquals(options.awaitPassing, true);
  assertEquals(options.deregisterCriticalAfterMs, 5_400_000);
  assertEquals(options.enableTagOverride, true);
  const run = () => false;
  assertEquals(jobOptions(job!, { app: run }).check!.run, run);
});
