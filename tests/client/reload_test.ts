import { assertEquals, assertThrows } from "@std/assert";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createPiloted } from "../../src/client/create_piloted.ts";
import type { Piloted } from "../../src/client/piloted.ts";
import { PilotedError } from "../../src/errors.ts";
import { EmbeddedConsul } from "../../src/testing/mod.ts";
import { withTemporaryFolder } from "../support/temporary_folder.ts";
import { test } from "../support/test.ts";

interface Scene {
  consul: EmbeddedConsul;
  piloted: Piloted;
  errors: PilotedError[];
  write(...names: string[]): Promise<void>;
  path: string;
}

function scene(reload: boolean, run: (it: Scene) => Promise<void>): Promise<void> {
  return withTemporaryFolder(async (folder) => {
    const consul = new EmbeddedConsul();
    for (const name of ["one", "two", "three"]) {
      consul.register({ name, address: "10.0.0.1", port: 80 });
    }
    const path = join(folder, "containerpilot.json5");
    const write = (...names: string[]) => {
      const watches = names.map((name) => ({ name, interval: 5 }));
      return writeFile(path, JSON.stringify({ consul: "consul:8500", watches }));
    };
    await write("one", "two");
    const piloted = await createPiloted({
      config: path,
      fetch: consul.fetch,
      signals: false,
      reload,
      env: {},
    });
    const errors: PilotedError[] = [];
    piloted.on("error", (error) => errors.push(error));
    await run({ consul, piloted, errors, write, path });
    await piloted.close();
    await consul.close();
  });
}

test("refresh() does not read the file again by default", () =>
  scene(false, async ({ piloted, write }) => {
    await write("three");
    await piloted.refresh();
    assertEquals(piloted.services, ["one", "two"]);
  }));

test("refresh() with reload stops watches that went; new ones are ready before it resolves", () =>
  scene(true, async ({ consul, piloted, write }) => {
    await write("two", "three");
    assertEquals(piloted.pick("one").port, 80);
    await piloted.refresh();
    assertThrows(() => piloted.pick("one"), PilotedError, "Cannot look up");
    assertEquals(piloted.services, ["two", "three"]);
    assertEquals(piloted.pick("three").port, 80);
    assertEquals(piloted.config.watches.map(({ name }) => name), ["two", "three"]);
    const before = consul.requests.length;
    consul.register({ name: "one", id: "again", address: "10.0.0.2", port: 80 });
    consul.register({ name: "two", id: "again", address: "10.0.0.2", port: 80 });
    await new Promise<void>((resolve) => piloted.on("change", () => resolve()));
    const asked = consul.requests.slice(before).map(({ path }) => path);
    assertEquals(asked.filter((each) => each.endsWith("/one")), []);
  }));

test("refresh() with reload keeps the configuration when the file has become invalid", () =>
  scene(true, async ({ piloted, errors, path }) => {
    await writeFile(path, "{ consul: ");
    await piloted.refresh();
    assertEquals(piloted.services, ["one", "two"]);
    assertEquals(piloted.pick("one").port, 80);
    assertEquals(errors.map(({ code }) => code), ["CONFIG_INVALID"]);
    assertEquals(errors[0]?.path, path);
  }));

test("refresh() with reload reads the other Consul from its beginning, whatever its index", () =>
  withTemporaryFolder(async (folder) => {
    await using old = new EmbeddedConsul();
    await using next = new EmbeddedConsul();
    // An index that is ahead shows nothing of the change of registries.
    for (let i = 0; i < 50; i++) next.register({ name: "noise", id: `${i}`, port: 80 });
    old.register({ name: "one", address: "10.0.0.1", port: 80 });
    next.register({ name: "one", address: "10.0.0.2", port: 80 });
    let oldReads = 0;
    const path = join(folder, "containerpilot.json5");
    const write = (consul: string) =>
      writeFile(path, JSON.stringify({ consul, watches: [{ name: "one", interval: 5 }] }));
    await write("old:8500");
    await using piloted = await createPiloted({
      config: path,
      fetch: async (input, init) => {
        if (!String(input).includes("//old:")) return await next.fetch(input, init);
        oldReads++;
        return await old.fetch(input, init).finally(() => oldReads--);
      },
      signals: false,
      reload: true,
      env: {},
    });
    await write("next:8500");
    await piloted.refresh();
    assertEquals(piloted.pick("one").address, "10.0.0.2");
    // The poll of the old one has ended, so that its connections can be closed.
    assertEquals(oldReads, 0);
    for (const address of ["10.0.0.3", "10.0.0.4"]) {
      const changed = piloted.once("change", { signal: AbortSignal.timeout(5_000) });
      next.register({ name: "one", address, port: 80 });
      assertEquals((await changed).changed[0]?.after.address, address);
    }
  }));

test("refresh() with reload goes over to another Consul", () =>
  scene(true, async ({ piloted, path }) => {
    await writeFile(
      path,
      JSON.stringify({ consul: "elsewhere:8500", watches: [{ name: "one", interval: 5 }] }),
    );
    await piloted.refresh();
    assertEquals(piloted.status().registry, "http://elsewhere:8500");
    assertEquals(piloted.pick("one").port, 80);
  }));
