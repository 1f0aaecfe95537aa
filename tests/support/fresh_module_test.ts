import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { PilotedError } from "../../src/errors.ts";
import { StaticSource } from "../../src/source/static.ts";
import { freshModule } from "./fresh_module.ts";
import { test } from "./test.ts";

type DefaultClient = typeof import("../../src/client/default_client.ts");

function fresh(): Promise<DefaultClient> {
  return freshModule<DefaultClient>("../../src/client/default_client.ts", import.meta.url);
}

test("freshModule() gives instances with a state of their own", async () => {
  const [one, other] = [await fresh(), await fresh()];
  const source = new StaticSource({ app: [{ address: "10.0.0.1", port: 80 }] });
  await one.config({ consul: "consul:8500", watches: [{ name: "app" }] }, {
    source,
    signals: false,
  });
  assertEquals(one.pick("app").address, "10.0.0.1");
  assertEquals(other.status().state, "idle");
  await one.close();
  assertEquals([one.status().state, other.status().state], ["closed", "idle"]);
});

test("freshModule() shares what a module imports", async () => {
  const { pick } = await fresh();
  try {
    pick("app");
  } catch (error) {
    assert(error instanceof PilotedError, "an error of another instance");
    assertEquals(error.code, "NOT_CONFIGURED");
    return;
  }
  assert(false, "no error");
});

test("freshModule() takes a path from the test that asks", async () => {
  const address = new URL("./fresh_module.ts", import.meta.url).href;
  const [relative, absolute] = [
    await freshModule<{ freshModule: unknown }>("./fresh_module.ts", import.meta.url),
    await freshModule<{ freshModule: unknown }>(address, import.meta.url),
  ];
  assert(relative.freshModule !== absolute.freshModule);
  assertStrictEquals((await import("./fresh_module.ts")).freshModule, freshModule);
});
