/**
 * The contract of a Consul agent: which write changes which index, and blocking queries.
 */
import { assert, assertEquals } from "@std/assert";
import type { AgentClient } from "./consul_agent_client.ts";

export const blockingCases: Record<string, (client: AgentClient) => Promise<void>> = {
  async "an index moves with its service and not with another"(client) {
    await client.write("n1", { Service: "app", Port: 1 });
    const before = await client.healthIndex("app");
    await client.write("n2", { Service: "other", Port: 1 });
    assertEquals(await client.healthIndex("app"), before);
    await client.write("n1", { Service: "app", Port: 2 });
    assert(BigInt(await client.healthIndex("app")) > BigInt(before));
  },

  async "writing the same again moves no index"(client) {
    const check = { CheckID: "c", Name: "c", Status: "passing", ServiceID: "app" };
    await client.write("n1", { Service: "app", Port: 1 }, check);
    const before = [await client.healthIndex("app"), await servicesIndex(client)];
    await client.write("n1", { Service: "app", Port: 1 }, check);
    assertEquals([await client.healthIndex("app"), await servicesIndex(client)], before);
  },

  async "a check moves the health of its service and not its catalog"(client) {
    await client.write("n1", { Service: "app" });
    const [health, catalog] = [await client.healthIndex("app"), await catalogIndex(client, "app")];
    assertEquals(health, catalog);
    const check = { CheckID: "c", Name: "c", Status: "passing", ServiceID: "app" };
    for (const output of ["one", "two"]) {
      const before = await client.healthIndex("app");
      await client.write("n1", { Service: "app" }, { ...check, Output: output });
      assert(BigInt(await client.healthIndex("app")) > BigInt(before), output);
    }
  },

  async "a check or an address of a node moves every service on it"(client) {
    await client.write("n1", { Service: "a" });
    await client.write("n1", { Service: "b" });
    await client.write("n2", { Service: "c" });
    const other = await client.healthIndex("c");
    const changes = [
      { Node: "n1", Address: "10.9.9.9", Check: { CheckID: "disk", Name: "disk" } },
      { Node: "n1", Address: "10.8.8.8" },
    ];
    for (const change of changes) {
      const before = await client.healthIndex("a");
      await client.put("/v1/catalog/register", change);
      const [a, b] = [await client.healthIndex("a"), await client.healthIndex("b")];
      assert(BigInt(a) > BigInt(before));
      assertEquals(a, b);
    }
    assertEquals(await client.healthIndex("c"), other);
  },

  async "a service that has never been has the index of the whole catalog"(client) {
    await client.settle();
    await client.write("n1", { Service: "app" });
    assertEquals(await client.healthIndex("never"), await client.healthIndex("app"));
    const catalog = await catalogIndex(client, "never");
    await client.write("n1", { Service: "app" }, { CheckID: "c", Name: "c", ServiceID: "app" });
    assertEquals(await client.healthIndex("never"), await client.healthIndex("app"));
    // The catalog endpoint does not contain checks.
    assertEquals(await catalogIndex(client, "never"), catalog);
  },

  async "a service that is gone has the index of the last one that went"(client) {
    await client.settle();
    await client.write("n1", { Service: "app" });
    await client.write("n1", { Service: "other" });
    const before = await client.healthIndex("app");
    await client.put("/v1/catalog/deregister", { Node: "n1", ServiceID: "app" });
    const gone = await client.healthIndex("app");
    assert(BigInt(gone) > BigInt(before));
    assertEquals(await client.healthIndex("never"), gone);
    await client.write("n1", { Service: "third" });
    assertEquals(await client.healthIndex("never"), gone);
    await client.put("/v1/catalog/deregister", { Node: "n1" });
    assert(BigInt(await client.healthIndex("never")) > BigInt(gone));
    const { value } = await client.read<object>("/v1/catalog/services");
    assertEquals(Object.keys(value), ["consul", "settled"]);
  },

  async "one of several instances that goes moves the index of its service alone"(client) {
    for (const id of ["1", "2"]) await client.write("n1", { Service: "app", ID: id });
    await client.write("n1", { Service: "other" });
    const [app, other] = [await client.healthIndex("app"), await client.healthIndex("other")];
    await client.put("/v1/catalog/deregister", { Node: "n1", ServiceID: "1" });
    assert(BigInt(await client.healthIndex("app")) > BigInt(app));
    assertEquals(await client.healthIndex("other"), other);
  },

  async "the list of names moves with services and not with checks"(client) {
    const before = await servicesIndex(client);
    await client.write("n1", { Service: "app" });
    const after = await servicesIndex(client);
    assert(BigInt(after) > BigInt(before));
    await client.write("n1", { Service: "app" }, { CheckID: "c", Name: "c", ServiceID: "app" });
    assertEquals(await servicesIndex(client), after);
  },

  async "a blocking query wakes when its service changes"(client) {
    await client.write("n1", { Service: "app", ID: "1" });
    const answer = client.health(`app?index=${await client.healthIndex("app")}&wait=30s`);
    await client.write("n2", { Service: "other" });
    await client.write("n1", { Service: "app", ID: "2" });
    assertEquals((await answer).map(({ Service }) => Service.ID), ["1", "2"]);
  },

  async "a blocking query wakes when its service is gone"(client) {
    await client.write("n1", { Service: "app" });
    const answer = client.health(`app?index=${await client.healthIndex("app")}&wait=30s`);
    await client.put("/v1/catalog/deregister", { Node: "n1", ServiceID: "app" });
    assertEquals(await answer, []);
  },

  async "a blocking query for an unknown service wakes at its first registration"(client) {
    await client.settle();
    const answer = client.health(`app?index=${await client.healthIndex("app")}&wait=30s`);
    await client.write("n1", { Service: "app" });
    assertEquals((await answer).length, 1);
  },

  async "a blocking query for an unknown service wakes when another one vanishes"(client) {
    await client.settle();
    await client.write("n1", { Service: "gone" });
    const index = await client.healthIndex("app");
    const answer = client.read<unknown[]>(`/v1/health/service/app?index=${index}&wait=30s`);
    await client.put("/v1/catalog/deregister", { Node: "n1", ServiceID: "gone" });
    const woken = await answer;
    assertEquals(woken.value, []);
    assert(BigInt(woken.index) > BigInt(index));
  },

  async "a blocking query for what passes wakes when a check fails"(client) {
    const check = { CheckID: "c", Name: "c", ServiceID: "app" };
    await client.write("n1", { Service: "app" }, { ...check, Status: "passing" });
    const answer = client.health(`app?passing&index=${await client.healthIndex("app")}&wait=30s`);
    await client.write("n1", { Service: "app" }, { ...check, Status: "critical" });
    assertEquals(await answer, []);
  },

  async "a blocking query for a tag wakes when an instance without it changes"(client) {
    await client.write("n1", { Service: "app", ID: "1", Tags: ["t"] });
    await client.write("n1", { Service: "app", ID: "2" });
    const answer = client.health(`app?tag=t&index=${await client.healthIndex("app")}&wait=30s`);
    await client.write("n1", { Service: "app", ID: "2", Port: 5 });
    assertEquals((await answer).length, 1);
  },

  async "a blocking query for all names wakes when there is a new one"(client) {
    const index = await servicesIndex(client);
    const answer = client.read<object>(`/v1/catalog/services?index=${index}&wait=30s`);
    await client.write("n1", { Service: "app" });
    assertEquals("app" in (await answer).value, true);
  },

  async "a blocking query returns the same index when its time is over"(client) {
    await client.write("n1", { Service: "app" });
    const index = await client.healthIndex("app");
    const start = performance.now();
    assertEquals(await client.healthIndex(`app?index=${index}&wait=200ms`), index);
    // A timer may run slightly early.
    assert(performance.now() - start >= 195);
  },

  async "a blocking query for an index to come waits until its time is over"(client) {
    const start = performance.now();
    const index = await client.healthIndex("app?index=18446744073709551615&wait=200ms");
    assert(performance.now() - start >= 195);
    assert(BigInt(index) < 1_000_000n);
  },

  async "a query for an older index is answered at once"(client) {
    await client.write("n1", { Service: "app" });
    for (const query of ["index=1&wait=5m", "index=0&wait=5m", "wait=5m"]) {
      assertEquals((await client.health(`app?${query}`)).length, 1);
    }
  },

  async "?cached waits as well, on an index of its own"(client) {
    await client.write("n1", { Service: "app", ID: "1" });
    const index = await client.healthIndex("app?cached");
    const answer = client.health(`app?cached&index=${index}&wait=30s`);
    await client.write("n1", { Service: "app", ID: "2" });
    assertEquals((await answer).length, 2);
  },

  async "?cached is a hit when the cache had something newer, and none when it had to wait"(
    client,
  ) {
    await client.write("n1", { Service: "app" });
    const path = "/v1/health/service/app?cached";
    const { index } = await client.read(path);
    const hit = (await client.read(`${path}&index=1&wait=30s`)).headers;
    assertEquals([hit.get("X-Cache"), hit.get("Age")], ["HIT", "0"]);
    const waited = (await client.read(`${path}&index=${index}&wait=50ms`)).headers;
    assertEquals([waited.get("X-Cache"), waited.get("Age")], ["MISS", null]);
  },
};

async function servicesIndex(client: AgentClient): Promise<string> {
  return (await client.read("/v1/catalog/services")).index;
}

async function catalogIndex(client: AgentClient, service: string): Promise<string> {
  return (await client.read(`/v1/catalog/service/${service}`)).index;
}
