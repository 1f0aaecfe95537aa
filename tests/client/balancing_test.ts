import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { createPiloted } from "../../src/client/create_piloted.ts";
import type { BalanceEvent } from "../../src/client/events.ts";
import type { PilotedOptions } from "../../src/client/options.ts";
import type { Piloted } from "../../src/client/piloted.ts";
import { PilotedError } from "../../src/errors.ts";
import { type StaticEndpoint, StaticSource } from "../../src/source/static.ts";
import { EmbeddedConsul } from "../../src/testing/mod.ts";
import { ManualClock } from "../../src/testing/manual_clock.ts";
import { addressFor } from "../support/endpoints.ts";
import { test } from "../support/test.ts";

function start(app: StaticEndpoint[], options: PilotedOptions = {}): Promise<Piloted> {
  return createPiloted({
    config: { consul: "consul:8500", watches: [{ name: "app" }, { name: "db" }] },
    source: new StaticSource({ app, db: app }),
    signals: false,
    ...options,
  });
}

const three = ["a", "b", "c"].map((id) => ({ id, address: addressFor(id), port: 80 }));

test("balancer chooses the algorithm for all services, or by service", async () => {
  await using all = await start(three, { balancer: "random" });
  assertEquals(all.status("app").balance.picker, "random");
  await using some = await start(three, { balancer: { db: ([first]) => first } });
  assertEquals(some.status("app").balance.picker, "round-robin");
  assertEquals([1, 2, 3].map(() => some.pick("db").id), ["a", "a", "a"]);
  await assertRejects(
    () => start(three, { balancer: "nearest" as "random" }),
    TypeError,
    "nearest",
  );
});

test("acquire() leases an endpoint, and failures eject it with an event", async () => {
  const clock = new ManualClock();
  const piloted = await start(three, { clock, random: () => 0.5 });
  const events: BalanceEvent[] = [];
  piloted.on("balance", (event) => events.push(event));
  const lease = piloted.acquire("app");
  assertEquals(piloted.status("app").balance.pendingCount, 1);
  lease.release();
  assertEquals(piloted.status("app").balance.pendingCount, 0);
  const bad = "a";
  for (let failures = 0; failures < 5;) {
    const lease = piloted.acquire("app", { exclude: ({ id }) => id !== bad });
    lease.release("failure");
    failures++;
  }
  assertEquals(events.map(({ service, type }) => [service, type]), [["app", "ejected"]]);
  const picked = new Set([1, 2, 3, 4].map(() => piloted.pick("app").id));
  assertEquals([...picked].sort(), ["b", "c"]);
  assertThrows(() => piloted.acquire("nope"), PilotedError, "Cannot look up");
  await piloted.close();
});

test("outliers: false ejects nothing", async () => {
  await using piloted = await start(three, { outliers: false });
  for (let failures = 0; failures < 20; failures++) {
    piloted.acquire("app", { exclude: ({ id }) => id !== "a" }).release("failure");
  }
  assertEquals(new Set([1, 2, 3].map(() => piloted.pick("app").id)).size, 3);
});

test("zone keeps to the own zone, and counts its instances that are critical as lost", async () => {
  const consul = new EmbeddedConsul();
  const zones = { here: ["a", "b", "c", "d"], there: ["e", "f", "g", "h"] };
  for (const [zone, ids] of Object.entries(zones)) {
    for (const id of ids) {
      consul.register({
        name: "app",
        id,
        address: addressFor(id),
        port: 80,
        status: "passing",
        meta: { zone },
      });
    }
  }
  const piloted = await createPiloted({
    config: { consul: "consul:8500", watches: [{ name: "app" }] },
    fetch: consul.fetch,
    signals: false,
    zone: "here",
  });
  const share = () => piloted.status("app").balance.localShare;
  assertEquals(share(), 1);
  const picked = new Set([1, 2, 3, 4, 5, 6].map(() => piloted.pick("app").zone));
  assertEquals([...picked], ["here"]);
  const changed = new Promise((resolve) => piloted.on("change", resolve));
  for (const id of ["a", "b"]) consul.setStatus(id, "critical");
  await changed;
  while (piloted.serviceHosts("app").length > 6) {
    await new Promise((resolve) => piloted.on("change", resolve));
  }
  // Half of four are usable, times 1.4.
  assertEquals(share()?.toFixed(2), "0.70");
  await piloted.close();
  await consul.close();
});

test("waitForEndpoints() resolves with the first endpoint, or when the time is up", async () => {
  const consul = new EmbeddedConsul();
  const piloted = await createPiloted({
    config: { consul: "consul:8500", watches: [{ name: "app" }] },
    fetch: consul.fetch,
    signals: false,
  });
  assertEquals(await piloted.waitForEndpoints("app", { timeoutMs: 1 }), false);
  assertEquals(piloted.serviceHosts("app").length, 0);
  const waiting = piloted.waitForEndpoints("app", { timeoutMs: 30_000 });
  consul.register({ name: "app", address: "10.0.0.1", port: 80 });
  assertEquals(await waiting, true);
  assertEquals(piloted.serviceHosts("app").length, 1);
  const reason = new Error("enough");
  consul.deregister("app");
  await assertRejects(
    () => piloted.waitForEndpoints("app", { timeoutMs: 1, signal: AbortSignal.abort(reason) }),
    Error,
    "enough",
  );
  await piloted.close();
  await consul.close();
});
