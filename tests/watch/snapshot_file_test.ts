import { assert, assertEquals, assertRejects } from "@std/assert";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createPiloted } from "../../src/client/create_piloted.ts";
import type { PilotedOptions } from "../../src/client/options.ts";
import type { Piloted } from "../../src/client/piloted.ts";
import { SnapshotFile } from "../../src/watch/snapshot_file.ts";
import { PilotedError } from "../../src/errors.ts";
import { StaticSource } from "../../src/source/static.ts";
import { EmbeddedConsul } from "../../src/testing/mod.ts";
import { withTemporaryFolder } from "../support/temporary_folder.ts";
import { test } from "../support/test.ts";

function start(
  fetch: typeof globalThis.fetch,
  snapshotFile: string,
  options: PilotedOptions = {},
): Promise<Piloted> {
  return createPiloted({
    config: { consul: { address: "consul:8500", token: "s3cret" }, watches: [{ name: "app" }] },
    signals: false,
    snapshotFile,
    fetch,
    ...options,
  });
}

const down = () => Promise.reject(new TypeError("connection refused"));

/** Writes a snapshot with one endpoint. */
async function write(path: string): Promise<EmbeddedConsul> {
  const consul = new EmbeddedConsul();
  consul.register({ name: "app", address: "10.0.0.1", port: 80, tags: ["x"], meta: { y: "z" } });
  const piloted = await start(consul.fetch, path);
  await piloted.close();
  return consul;
}

test("snapshotFile answers at the start when Consul does not, marked with its age", () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, "snapshot.json");
    const consul = await write(path);
    const piloted = await start(down, path);
    const { host, tags, meta } = piloted.pick("app");
    assertEquals([host, tags, meta], ["10.0.0.1:80", ["x"], { y: "z" }]);
    const { state, ageMs, reason } = piloted.status("app");
    assertEquals(state, "restored");
    assert(ageMs !== undefined && ageMs > 0);
    assert(reason?.includes("the connection was refused"));
    await piloted.close();
    await consul.close();
  }));

test("snapshotFile plays no part when Consul answers", () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, "snapshot.json");
    const consul = await write(path);
    consul.register({ name: "app", id: "two", address: "10.0.0.2", port: 80 });
    consul.deregister("app");
    const piloted = await start(consul.fetch, path);
    assertEquals(piloted.serviceHosts("app").map(({ address }) => address), ["10.0.0.2"]);
    assertEquals(piloted.status("app").state, "live");
    await piloted.close();
    await consul.close();
  }));

test("snapshotFile has no secret, is readable for its owner only, and leaves no temporary file", () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, "snapshot.json");
    const consul = await write(path);
    const text = await readFile(path, "utf8");
    assertEquals(text.includes("s3cret"), false);
    assertEquals(JSON.parse(text).version, 1);
    assertEquals(await readdir(folder), ["snapshot.json"]);
    await consul.close();
  }));

for (
  const [what, text] of [
    ["corrupt", "{"],
    ["empty", ""],
    ["foreign", `{"format":"something-else","version":1,"watches":[]}`],
    ["of a newer format", `{"format":"piloted-snapshot","version":2,"watches":[]}`],
    ["incomplete", `{"format":"piloted-snapshot","version":1,"watches":[{"service":"app"}]}`],
    [
      "of another shape",
      `{"format":"piloted-snapshot","version":1,"watches":[{"service":"app","confirmedAt":1,"endpoints":[{}]}]}`,
    ],
    ["null", "null"],
  ] as const
) {
  test(`snapshotFile that is ${what} is ignored with a warning and not deleted`, () =>
    withTemporaryFolder(async (folder) => {
      const path = join(folder, "snapshot.json");
      await writeFile(path, text);
      const { problems, restored } = await SnapshotFile.open(path);
      assertEquals(problems.map(({ code, path }) => [code, path]), [["SNAPSHOT_INVALID", path]]);
      assertEquals(restored.size, 0);
      await assertRejects(() => start(down, path), PilotedError, "the connection was refused");
      assertEquals(await readFile(path, "utf8"), text);
    }));
}

test("snapshotFile that is missing is no problem", () =>
  withTemporaryFolder(async (folder) => {
    assertEquals((await SnapshotFile.open(join(folder, "none.json"))).problems, []);
  }));

test("snapshotFile that can't be written is reported and disturbs nothing", () =>
  withTemporaryFolder(async (folder) => {
    const consul = new EmbeddedConsul();
    consul.register({ name: "app", address: "10.0.0.1", port: 80 });
    const piloted = await start(consul.fetch, join(folder, "no", "such", "folder.json"));
    const errors: PilotedError[] = [];
    piloted.on("error", (error) => errors.push(error));
    assertEquals(piloted.pick("app").port, 80);
    await piloted.close();
    assertEquals(errors.map(({ code }) => code), ["SNAPSHOT_FAILED"]);
    await consul.close();
  }));

test("snapshotFile keeps named ports, and a list for each port and tag that was watched", () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, "snapshot.json");
    const config = {
      consul: "c:1",
      watches: [{ name: "App" }, { name: "app", port: "grpc", as: "rpc" }],
    };
    const ports = { http: 80, grpc: 90 };
    const source = new StaticSource({ app: [{ address: "10.0.0.1", port: 80, ports }] });
    const options = { config, signals: false, snapshotFile: path };
    await (await createPiloted({ ...options, source })).close();
    const piloted = await createPiloted({ ...options, fetch: down });
    assertEquals(piloted.pick("app").ports, ports);
    assertEquals([piloted.pick("app").port, piloted.pick("rpc").port], [80, 90]);
    assertEquals(piloted.status("rpc").state, "restored");
    await piloted.close();
  }));
