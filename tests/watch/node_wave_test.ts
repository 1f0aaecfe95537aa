/** Instances whose nodes fail together, by Consul's gossip alone. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { decodeHealth } from "../../src/source/consul_decode.ts";
import type { NodeFailurePolicy } from "../../src/watch/policies.ts";
import { endpoint } from "../support/endpoints.ts";
import { idsOf, register, withEmbedded } from "../support/embedded_client.ts";
import { test } from "../support/test.ts";
import { type Watching, watching } from "../support/watching.ts";

const all = ["a", "b", "c"];

function list(failed: string, ids = all) {
  return ids.map((id) => endpoint(id, failed.includes(id) ? { status: "critical" } : {}));
}

/** Lets the registry answer with these instances, of which those nodes have failed. */
async function answer(it: Watching, failed: string, index: number, ms = 100): Promise<void> {
  while (it.source.open.length === 0) await it.clock.advance(50);
  it.source.next.answer(list(failed), index, { nodeFailedCount: failed.length });
  await it.clock.advance(ms);
}

function ids(it: Watching): string {
  return it.watch.endpoints.map(({ id }) => id).sort().join("");
}

for (
  const [policy, atOnce, later] of [
    ["confirm", "abc", ""],
    ["keep", "abc", "abc"],
    ["accept", "", ""],
  ] as [NodeFailurePolicy, string, string][]
) {
  test(`nodeFailurePolicy "${policy}" hands out ${atOnce || "nothing"}, then ${later || "nothing"}`, () =>
    watching(async (it) => {
      await answer(it, "", 10, 1_000);
      await answer(it, "abc", 11);
      const { state, reason } = it.watch.status();
      assertEquals([ids(it), state], [atOnce, policy === "accept" ? "live" : "unconfirmed"]);
      if (policy !== "accept") assertStringIncludes(reason!, "the check of its node alone");
      await answer(it, "abc", 12);
      await answer(it, "abc", 13);
      assertEquals(ids(it), later);
      await answer(it, "bc", 14);
      assertEquals([ids(it), it.watch.status().state], ["a", "live"]);
    }, { nodeFailurePolicy: policy }));
}

test("nodes that fail one after the other within seconds have failed together", () =>
  watching(async (it) => {
    await answer(it, "", 10, 1_000);
    await answer(it, "a", 11, 2_000);
    assertEquals(ids(it), "bc");
    await answer(it, "ab", 12, 2_000);
    assertEquals(ids(it), "c");
    await answer(it, "abc", 13);
    assertEquals([ids(it), it.watch.status().state], ["abc", "unconfirmed"]);
    await answer(it, "", 14);
    assertEquals([ids(it), it.watch.status().state], ["abc", "live"]);
  }));

test("nodes that fail over minutes are dead, and only the last of them is doubted", () =>
  watching(async (it) => {
    await answer(it, "", 10, 1_000);
    await answer(it, "a", 11, 60_000);
    await answer(it, "ab", 12, 60_000);
    await answer(it, "abc", 13);
    assertEquals([ids(it), it.watch.status().state], ["c", "unconfirmed"]);
  }));

test("an instance whose own check fails as well is no victim of the gossip", () =>
  watching(async (it) => {
    await answer(it, "", 10, 1_000);
    it.source.next.answer(list("abc"), 11, { nodeFailedCount: 2 });
    await it.clock.advance(0);
    assertEquals([ids(it), it.watch.status().state], ["", "live"]);
  }));

test('with health "any" failed nodes are handed out as ever', () =>
  watching(async (it) => {
    await answer(it, "", 10, 1_000);
    await answer(it, "abc", 11);
    assertEquals([ids(it), it.watch.status().state], ["abc", "live"]);
  }, { health: "any" }));

test("decodeHealth() counts instances that are critical by the check of their node alone", () => {
  const entry = (id: string, ...checks: [string, string][]) => ({
    Node: { Node: "n", Address: "10.0.0.1", Datacenter: "dc1" },
    Service: { ID: id, Service: "app", Port: 1 },
    Checks: checks.map(([CheckID, Status]) => ({ CheckID, Status })),
  });
  const { nodeFailedCount } = decodeHealth([
    entry("1", ["serfHealth", "critical"]),
    entry("2", ["serfHealth", "critical"], ["service:2", "passing"]),
    entry("3", ["serfHealth", "critical"], ["service:3", "critical"]),
    entry("4", ["serfHealth", "passing"], ["service:4", "critical"]),
    entry("5", ["serfHealth", "critical"], ["_node_maintenance", "critical"]),
    entry("6", ["serfHealth", "passing"]),
  ], { service: "app" });
  assertEquals(nodeFailedCount, 2);
});

test("a Consul whose gossip fails keeps the list for five seconds", () =>
  withEmbedded(async (it) => {
    const fail = (Checks: { CheckID: string }[]) =>
      Checks.map((check) =>
        check.CheckID === "serfHealth" ? { ...check, Status: "critical" } : check
      );
    it.between(async (_request, next) => {
      const response = await next();
      const entries = await response.json() as { Checks: { CheckID: string }[] }[];
      const changed = entries.map((entry) => ({ ...entry, Checks: fail(entry.Checks) }));
      return Response.json(changed, { headers: response.headers });
    });
    // The query under way ends without the failure.
    register(it.consul, "app", "c", 3);
    await it.passes(1_000);
    register(it.consul, "app", "d", 4);
    await it.passes(100, 50);
    assertEquals([idsOf(it.piloted), it.piloted.status("app").state], ["a b c", "unconfirmed"]);
    await it.passes(4_000);
    assertEquals(idsOf(it.piloted), "a b c");
    await it.passes(4_000);
    assertEquals([idsOf(it.piloted), it.piloted.status("app").state], ["", "live"]);
  }, {
    start: ({ consul }) => {
      register(consul, "app", "a", 1);
      register(consul, "app", "b", 2);
    },
  }));
