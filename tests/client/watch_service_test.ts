import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { createPiloted } from "../../src/client/create_piloted.ts";
import type { Piloted } from "../../src/client/piloted.ts";
import { PilotedError } from "../../src/errors.ts";
import type { Query, Reading, Source } from "../../src/source/source.ts";
import { StaticSource } from "../../src/source/static.ts";
import { ScriptedSource } from "../support/scripted_source.ts";
import { test } from "../support/test.ts";

const source = new StaticSource({
  db: [
    { id: "p", address: "10.0.0.1", port: 1, tags: ["Primary"] },
    { id: "r", address: "10.0.0.2", port: 2, tags: ["replica"] },
  ],
  myService: [{ address: "10.0.0.3", port: 3, ports: { http: 3, grpc: 4 } }],
});

function start(
  watches: { name: string; tag?: string; as?: string; port?: string }[],
  mode: "live" | "on-demand" = "live",
): Promise<Piloted> {
  return createPiloted({
    config: { consul: "c:1", watches: watches as { name: string }[] },
    rotationStart: "first",
    signals: false,
    source,
    mode,
  });
}

const ports = (piloted: Piloted, name: string) =>
  piloted.serviceHosts(name).map(({ port }) => port);

for (const mode of ["live", "on-demand"] as const) {
  test(`as makes two lists of two watches of one service, mode ${mode}`, async () => {
    await using piloted = await start([
      { name: "db", tag: "primary", as: "db-primary" },
      { name: "db", tag: "replica", as: "db-replica" },
    ], mode);
    assertEquals(piloted.services, ["db-primary", "db-replica"]);
    for (const [name, port] of [["db-primary", 1], ["db-replica", 2]] as const) {
      const endpoint = await piloted.service(name);
      assertEquals([endpoint.port, endpoint.service], [port, "db"]);
      assertEquals(piloted.status(name).service, name);
    }
    assertThrows(() => piloted.pick("db"), PilotedError, '"db-primary"');
  });
}

test("watches of one service without as stay one list", async () => {
  await using piloted = await start([{ name: "db", tag: "primary" }, {
    name: "db",
    tag: "replica",
  }]);
  assertEquals(ports(piloted, "db"), [1, 2]);
});

test("as names the changes and the errors of a service", async () => {
  const scripted = new ScriptedSource();
  const starting = createPiloted({
    config: { consul: "c:1", watches: [{ name: "db", as: "main" }] },
    signals: false,
    source: scripted,
  });
  await scripted.opened(1);
  scripted.next.answer([]);
  await using piloted = await starting;
  const changes = piloted.watch("main");
  await scripted.opened(1);
  scripted.next.answer((await source.read({ service: "db" })).endpoints, 2);
  const { value } = await changes.next();
  assertEquals([value?.service, value?.added.length], ["main", 2]);
  await changes.return?.();
});

test("names are looked up in any case, and two spellings are one service", async () => {
  await using piloted = await start([{ name: "myService" }, { name: "MYSERVICE" }]);
  assertEquals(piloted.services, ["myService"]);
  assertEquals(piloted.pick("myservice").port, 3);
  assertEquals(piloted.has("MySeRvIcE"), true);
  assertEquals(piloted.status("myservice").watches.length, 1);
  assertEquals(await piloted.waitForEndpoints("MYSERVICE"), true);
});

test("port chooses a port by name", async () => {
  await using piloted = await start([{ name: "myservice", port: "GRPC" }]);
  assertEquals(piloted.pick("myService").host, "10.0.0.3:4");
  assertEquals(piloted.pick("myservice").ports, { http: 3, grpc: 4 });
  assertEquals(piloted.status("myservice").watches[0]?.port, "GRPC");
});

test("watchService() adds a watch until its handle is closed", async () => {
  await using piloted = await start([]);
  {
    await using watch = await piloted.watchService({ name: "db", tag: "primary", as: "main" });
    assertEquals(watch.name, "main");
    assertEquals(ports(piloted, "main"), [1]);
  }
  assertEquals(piloted.has("main"), false);
});

test("watchService() counts how often a watch was added", async () => {
  const queries: Query[] = [];
  const counting: Source = {
    name: "counting",
    read(query): Promise<Reading> {
      queries.push(query);
      return source.read(query);
    },
  };
  await using piloted = await createPiloted({
    config: { consul: "c:1" },
    signals: false,
    source: counting,
  });
  const handles = await Promise.all([1, 2, 3].map(() => piloted.watchService({ name: "db" })));
  assertEquals(queries.length, 1);
  await handles[0]!.close();
  await handles[0]!.close();
  await handles[1]!.close();
  assertEquals(ports(piloted, "db"), [1, 2]);
  await handles[2]!.close();
  assertEquals(piloted.has("db"), false);
});

test("watchService() never ends a watch of the configuration", async () => {
  await using piloted = await start([{ name: "db", tag: "primary" }]);
  const same = await piloted.watchService({ name: "DB", tag: "primary" });
  const other = await piloted.watchService({ name: "db", tag: "replica" });
  assertEquals(ports(piloted, "db"), [1, 2]);
  await same.close();
  await other.close();
  assertEquals(ports(piloted, "db"), [1]);
});

test("watchService() stays with the second handle when the first is closed during the first read", async () => {
  const scripted = new ScriptedSource();
  await using piloted = await createPiloted({
    config: { consul: "c:1" },
    signals: false,
    source: scripted,
  });
  // What a watch is checked with is loaded now, so that the two below are added one right after the other.
  await assertRejects(() => piloted.watchService({ name: "" }), TypeError);
  const adding = [1, 2].map(() => piloted.watchService({ name: "db" }));
  await scripted.opened(1);
  const { endpoints } = await source.read({ service: "db" });
  scripted.next.answer(endpoints);
  const [first, second] = await Promise.all(adding);
  await first!.close();
  assertEquals(ports(piloted, "db"), [1, 2]);
  await second!.close();
  assertEquals(piloted.has("db"), false);
});

test("watchService() works on demand", async () => {
  await using piloted = await start([], "on-demand");
  await using watch = await piloted.watchService({ name: "db", tag: "replica" });
  assertEquals((await piloted.service(watch.name)).port, 2);
});

test("watchService() refuses what is no watch, and a closed client", async () => {
  const piloted = await start([]);
  for (
    const [watch, message] of [
      [{}, "name must be the name of a service, received nothing"],
      [{ name: "db", tagg: "a" }, 'tagg is not known here, did you mean "tag"'],
      [{ name: "db", tag: [] }, "tag must be a string, received an empty list"],
      ["db", "the watch must be an object"],
      [undefined, "the watch must have a name"],
      [{ pattern: "a*" }, "the watch must have a name"],
    ] as const
  ) {
    await assertRejects(() => piloted.watchService(watch as never), TypeError, message);
  }
  await piloted.close();
  await assertRejects(() => piloted.watchService({ name: "db" }), PilotedError, "closed");
});

test("watchService() rejects when the client is closed before the first read ends", async () => {
  const scripted = new ScriptedSource();
  const piloted = await createPiloted({
    config: { consul: "c:1" },
    signals: false,
    source: scripted,
  });
  const adding = piloted.watchService({ name: "db" });
  await scripted.opened(1);
  await piloted.close();
  await assertRejects(() => adding, PilotedError, "closed");
});
