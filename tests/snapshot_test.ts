import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type Endpoint, endpointIdentity, sameEndpoint } from "../src/endpoint.ts";
import { diffEndpoints } from "../src/snapshot.ts";
import { seed } from "./balance/support.ts";
import { endpoint } from "./support/endpoints.ts";
import { test } from "./support/test.ts";

const [a, b, c, d] = ["a", "b", "c", "d"].map((id) => endpoint(id)) as [
  Endpoint,
  Endpoint,
  Endpoint,
  Endpoint,
];

function ids(endpoints: readonly Endpoint[]): string {
  return endpoints.map(({ id, port }) => port === 8080 ? id : `${id}:${port}`).join(" ");
}

function sorted(endpoints: readonly Endpoint[]): string[] {
  return endpoints.map(endpointIdentity).sort();
}

test("diffEndpoints() finds no change in a list of the same content, in whatever order", () => {
  assertEquals(diffEndpoints("app", [], []), undefined);
  assertEquals(diffEndpoints("app", [a, b], [endpoint("a"), endpoint("b")]), undefined);
  assertEquals(diffEndpoints("app", [a, b, c], [c, a, b]), undefined);
});

test("diffEndpoints() keeps the old order and objects, and puts new endpoints at the end", () => {
  const change = diffEndpoints("app", [a, b, c], [
    d,
    endpoint("a"),
    endpoint("c", { port: 9 }),
  ])!;
  assertEquals(ids(change.endpoints), "a c:9 d");
  assert(change.endpoints[0] === a);
  assertEquals(ids(change.added), "d");
  assertEquals(ids(change.removed), "b");
  assertEquals(ids(change.changed.map(({ after }) => after)), "c:9");
  assertEquals(change.changed.map(({ before }) => before), [c]);
  for (const list of [change, change.added, change.removed, change.changed, change.endpoints]) {
    assert(Object.isFrozen(list));
  }
});

test("diffEndpoints() tells instances apart by datacenter, node and id together", () => {
  const twins = [
    endpoint("x", { node: "n", datacenter: "dc1" }),
    endpoint("x", { node: "m", datacenter: "dc1" }),
    endpoint("x", { node: "n", datacenter: "dc2" }),
    endpoint("nx", { node: "", datacenter: "dc1" }),
  ];
  assertEquals(diffEndpoints("app", twins, twins.toReversed()), undefined);
  assertEquals(diffEndpoints("app", [], twins)?.added.length, 4);
});

test("diffEndpoints() tells what looking everything up by identity tells", () => {
  const list = fc.uniqueArray(
    fc.record({ id: fc.nat(12), node: fc.nat(2), port: fc.integer({ min: 1, max: 2 }) }),
    { selector: ({ id, node }) => `${id} ${node}`, maxLength: 30 },
  ).map((facts) => facts.map(({ id, node, port }) => endpoint(`${id}`, { node: `${node}`, port })));
  fc.assert(
    fc.property(list, list, (before, after) => {
      const change = diffEndpoints("app", before, after);
      const now = new Map(after.map((each) => [endpointIdentity(each), each]));
      const kept = before.filter((each) => now.has(endpointIdentity(each)));
      const old = new Set(before.map(endpointIdentity));
      const expected = {
        added: after.filter((each) => !old.has(endpointIdentity(each))),
        removed: before.filter((each) => !now.has(endpointIdentity(each))),
        changed: kept.map((each) => now.get(endpointIdentity(each))!)
          .filter((each, i) => !sameEndpoint(each, kept[i]!)),
      };
      if (expected.added.length + expected.removed.length + expected.changed.length === 0) {
        assertEquals(change, undefined);
        return;
      }
      assertEquals(ids(change!.removed), ids(expected.removed));
      assertEquals(ids(change!.changed.map(({ after }) => after)), ids(expected.changed));
      // Newcomers may be in any order, but are the last.
      assertEquals(sorted(change!.added), sorted(expected.added));
      assertEquals(
        change!.endpoints.map(endpointIdentity),
        [...kept, ...change!.added].map(endpointIdentity),
      );
    }),
    { seed, numRuns: 1_000 },
  );
});
