/** Consul, a tier and a client of the tier, against a client of Consul itself. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { createPiloted } from "../../src/client/create_piloted.ts";
import type { PilotedOptions } from "../../src/client/options.ts";
import type { Piloted } from "../../src/client/piloted.ts";
import { type Endpoint, endpointIdentity } from "../../src/endpoint.ts";
import type { Fetch } from "../../src/platform_fetch.ts";
import { EmbeddedConsul, faults } from "../../src/testing/mod.ts";
import { test } from "../support/test.ts";
import { startTier, type Tier } from "../support/tier.ts";
import { waitUntil } from "../support/wait_until.ts";

const PORTS = [{ name: "http", port: 8080, default: true }, { name: "metrics", port: 9090 }];
const WATCHES = [{ name: "app" }, { name: "db" }];

function startClient(fetch: Fetch, options: PilotedOptions = {}, token?: string): Promise<Piloted> {
  return createPiloted({
    config: { upstream: { address: "http://tier", token }, watches: WATCHES },
    fetch,
    signals: false,
    ...options,
  });
}

async function within(
  run: (it: { consul: EmbeddedConsul; tier: Tier; client: Piloted }) => Promise<void>,
  instances = 3,
): Promise<void> {
  await using consul = new EmbeddedConsul();
  for (let i = 0; i < instances; i++) {
    consul.register({ name: "app", id: `a${i}`, address: `10.0.0.${i + 1}`, port: 80 });
  }
  const tier = await startTier(consul, WATCHES);
  const client = await startClient(tier.fetch);
  try {
    await run({ consul, tier, client });
  } finally {
    await client.close();
    await tier.close();
  }
}

const seed = Number(globalThis.process?.env?.PILOTED_SEED ?? Date.now() % 1_000_000);

test(`Consul -> tier -> client equals Consul -> client (PILOTED_SEED=${seed})`, async () => {
  let state = seed + 1;
  const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  const below = (limit: number) => Math.floor(random() * limit);
  await using consul = new EmbeddedConsul({ version: "2.0" });
  const known = new Map<string, string>();
  const change = () => {
    const id = `a${below(12)}`;
    const kind = below(10);
    if (kind === 0 && known.size > 6) {
      const [[first, node]] = known as unknown as [[string, string]];
      known.delete(first);
      return consul.deregister(first, node);
    }
    const node = known.get(id) ?? `node-${below(3)}`;
    known.set(id, node);
    consul.register(
      {
        name: "app",
        id,
        node,
        address: below(4) === 0 ? `2001:db8::${below(9) + 1}` : `10.0.0.${below(9) + 1}`,
        tags: ["blue", "v2", "ü", "a,b"].slice(below(4)),
        meta: below(2) === 0 ? {} : { zone: `zone-${below(3)}`, text: 'line\n"quoted" \u2028' },
        weights: { passing: 1 + below(9), warning: below(3) },
        status: (["passing", "passing", "passing", "warning", "critical"] as const)[below(5)],
        ...below(2) === 0 ? { port: 80 + below(3) } : { ports: PORTS },
      } as Parameters<EmbeddedConsul["register"]>[0],
    );
  };
  for (let i = 0; i < 6; i++) change();
  const tier = await startTier(consul, WATCHES);
  const direct = await createPiloted({
    config: { consul: "consul:8500", watches: WATCHES },
    fetch: consul.fetch,
    signals: false,
  });
  const client = await startClient(tier.fetch);
  const sorted = (piloted: Piloted) =>
    JSON.stringify([
      piloted.status("app").state,
      piloted.serviceHosts("app").map((endpoint) => ({
        ...endpoint,
        ids: endpoint.ids?.toSorted(),
      }))
        .sort((a, b) => endpointIdentity(a as Endpoint) < endpointIdentity(b as Endpoint) ? -1 : 1),
    ]);
  try {
    for (let step = 0; step < 40; step++) {
      for (let i = below(3); i >= 0; i--) change();
      await direct.refresh();
      await tier.piloted.refresh();
      await waitUntil(() => sorted(client) === sorted(tier.piloted)).catch(() => {});
      assertEquals(JSON.parse(sorted(client)), JSON.parse(sorted(tier.piloted)), `step ${step}`);
      // Which of the ids of one address comes first depends on what was seen in between.
      const hosts = (piloted: Piloted) =>
        piloted.serviceHosts("app").map(({ host, ids, id }) =>
          `${host} ${(ids ?? [id]).toSorted()}`
        )
          .sort();
      assertEquals(hosts(client), hosts(direct), `step ${step}`);
    }
  } finally {
    await client.close();
    await direct.close();
    await tier.close();
  }
});

test("A client of a tier whose Consul is away is stale with the age of the data", async () => {
  await within(async ({ consul, tier, client }) => {
    assertEquals(client.status("app").state, "live");
    const remove = consul.inject(faults.answer(500, "No cluster leader"));
    await tier.piloted.refresh().catch(() => {});
    await waitUntil(() => client.status("app").state === "stale");
    const { ageMs: own } = client.status("app");
    const { ageMs: there, reason } = tier.piloted.status("app");
    assert(Math.abs(own! - there!) < 2_000, `${own} and ${there}`);
    assertMatch(client.status("app").reason!, /it is stale at the upstream http:\/\/tier: /);
    assert(client.status("app").reason!.includes(reason!));
    assertEquals(client.serviceHosts("app").length, 3);
    // One that starts now has the list, and knows how old it is.
    await new Promise((resolve) => setTimeout(resolve, 300));
    const late = await startClient(tier.fetch);
    assertEquals([late.status("app").state, late.serviceHosts("app").length], ["stale", 3]);
    assert(late.status("app").ageMs! >= 300);
    await late.close();
    remove();
    await tier.piloted.refresh();
    await waitUntil(() => client.status("app").state === "live");
  });
});

test("An empty list that the tier has confirmed is accepted by its clients at once", async () => {
  await within(async ({ consul, tier, client }) => {
    const states: string[] = [];
    client.on("status", ({ service, state }) => service === "app" && states.push(state));
    for (const id of ["a0", "a1", "a2"]) consul.deregister(id);
    // The tier's own guard takes 5 s.
    await waitUntil(() => tier.piloted.status("app").state === "unconfirmed");
    assertEquals(client.serviceHosts("app").length, 3);
    await waitUntil(() => tier.piloted.serviceHosts("app").length === 0);
    const from = Date.now();
    await waitUntil(() => client.serviceHosts("app").length === 0);
    assert(Date.now() - from < 1_900);
    await waitUntil(() => client.status("app").state === "live");
    assert(!states.includes("unconfirmed"));
  });
});

test("A restarted tier with an empty list does not empty its clients", async () => {
  await using consul = new EmbeddedConsul();
  consul.register({ name: "app", id: "a", address: "10.0.0.1", port: 80 });
  await using empty = new EmbeddedConsul();
  let tier = await startTier(consul, WATCHES);
  const client = await startClient((input, init) => tier.fetch(input, init), { random: () => 0 });
  try {
    await tier.close();
    tier = await startTier(empty, WATCHES);
    await waitUntil(() => client.status("app").state === "unconfirmed");
    assertEquals(client.serviceHosts("app").length, 1);
  } finally {
    await client.close();
    await tier.close();
  }
});

test("A client of a tier that has never reached its Consul says so, and recovers with it", async () => {
  await using consul = new EmbeddedConsul();
  consul.register({ name: "app", id: "a", address: "10.0.0.1", port: 80 });
  const remove = consul.inject(faults.answer(500, "No cluster leader"));
  const tier = await startTier(consul, WATCHES);
  const client = await startClient(tier.fetch, { onStartFailure: "background" });
  try {
    const { state, reason } = client.status("app");
    assertEquals(state, "pending");
    assertMatch(reason!, /it is pending at the upstream http:\/\/tier: .*No cluster leader/);
    remove();
    await tier.piloted.refresh();
    await waitUntil(() => client.serviceHosts("app").length === 1);
  } finally {
    await client.close();
    await tier.close();
  }
});

test("A client sends its token to the tier, and says when it is wrong", async () => {
  await using consul = new EmbeddedConsul();
  consul.register({ name: "app", id: "a", address: "10.0.0.1", port: 80 });
  const tier = await startTier(consul, WATCHES, {}, { token: "right" });
  try {
    const client = await startClient(tier.fetch, {}, "right");
    assertEquals(client.serviceHosts("app").length, 1);
    await client.close();
    const failure = await startClient(tier.fetch, {}, "wrong").catch((error) => error);
    assertEquals(failure.code, "REGISTRY_DENIED");
    assert(!failure.message.includes("wrong"));
  } finally {
    await tier.close();
  }
});

test("A client in mode on-demand reads the tier by requests, and a tier can be one as well", async () => {
  await within(async ({ tier }) => {
    const paths: string[] = [];
    const fetch: Fetch = (input, init) => {
      paths.push(new URL(new Request(input, init).url).pathname);
      return tier.fetch(input, init);
    };
    const client = await createPiloted({
      config: { upstream: "http://tier", watches: WATCHES },
      mode: "on-demand",
      fetch,
    });
    assertEquals((await client.service("app")).host.endsWith(":80"), true);
    assertEquals(paths, ["/v1/services/app"]);
    await client.close();
  });
  await using consul = new EmbeddedConsul();
  consul.register({ name: "app", id: "a", address: "10.0.0.1", port: 80 });
  const tier = await startTier(consul, WATCHES, {
    mode: "on-demand",
    signals: false,
    onStartFailure: undefined,
  });
  const client = await startClient(tier.fetch);
  assertEquals(client.serviceHosts("app").length, 1);
  await client.close();
  await tier.close();
});

test("A change names an endpoint that has lost one of the ids of its address", async () => {
  await using consul = new EmbeddedConsul();
  for (const id of ["a", "b"]) consul.register({ name: "app", id, address: "10.0.0.1", port: 80 });
  const tier = await startTier(consul, WATCHES);
  const changes: string[] = [];
  tier.piloted.on("change", ({ changed, removed }) => {
    changes.push(...changed.map(({ after }) => `${after.id} ${after.ids}`));
    changes.push(...removed.map(({ id }) => `without ${id}`));
  });
  assertEquals(tier.piloted.serviceHosts("app")[0]!.ids, ["a", "b"]);
  consul.deregister("b");
  await waitUntil(() => changes.length > 0);
  assertEquals(changes, ["a undefined"]);
  await tier.close();
});

test("Consul holds one set of queries for any number of clients of a tier", async () => {
  await using consul = new EmbeddedConsul();
  const names = Array.from({ length: 10 }, (_, i) => `service-${i}`);
  for (const name of names) consul.register({ name, id: name, address: "10.0.0.1", port: 80 });
  const tier = await startTier(consul, names.map((name) => ({ name })));
  let held = 0;
  let highest = 0;
  const urls: string[] = [];
  consul.inject(async (request, next) => {
    urls.push(request.url);
    highest = Math.max(highest, ++held);
    return await next().finally(() => held--);
  });
  let streams = 0;
  const fetch: Fetch = (input, init) => {
    if (new Request(input, init).url.includes("/v1/events?")) streams++;
    return tier.fetch(input, init);
  };
  const clients = await Promise.all(Array.from({ length: 4 }, () =>
    createPiloted({
      config: { upstream: "http://tier", watches: names.map((name) => ({ name })) },
      fetch,
      signals: false,
    })));
  consul.register({ name: "service-3", id: "other", address: "10.0.0.2", port: 80 });
  await waitUntil(() => clients.every((each) => each.serviceHosts("service-3").length === 2));
  assertEquals(streams, clients.length);
  assert(highest <= names.length, `${highest} queries at a time`);
  assert(urls.length <= 2, `${urls}`);
  await Promise.all(clients.map((each) => each.close()));
  await tier.close();
});
