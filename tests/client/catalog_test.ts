import { assert, assertEquals, assertRejects } from "@std/assert";
import { createPiloted } from "../../src/client/create_piloted.ts";
import type { Piloted } from "../../src/client/piloted.ts";
import { PilotedError } from "../../src/errors.ts";
import type { Listing, Reading, Source } from "../../src/source/source.ts";
import { StaticSource } from "../../src/source/static.ts";
import { ManualClock } from "../../src/testing/manual_clock.ts";
import { test } from "../support/test.ts";

type Given = Record<string, { address: string; port: number; tags?: string[] }[]>;

const one = (last: number, ...tags: string[]) => [{ address: `10.0.0.${last}`, port: 80, tags }];

function given(): Given {
  return { "orders-a": one(1), "orders-b": one(2, "v2"), "Orders-C": one(3), customers: one(4) };
}

interface Scene {
  readonly piloted: Piloted;
  readonly clock: ManualClock;
  readonly services: Given;
  /** Names that the catalog hides although they have endpoints. */
  readonly hidden: Set<string>;
  /** What the next lists of services fail with. */
  failure: PilotedError | undefined;
}

async function following(
  watches: { name?: string; pattern?: string; tag?: string; limit?: number; interval?: number }[],
  run: (scene: Scene) => Promise<void>,
  mode: "live" | "on-demand" = "live",
): Promise<void> {
  const clock = new ManualClock();
  const services = given();
  const hidden = new Set<string>();
  const inner = new StaticSource(services);
  const scene = { clock, services, hidden, failure: undefined as PilotedError | undefined };
  const source: Source = {
    name: "scene",
    read: (query, options) => inner.read(query, options),
    async list(query, options): Promise<Listing> {
      if (scene.failure !== undefined) throw scene.failure;
      const { services, position } = await inner.list(query, options);
      return { services: new Map([...services].filter(([name]) => !hidden.has(name))), position };
    },
  };
  const piloted = await createPiloted({
    config: { consul: "c:1", watches: watches.map((watch) => ({ interval: 1, ...watch })) as [] },
    rotationStart: "first",
    emptyPolicy: "accept",
    signals: false,
    clock,
    source,
    mode,
  });
  try {
    await run(Object.assign(scene, { piloted }));
  } finally {
    await piloted.close();
  }
  assertEquals(clock.pending, 0);
}

test("a pattern watches every service that matches, in any case", () =>
  following([{ pattern: "orders-*" }], ({ piloted }) => {
    assertEquals([...piloted.services].sort(), ["Orders-C", "orders-a", "orders-b"]);
    assertEquals(piloted.pick("orders-a").host, "10.0.0.1:80");
    assertEquals(piloted.pick("orders-c").host, "10.0.0.3:80");
    assertEquals(piloted.has("customers"), false);
    return Promise.resolve();
  }));

test("a pattern is no regular expression", () =>
  following([{ pattern: "orders.a" }, { pattern: "[a-z]*" }], ({ piloted }) => {
    assertEquals(piloted.services, []);
    return Promise.resolve();
  }));

test("a pattern with a tag watches only services and instances with the tag", () =>
  following([{ pattern: "*", tag: "V2" }], ({ piloted }) => {
    assertEquals(piloted.services, ["orders-b"]);
    return Promise.resolve();
  }));

test("a pattern leaves a service alone that is watched by its name", () =>
  following([{ name: "orders-b", tag: "v3" }, { pattern: "*" }], ({ piloted }) => {
    assertEquals(piloted.services.length, 4);
    assertEquals(piloted.serviceHosts("orders-b"), []);
    return Promise.resolve();
  }));

test("a pattern follows services that come and go", () =>
  following([{ pattern: "orders-*" }], async ({ piloted, clock, services }) => {
    services["orders-d"] = one(5);
    delete services["orders-a"];
    await clock.advance(3_000);
    assertEquals([...piloted.services].sort(), ["Orders-C", "orders-b", "orders-d"]);
    assertEquals(piloted.pick("orders-d").host, "10.0.0.5:80");
    await assertRejects(() => piloted.service("orders-a"), PilotedError, "orders-a");
  }));

test("a pattern keeps a service that is hidden and still has endpoints", () =>
  following([{ pattern: "orders-*" }], async ({ piloted, clock, hidden, services }) => {
    for (const name of Object.keys(given())) hidden.add(name);
    await clock.advance(3_000);
    assertEquals(piloted.services.length, 3);
    delete services["orders-b"];
    await clock.advance(3_000);
    assertEquals([...piloted.services].sort(), ["Orders-C", "orders-a"]);
  }));

test("a pattern keeps to its limit, keeps what it has, and warns once", () =>
  following([{ pattern: "*", limit: 2 }], async ({ piloted, clock, services }) => {
    const warnings: string[] = [];
    piloted.on("warning", ({ message }) => warnings.push(message));
    const first = [...piloted.services];
    assertEquals(first.length, 2);
    services.aaa = one(9);
    await clock.advance(5_000);
    assertEquals([...piloted.services], first);
    assertEquals(warnings, [
      'the pattern "*" matches 4 services, and 2 of them are watched; ' +
      "use a narrower pattern or raise its limit",
    ]);
  }));

test("a pattern survives failures of the list", () =>
  following([{ pattern: "orders-*" }], async (scene) => {
    const { piloted, clock, services } = scene;
    const errors: PilotedError[] = [];
    piloted.on("error", (error) => errors.push(error));
    scene.failure = new PilotedError("REGISTRY_UNREACHABLE", "Cannot list: no answer");
    await clock.advance(5_000);
    assert(errors.length > 0);
    assertEquals(piloted.services.length, 3);
    scene.failure = undefined;
    services["orders-d"] = one(5);
    await clock.advance(60_000);
    assertEquals(piloted.has("orders-d"), true);
  }));

test("a pattern needs a source that lists services", async () => {
  const read = (): Promise<Reading> => Promise.reject(new Error("not reached"));
  await assertRejects(
    () =>
      createPiloted({
        config: { consul: "c:1", watches: [{ pattern: "*" }] },
        source: { name: "plain", read },
        signals: false,
      }),
    PilotedError,
    "Cannot follow a pattern: the source plain does not list services",
  );
});

test("catalog: true watches every service", async () => {
  await using piloted = await createPiloted({
    config: { consul: "c:1", catalog: true },
    source: new StaticSource(given()),
    signals: false,
  });
  assertEquals(piloted.services.length, 4);
});

test("a pattern on demand lists services at the first lookup", () =>
  following([{ pattern: "orders-*" }], async ({ piloted, clock, services }) => {
    assertEquals(piloted.services, []);
    assertEquals([piloted.has("orders-x"), piloted.has("customers")], [true, false]);
    assertEquals((await piloted.service("orders-a")).host, "10.0.0.1:80");
    assertEquals([piloted.has("orders-x"), piloted.services.length], [false, 3]);
    await assertRejects(() => piloted.service("orders-x"), PilotedError, "orders-x");
    services["orders-x"] = one(7);
    await assertRejects(() => piloted.service("orders-x"), PilotedError, "orders-x");
    await clock.advance(6_000);
    assertEquals((await piloted.service("orders-x")).host, "10.0.0.7:80");
  }, "on-demand"));

test("a pattern on demand says why services cannot be listed", () =>
  following([{ pattern: "orders-*" }], async (scene) => {
    scene.failure = new PilotedError("REGISTRY_DENIED", "Cannot list: denied");
    await assertRejects(() => scene.piloted.service("orders-a"), PilotedError, "denied");
    scene.failure = undefined;
    await scene.clock.advance(1_500);
    assertEquals((await scene.piloted.service("orders-a")).host, "10.0.0.1:80");
  }, "on-demand"));
