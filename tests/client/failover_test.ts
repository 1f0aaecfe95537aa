import { assertEquals, assertThrows } from "@std/assert";
import { createPiloted } from "../../src/client/create_piloted.ts";
import { type PilotedOptions, resolveOptions } from "../../src/client/options.ts";
import type { Piloted } from "../../src/client/piloted.ts";
import type { Endpoint } from "../../src/endpoint.ts";
import type { Query, Reading, ReadOptions, Source } from "../../src/source/source.ts";
import { ManualClock } from "../../src/testing/manual_clock.ts";
import { endpoint } from "../support/endpoints.ts";
import { unreachable } from "../support/scripted_source.ts";
import { test } from "../support/test.ts";

/** A source whose lists are set per datacenter; `undefined` is a datacenter that does not answer. */
class Datacenters implements Source {
  readonly name = "datacenters";
  readonly lists = new Map<string, readonly Endpoint[] | undefined>();
  readonly asked = new Map<string, number>();
  readonly addresses = new Map<string, string>();

  set(datacenter: string, ...ids: string[]): void {
    this.lists.set(datacenter, ids.map((id) => endpoint(id, { datacenter })));
  }

  read(
    { peer, datacenter = peer ?? "dc1", address }: Query,
    _options?: ReadOptions,
  ): Promise<Reading> {
    if (address !== undefined) this.addresses.set(datacenter, address);
    this.asked.set(datacenter, (this.asked.get(datacenter) ?? 0) + 1);
    const endpoints = this.lists.get(datacenter);
    if (endpoints === undefined) return Promise.reject(unreachable());
    return Promise.resolve({
      endpoints,
      position: undefined,
      freshness: {},
      skipped: [],
      skippedCount: 0,
    });
  }
}

async function scene(
  prepare: (source: Datacenters) => void,
  run: (it: { clock: ManualClock; source: Datacenters; piloted: Piloted }) => Promise<void>,
  failover: PilotedOptions["failover"] = ["dc2", "dc3"],
): Promise<void> {
  const clock = new ManualClock();
  const source = new Datacenters();
  for (const datacenter of ["dc1", "dc2", "dc3"]) source.set(datacenter);
  prepare(source);
  // Without an index each list is read at its interval of one second.
  const piloted = await createPiloted({
    config: { consul: "consul:8500", watches: [{ name: "app", interval: 1 }] },
    emptyPolicy: "accept",
    signals: false,
    random: () => 0.5,
    failover,
    clock,
    source,
  });
  await run({ clock, source, piloted });
  await piloted.close();
  assertEquals(clock.pending, 0);
}

function ids(piloted: Piloted): string[] {
  return piloted.serviceHosts("app").map(({ datacenter, id }) => `${datacenter}/${id}`);
}

test("failover asks no other datacenter while the own one has endpoints", () =>
  scene((source) => source.set("dc1", "a"), async ({ clock, source, piloted }) => {
    await clock.advance(60_000);
    assertEquals(ids(piloted), ["dc1/a"]);
    assertEquals([...source.asked.keys()], ["dc1"]);
  }));

test("failover uses the first datacenter in order that has endpoints, at the start", () =>
  scene((source) => source.set("dc3", "c"), ({ piloted }) => {
    assertEquals(ids(piloted), ["dc3/c"]);
    assertEquals(piloted.status("app").failover, "dc3");
    return Promise.resolve();
  }));

test("failover stands in when the own list becomes empty, and prefers the earlier datacenter", () =>
  scene((source) => source.set("dc1", "a"), async ({ clock, source, piloted }) => {
    source.set("dc3", "c");
    source.set("dc1");
    await clock.advance(2_000);
    assertEquals(ids(piloted), ["dc3/c"]);
    source.set("dc2", "b");
    await clock.advance(2_000);
    assertEquals(ids(piloted), ["dc2/b"]);
  }));

test("failover is left when the own list has been good for 30 s, and not before", () =>
  scene((source) => source.set("dc2", "b"), async ({ clock, source, piloted }) => {
    assertEquals(ids(piloted), ["dc2/b"]);
    source.set("dc1", "a");
    await clock.advance(20_000);
    source.set("dc1");
    await clock.advance(2_000);
    source.set("dc1", "a");
    await clock.advance(29_000);
    assertEquals(ids(piloted), ["dc2/b"]);
    await clock.advance(3_000);
    assertEquals(ids(piloted), ["dc1/a"]);
    assertEquals(piloted.status("app").failover, undefined);
    const asked = source.asked.get("dc2");
    await clock.advance(10_000);
    assertEquals(source.asked.get("dc2"), asked);
  }));

test("failover stands in for a datacenter that has not answered for ten seconds", () =>
  scene((source) => source.set("dc1", "a"), async ({ clock, source, piloted }) => {
    source.set("dc2", "b");
    source.lists.set("dc1", undefined);
    await clock.advance(8_000);
    assertEquals(ids(piloted), ["dc1/a"]);
    await clock.advance(6_000);
    assertEquals(ids(piloted), ["dc2/b"]);
  }));

test("failover keeps the own last list when no other datacenter has one", () =>
  scene((source) => source.set("dc1", "a"), async ({ clock, source, piloted }) => {
    source.lists.set("dc1", undefined);
    source.lists.set("dc2", undefined);
    await clock.advance(60_000);
    assertEquals(ids(piloted), ["dc1/a"]);
  }));

test("failover can be given by service", () =>
  scene((source) => source.set("dc2", "b"), ({ piloted }) => {
    assertEquals(ids(piloted), []);
    return Promise.resolve();
  }, { other: ["dc2"] }));

test("failover goes to a peer, by another address", () =>
  scene((source) => {
    source.set("dc1", "a");
    source.set("west", "w");
  }, async ({ clock, source, piloted }) => {
    source.set("dc1");
    await clock.advance(2_000);
    assertEquals(ids(piloted), ["west/w"]);
    assertEquals(piloted.status("app").failover, "peer:west");
    const { peer, address } = piloted.status("app").watches.at(-1)!;
    assertEquals([peer, address], ["west", "wan"]);
    assertEquals([...source.addresses], [["west", "wan"]]);
  }, [{ datacenter: "dc2" }, { peer: "west", address: "wan" }]));

test("failover finds the targets of a service in any case of its name", () =>
  scene((source) => source.set("dc2", "b"), ({ piloted }) => {
    assertEquals(ids(piloted), ["dc2/b"]);
    return Promise.resolve();
  }, { APP: [{ datacenter: "dc2" }] }));

for (
  const failover of [
    [""],
    [{}],
    [{ datacenter: "a", peer: "b" }],
    [{ datacenter: "" }],
    [{ datacenter: "a", tag: "b" }],
    [{ peer: 5 }],
    { app: "dc2" },
    [5],
    [{ peer: "a", address: "" }],
  ]
) {
  test(`failover refuses ${JSON.stringify(failover)}`, () => {
    assertThrows(
      () => resolveOptions({ failover: failover as never }),
      TypeError,
      "it must be a list of names of datacenters, { datacenter } or { peer }",
    );
  });
}
