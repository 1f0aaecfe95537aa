import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PilotedError } from "../../src/errors.ts";
import type { Change } from "../../src/snapshot.ts";
import { StaticSource } from "../../src/source/static.ts";
import { EmbeddedConsul } from "../../src/testing/mod.ts";
import { freshModule } from "../support/fresh_module.ts";
import { withTemporaryFolder } from "../support/temporary_folder.ts";
import { test } from "../support/test.ts";

/** The default client as a program first finds it: no test depends on what another did to it. */
function fresh(): Promise<typeof import("../../src/client/default_client.ts")> {
  return freshModule("../../src/client/default_client.ts", import.meta.url);
}

const watches = [{ name: "app" }];
const object = { consul: "consul:8500", watches };

function source(address: string): StaticSource {
  return new StaticSource({ app: [{ address, port: 80 }] });
}

async function code(attempt: () => unknown): Promise<string | undefined> {
  try {
    await attempt();
  } catch (error) {
    return (error as PilotedError).code;
  }
}

/** Sets a variable of the process for the time of a test. */
async function withVariable(value: string | undefined, run: () => Promise<void>): Promise<void> {
  const before = process.env.CONTAINERPILOT;
  if (value === undefined) delete process.env.CONTAINERPILOT;
  else process.env.CONTAINERPILOT = value;
  try {
    await run();
  } finally {
    if (before === undefined) delete process.env.CONTAINERPILOT;
    else process.env.CONTAINERPILOT = before;
  }
}

test("pick(), serviceHosts() and status(name) say NOT_CONFIGURED before config()", async () => {
  const { pick, serviceHosts, status } = await fresh();
  assertEquals(await code(() => pick("app")), "NOT_CONFIGURED");
  assertEquals(await code(() => serviceHosts("app")), "NOT_CONFIGURED");
  assertEquals(await code(() => status("app")), "NOT_CONFIGURED");
  assertEquals(status().state, "idle");
});

test("config() replaces the configuration, and listeners stay", async () => {
  const { close, config, on, pick, service, serviceHosts } = await fresh();
  const changes: Change[] = [];
  const remove = on("change", (change) => changes.push(change));
  await config(object, { source: source("10.0.0.1"), signals: false });
  assertEquals(pick("app").address, "10.0.0.1");
  await config(object, { source: source("10.0.0.2"), signals: false });
  assertEquals((await service("app")).address, "10.0.0.2");
  assertEquals(serviceHosts("app").length, 1);
  assertEquals(changes.map(({ endpoints }) => endpoints[0]?.address), ["10.0.0.1", "10.0.0.2"]);
  remove();
  await close();
});

test("config() that fails leaves the configuration before in use", async () => {
  const { close, config, pick } = await fresh();
  await config(object, { source: source("10.0.0.1"), signals: false });
  await assertRejects(() => config({ watches } as typeof object, { env: {} }), PilotedError);
  assertEquals(pick("app").address, "10.0.0.1");
  await close();
});

test("close() ends everything until config() begins anew", async () => {
  const { close, config, pick, refresh, service, status } = await fresh();
  await config(object, { source: source("10.0.0.1"), signals: false });
  await Promise.all([close(), close()]);
  assertEquals(status().state, "closed");
  assertEquals(await code(() => service("app")), "CLOSED");
  assertEquals(await code(() => pick("app")), "CLOSED");
  assertEquals(await code(() => refresh()), "CLOSED");
  await config(object, { source: source("10.0.0.2"), signals: false });
  await refresh();
  assertEquals(pick("app").address, "10.0.0.2");
  await close();
});

test("close() during config() ends it", async () => {
  const { close, config } = await fresh();
  const deaf = { name: "deaf", read: () => new Promise<never>(() => {}) };
  const starting = config(object, { source: deaf, signals: false }).catch((error) => error);
  await new Promise((resolve) => setTimeout(resolve));
  await close();
  assertEquals((await starting).code, "CLOSED");
});

test("watch() iterates over changes of the default instance", async () => {
  const { close, config, watch } = await fresh();
  const consul = new EmbeddedConsul();
  await config(object, { fetch: consul.fetch, signals: false });
  const changes = watch("app");
  const next = changes.next();
  consul.register({ name: "app", address: "10.0.0.7", port: 80 });
  assertEquals((await next).value?.added[0]?.address, "10.0.0.7");
  await close();
  assertEquals(await changes.next(), { done: true, value: undefined });
  await consul.close();
});

test("service() configures itself from $CONTAINERPILOT once, and tries again after a failure", () =>
  withTemporaryFolder(async (folder) => {
    const { close, config, pick, service } = await fresh();
    const consul = new EmbeddedConsul();
    consul.register({ name: "app", address: "10.0.0.9", port: 80 });
    const listener = await consul.listen();
    const path = join(folder, "containerpilot.json5");
    await withVariable(undefined, async () => {
      assertEquals(await code(() => service("app")), "CONFIG_NOT_FOUND");
    });
    await withVariable(path, async () => {
      assertEquals(await code(() => service("app")), "CONFIG_NOT_FOUND");
      await writeFile(
        path,
        `{ consul: "${
          listener.url.replace("http://", "")
        }", watches: [{ name: "app", interval: 5 }] }`,
      );
      const answers = await Promise.all([service("app"), service("app"), service("app")]);
      assertEquals(answers.map(({ address }) => address), ["10.0.0.9", "10.0.0.9", "10.0.0.9"]);
      const first = consul.requests.filter(({ query }) => query.index === undefined);
      assertEquals(first.length, 1);
      await close();
      await config(new URL(`file://${path}`));
      assertEquals(pick("app").address, "10.0.0.9");
      await close();
      await config(`file://${path}`);
      assertEquals(pick("app").address, "10.0.0.9");
    });
    await close();
    await listener.close();
    await consul.close();
  }));

test("on() refuses what is no type and no listener", async () => {
  const { on } = await fresh();
  assertThrows(() => on("changes" as "change", () => {}), TypeError, "received changes");
  assertThrows(() => on("change", undefined as unknown as () => void), TypeError, "function");
});

test("on() stops with its signal", async () => {
  const { close, config, on, pick } = await fresh();
  const controller = new AbortController();
  let told = 0;
  on("change", () => told++, { signal: controller.signal });
  controller.abort();
  on("change", () => told++, { signal: controller.signal });
  await config(object, { source: source("10.0.0.1"), signals: false });
  assertEquals(told, 0);
  assert(pick("app"));
  await close();
});
