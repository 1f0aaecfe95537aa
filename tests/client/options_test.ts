/** Every public function refuses wrong arguments with an error that says which, why, and what to do. */
import { assertRejects, assertThrows } from "@std/assert";
import { createPiloted } from "../../src/client/create_piloted.ts";
import type { Piloted } from "../../src/client/piloted.ts";
import { otelObserver } from "../../src/plugs/otel/mod.ts";
import { StaticSource } from "../../src/source/static.ts";
import { test } from "../support/test.ts";

const source = new StaticSource({ app: [{ address: "10.0.0.1", port: 80 }] });
const valid = { config: { consul: "127.0.0.1:1", watches: [{ name: "app" }] }, source };

// deno-lint-ignore no-explicit-any -- what no compiler has seen
type Wrong = any;

const OPTIONS: readonly [Wrong, string][] = [
  [{ requestTimeout: 5 }, "Did you mean requestTimeoutMs?"],
  [
    { requestTimeoutMs: "5" },
    'option requestTimeoutMs of createPiloted(): it must be a number, received "5"',
  ],
  [{ source: {} }, "option source of createPiloted(): it must be an object with read()"],
  [{ clock: {} }, "option clock of createPiloted(): it must be an object with now() and start()"],
  [
    { logger: { log() {} } },
    "option logger of createPiloted(): it must be an object with info() and",
  ],
  [{ failover: "dc2" }, "option failover of createPiloted(): it must be an object"],
  [{ failover: [5] }, "a list of names of datacenters"],
  [{ outliers: true }, "outliers"],
  [{ balancer: "round_robin" }, "Did you mean round-robin?"],
];

for (const [options, message] of OPTIONS) {
  test(`createPiloted() refuses ${JSON.stringify(options)}`, async () => {
    await assertRejects(() => createPiloted({ ...valid, ...options }), TypeError, message);
  });
}

test("createPiloted() says where a path goes", async () => {
  const call = () => createPiloted("/etc/containerpilot.json5" as Wrong);
  await assertRejects(call, TypeError, "a path goes into the option config");
});

const CALLS: readonly [string, (piloted: Piloted) => unknown, string][] = [
  [
    "waitForEndpoints(name, 5)",
    (it) => it.waitForEndpoints("app", 5 as Wrong),
    "must be an object",
  ],
  [
    "waitForEndpoints(name, { timeout })",
    (it) => it.waitForEndpoints("app", { timeout: 5 } as Wrong),
    "Did you mean timeoutMs?",
  ],
  ["watch(name, { inital })", (it) => it.watch("app", { inital: true } as Wrong), "initial?"],
  ["on(type)", (it) => it.on("changes" as Wrong, () => {}), "received changes"],
  ["on(type, {})", (it) => it.on("change", {} as Wrong), "must be a function"],
  ["on(..., { signal: 5 })", (it) => it.on("change", () => {}, { signal: 5 as Wrong }), "signal"],
  ["once(type, { signal: 5 })", (it) => it.once("change", { signal: 5 as Wrong }), "signal"],
  ["events({ signal: {} })", (it) => it.events({ signal: {} as Wrong }), "signal"],
];

for (const [what, call, message] of CALLS) {
  test(`Piloted.${what} is refused`, async () => {
    await using piloted = await createPiloted(valid);
    await assertRejects(async () => await call(piloted), TypeError, message);
  });
}

test("StaticSource and otelObserver() refuse what they cannot use", () => {
  for (const wrong of [null, [], "app", { app: "10.0.0.1:80" }]) {
    assertThrows(() => new StaticSource(wrong as Wrong), TypeError, "Cannot create a StaticSource");
  }
  assertThrows(() => otelObserver({ tracerr: 1 } as Wrong), TypeError, "Did you mean tracer?");
  assertThrows(() => otelObserver({ meter: {} as Wrong }), TypeError, "createHistogram()");
});
