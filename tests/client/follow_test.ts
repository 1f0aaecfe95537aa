import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { createPiloted } from "../../src/client/create_piloted.ts";
import { follow, type FollowOptions } from "../../src/client/follow.ts";
import type { Piloted } from "../../src/client/piloted.ts";
import type { Endpoint } from "../../src/endpoint.ts";
import { PilotedError } from "../../src/errors.ts";
import { EmbeddedConsul } from "../../src/testing/mod.ts";
import { test } from "../support/test.ts";
import { waitUntil } from "../support/wait_until.ts";

interface Client {
  host: string;
  closed: boolean;
}

interface World {
  consul: EmbeddedConsul;
  piloted: Piloted;
  opened: Client[];
  refuse: Set<string>;
  options: FollowOptions<Client>;
}

async function world(run: (it: World) => Promise<void>): Promise<void> {
  const consul = new EmbeddedConsul();
  const piloted = await createPiloted({
    config: { consul: "consul:8500", watches: [{ name: "db" }] },
    fetch: consul.fetch,
    signals: false,
    minIntervalMs: 1,
  });
  const opened: Client[] = [];
  const refuse = new Set<string>();
  const options: FollowOptions<Client> = {
    open({ host }) {
      if (refuse.has(host)) throw new Error(`refused by ${host}`);
      const client = { host, closed: false };
      opened.push(client);
      return client;
    },
    close: (client) => client.closed = true,
    random: () => 0.01,
  };
  try {
    await run({ consul, piloted, opened, refuse, options });
  } finally {
    await piloted.close();
    await consul.close();
  }
}

async function add({ consul, piloted }: World, id: string, tags: string[] = []): Promise<string> {
  const address = `10.0.0.${id.charCodeAt(0)}`;
  consul.register({ id, name: "db", address, port: 1, tags });
  await listed(piloted, id, true);
  return `${address}:1`;
}

async function remove({ consul, piloted }: World, id: string): Promise<void> {
  consul.deregister(id);
  await listed(piloted, id, false);
}

function listed(piloted: Piloted, id: string, expected: boolean): Promise<void> {
  return waitUntil(() =>
    piloted.serviceHosts("db").some((one: Endpoint) => one.id === id) === expected
  );
}

test("follow() opens one client, keeps it while it is listed, and moves on after its work", () =>
  world(async (it) => {
    const a = await add(it, "a");
    const db = follow(it.piloted, "db", it.options);
    assertEquals((await db.ready()).host, a);
    const b = await add(it, "b");
    assertEquals(db.current.host, a);
    const work = db.acquire();
    await remove(it, "a");
    await waitUntil(() => db.current.host === b);
    assertEquals([work.client.host, work.client.closed], [a, false]);
    work.release();
    work.release();
    await waitUntil(() => work.client.closed);
    await db.close();
    assertEquals(it.opened.map(({ host, closed }) => [host, closed]), [[a, true], [b, true]]);
    assertThrows(() => db.current, PilotedError, "it was closed");
  }));

test("follow() keeps its client while nothing is listed, and when nothing else can be opened", () =>
  world(async (it) => {
    const a = await add(it, "a");
    await using db = follow(it.piloted, "db", it.options);
    await db.ready();
    await remove(it, "a");
    assertEquals([db.current.host, db.current.closed], [a, false]);
    it.refuse.add("10.0.0.98:1");
    const b = await add(it, "b");
    await waitUntil(() => it.piloted.status("db").endpointCount === 1);
    assertEquals([db.current.host, db.current.closed], [a, false]);
    it.refuse.clear();
    await waitUntil(() => db.current.host === b);
    assert(it.opened[0]!.closed);
  }));

test("follow() tries another endpoint when one can't be opened, and reports it", () =>
  world(async (it) => {
    const [a, b] = [await add(it, "a"), await add(it, "b")];
    it.refuse.add(a);
    const errors: string[] = [];
    for (let round = 0; round < 6; round++) {
      await using db = follow(it.piloted, "db", {
        ...it.options,
        onError: (error, endpoint) => errors.push(`${endpoint.host} ${(error as Error).message}`),
      });
      assertEquals((await db.ready()).host, b);
    }
    assert(errors.length > 0);
    assertEquals([...new Set(errors)], [`${a} refused by ${a}`]);
  }));

test("follow() selects endpoints, such as a primary found by tag, and follows the tag", () =>
  world(async (it) => {
    const a = await add(it, "a", ["primary"]);
    await using db = follow(it.piloted, "db", { ...it.options, tags: ["primary"] });
    const b = await add(it, "b", ["replica"]);
    assertEquals((await db.ready()).host, a);
    it.consul.register({ id: "a", name: "db", address: "10.0.0.97", port: 1, tags: ["replica"] });
    await waitUntil(() => it.piloted.serviceHosts("db").every(({ tags }) => tags[0] === "replica"));
    // None is the primary: the connection that works is kept.
    assertEquals(db.current.host, a);
    it.consul.register({ id: "b", name: "db", address: "10.0.0.98", port: 1, tags: ["primary"] });
    await waitUntil(() => db.current.host === b);
  }));

test("follow() with per: endpoint has a client for each, and uses them by the balancer", () =>
  world(async (it) => {
    const hosts = [await add(it, "a"), await add(it, "b"), await add(it, "c")];
    await using db = follow(it.piloted, "db", { ...it.options, per: "endpoint" });
    await waitUntil(() => db.clients.length === 3);
    const used = new Set<string>();
    for (let i = 0; i < 60; i++) used.add(await db.use(({ host }) => host));
    assertEquals([...used].sort(), hosts);
    await remove(it, "b");
    await waitUntil(() => db.clients.length === 2);
    assertEquals(db.clients.map(({ endpoint }) => endpoint.host), [hosts[0]!, hosts[2]!]);
    const pending = it.piloted.status("db").balance.pendingCount;
    assertEquals(pending, 2);
  }));

test("replace() closes a client that is broken and opens another one, elsewhere", () =>
  world(async (it) => {
    await add(it, "a");
    await add(it, "b");
    await using db = follow(it.piloted, "db", it.options);
    const broken = await db.ready();
    db.replace(broken);
    await waitUntil(() => broken.closed && it.opened.length === 2);
    assert((await db.ready()).host !== broken.host);
    db.replace(broken);
    assertEquals(db.clients.length, 1);
  }));

test("ready() rejects with NO_ENDPOINTS and the last error, with the reason of a signal, and CLOSED", () =>
  world(async (it) => {
    await using db = follow(it.piloted, "db", { ...it.options, waitMs: 1 });
    const none = await assertRejects(() => db.ready(), PilotedError, "no endpoint is listed");
    assertEquals(none.code, "NO_ENDPOINTS");
    it.refuse.add("10.0.0.97:1");
    await add(it, "a");
    const refused = await assertRejects(() => db.ready(), PilotedError, "could be connected to");
    assertEquals((refused.cause as Error).message, "refused by 10.0.0.97:1");
    await assertRejects(() => db.ready(AbortSignal.abort(new Error("enough"))), Error, "enough");
    const waiting = follow(it.piloted, "db", it.options).ready();
    await it.piloted.close();
    assertEquals((await assertRejects(() => waiting, PilotedError)).code, "CLOSED");
    assertEquals((await assertRejects(() => db.ready(), PilotedError)).code, "CLOSED");
  }));

test("follow() closes a client that was opened too late, and aborts what it opens on close()", () =>
  world(async (it) => {
    await add(it, "a");
    let finish = (_: Client) => {};
    const late = new Promise<Client>((resolve) => finish = resolve);
    let aborted = false;
    const db = follow(it.piloted, "db", {
      ...it.options,
      open: (_, signal) => {
        signal.addEventListener("abort", () => aborted = true);
        return late;
      },
    });
    await db.close();
    assert(aborted);
    const client = { host: "late", closed: false };
    finish(client);
    await waitUntil(() => client.closed);
    assertEquals(it.piloted.status("db").balance.pendingCount, 0);
  }));

test("follow() ends what drains for longer than drainMs", () =>
  world(async (it) => {
    await add(it, "a");
    await using db = follow(it.piloted, "db", { ...it.options, drainMs: 1 });
    await db.ready();
    using work = db.acquire();
    await add(it, "b");
    await remove(it, "a");
    await waitUntil(() => work.client.closed);
  }));

test("follow() counts the time to open a client as latency, and not its life", () =>
  world(async (it) => {
    const a = await add(it, "a");
    const balance = () => it.piloted.status("db").balance.endpoints[0]!;
    const db = follow(it.piloted, "db", it.options);
    assertEquals((await db.ready()).host, a);
    const { latencyMs, pendingCount } = balance();
    assert(latencyMs !== undefined && latencyMs < 10_000);
    assertEquals(pendingCount, 1);
    await db.close();
    assertEquals(balance().pendingCount, 0);
    assert(balance().latencyMs! <= latencyMs);
  }));

test("follow() rejects wrong options, unknown services and clients that don't watch", () =>
  world(async (it) => {
    const wrong = { opens: () => {} } as unknown as FollowOptions<Client>;
    assertThrows(() => follow(it.piloted, "db", wrong), TypeError, "Did you mean open?");
    const tags = "primary" as unknown as string[];
    const noList = () => follow(it.piloted, "db", { ...it.options, tags });
    assertThrows(noList, TypeError, "Cannot use option tags of follow(): it must be a list");
    assertThrows(() => follow(it.piloted, "nope", it.options), PilotedError, "nope");
    const { consul } = it;
    await using onDemand = await createPiloted({
      config: { consul: "consul:8500", watches: [{ name: "db" }] },
      fetch: consul.fetch,
      mode: "on-demand",
    });
    const error = assertThrows(() => follow(onDemand, "db", it.options), PilotedError);
    assertEquals(error.code, "UNSUPPORTED");
  }));
