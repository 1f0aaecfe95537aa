import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { createRequire } from "node:module";
import { CompatPiloted } from "../../src/compat/mod.ts";
import { EmbeddedConsul } from "../../src/testing/mod.ts";
import { test } from "../support/test.ts";
import { waitUntil } from "../support/wait_until.ts";

type Both = Pick<CompatPiloted, "config" | "service" | "serviceHosts" | "refresh" | "on">;

// It listens to SIGHUP when it is loaded: before the tests, which look for what is left behind.
const peer = createRequire(import.meta.url)("piloted") as Both;

async function sideBySide(
  run: (one: Both, consul: EmbeddedConsul, address: string) => Promise<void>,
): Promise<void> {
  await using consul = new EmbeddedConsul();
  const address = (await consul.listen()).url.replace("http://", "");
  for (const id of [1, 2, 3]) {
    consul.register({ name: "customers", id: `c${id}`, address: `10.0.0.${id}`, port: 80 });
  }
  await run(peer, consul, address);
  const ours = new CompatPiloted();
  try {
    await run(ours, consul, address);
  } finally {
    await ours.close();
  }
}

const plain = (service: unknown) => {
  const { address, port } = service as { address: string; port: number };
  return `${address}:${port}`;
};

test("compat: service() and serviceHosts() give what node-piloted gives", () =>
  sideBySide(async (one, _, address) => {
    await one.config({ consul: address, watches: [{ name: "customers" }] });
    assertEquals(one.serviceHosts("customers")!.map(plain).sort(), [
      "10.0.0.1:80",
      "10.0.0.2:80",
      "10.0.0.3:80",
    ]);
    const first = Array.from({ length: 3 }, () => plain(one.service("customers")));
    const second = Array.from({ length: 3 }, () => plain(one.service("customers")));
    assertEquals(first, second);
    assertEquals(new Set(first).size, 3);
    assertThrows(() => one.service("orders"), Error, "isn't configured to be watched");
    assertThrows(() => one.serviceHosts("orders"), Error, "isn't configured to be watched");
  }));

test("compat: config() takes the text of a file, and a callback", () =>
  sideBySide(async (one, _, address) => {
    const text = `{ consul: "${address}", watches: [{ name: "customers", interval: 5 }] }`;
    const error = await new Promise<unknown>((resolve) => one.config(text, resolve));
    assertEquals(error ?? undefined, undefined);
    assertEquals(one.serviceHosts("customers")!.length, 3);
  }));

test("compat: config() refuses what is no configuration", () =>
  sideBySide((one) => {
    assertThrows(
      () => one.config(undefined as never),
      Error,
      "must exist and be an object or a string",
    );
    return Promise.resolve();
  }));

test("compat: refresh() reads again and emits refresh", () =>
  sideBySide(async (one, consul, address) => {
    await one.config({ consul: address, watches: [{ name: "customers" }] });
    let refreshes = 0;
    one.on("refresh", () => refreshes++);
    consul.deregister("c3");
    one.refresh();
    await waitUntil(() => refreshes > 0 && one.serviceHosts("customers")!.length === 2);
    consul.register({ name: "customers", id: "c3", address: "10.0.0.3", port: 80 });
  }));

test("compat: a list that changes by itself is a refresh, too", async () => {
  await using consul = new EmbeddedConsul();
  const address = (await consul.listen()).url.replace("http://", "");
  consul.register({ name: "db", id: "d1", address: "10.0.0.1", port: 1 });
  const piloted = new CompatPiloted();
  let refreshes = 0;
  await piloted.config({ consul: address, watches: [{ name: "db", interval: 1 }] });
  const listener = () => refreshes++;
  piloted.on("refresh", listener).once("refresh", listener);
  assertEquals(piloted.listenerCount("refresh"), 2);
  consul.register({ name: "db", id: "d2", address: "10.0.0.2", port: 1 });
  await waitUntil(() => refreshes > 0);
  assertEquals(piloted.serviceHosts("db")!.length, 2);
  assertEquals(piloted.listenerCount("refresh"), 1);
  piloted.off("refresh", listener);
  assertEquals(piloted.listenerCount("refresh"), 0);
  await piloted.close();
});

test("compat: before the first list lookups are null, and a failed config() rejects", async () => {
  const piloted = new CompatPiloted();
  const failing = piloted.config({ consul: "127.0.0.1:9", watches: [{ name: "db" }] });
  await assertRejects(() => failing);
  assertEquals([piloted.service("db"), piloted.serviceHosts("db")], [null, null]);
  await piloted.close();
});
