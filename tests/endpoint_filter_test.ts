import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  checkFilter,
  describeFilter,
  describeValues,
  filterKey,
  matcherOf,
} from "../src/endpoint_filter.ts";
import { endpoint } from "./support/endpoints.ts";
import { test } from "./support/test.ts";

test("matcherOf() compares tags without case, and everything else exactly", () => {
  const one = endpoint("a", {
    tags: ["Primary", "EU"],
    zone: "Z1",
    meta: { version: "2", ö: "Ü" },
  });
  const matches = (filter: Parameters<typeof matcherOf>[0]) => matcherOf(filter)(one);
  assert(matches({}));
  assert(matches({ tags: [], meta: {} }));
  assert(matches({ tags: ["primary", "eu", "PRIMARY"] }));
  assert(!matches({ tags: ["primary", "us"] }));
  assert(matches({ zone: "Z1" }));
  assert(!matches({ zone: "z1" }));
  assert(!matches({ zone: "" }));
  assert(matches({ version: "2" }));
  assert(!matches({ version: "2.0" }));
  assert(matches({ meta: { ö: "Ü", version: "2" } }));
  assert(!matches({ meta: { ö: "ü" } }));
  assert(!matches({ meta: { version: "2" }, version: "3" }));
  assert(!matches({ meta: { toString: "x", constructor: "y" } }));
  assert(!matches({ meta: JSON.parse('{ "__proto__": "x" }') }));
  assert(matcherOf({ zone: "" })(endpoint("b")));
});

test("filterKey() is the same for filters that mean the same", () => {
  const same = [
    { tags: ["b", "A", "a"], version: "1", meta: { x: "y" } },
    { tags: ["a", "B"], meta: { version: "1", x: "y" } },
    { tags: ["a", "b"], meta: { x: "y", version: "1" }, version: "1", zone: undefined },
  ].map(filterKey);
  assertEquals(new Set(same).size, 1);
  assertEquals(filterKey({ tags: [], meta: {} }), filterKey({}));
  const other = [{}, { zone: "" }, { tags: [""] }, { version: "" }, { meta: { "": "" } }].map(
    filterKey,
  );
  assertEquals(new Set(other).size, other.length);
});

test("checkFilter() names the field and what was received", () => {
  const wrong: [unknown, string][] = [
    [{ tags: "a" }, 'option tags of f(): it must be a list of texts, received "a"'],
    [{ tags: ["a", 1] }, "it must be a list of texts, received 1"],
    [{ tags: null }, "received null"],
    [{ zone: 1 }, "option zone of f(): it must be a text, received 1"],
    [{ version: 2.1 }, "option version of f(): it must be a text, received 2.1"],
    [{ meta: [] }, "option meta of f(): it must be an object of texts, received a list"],
    [{ meta: { a: NaN } }, "option meta.a of f(): it must be a text, received NaN"],
    [{ meta: { a: undefined } }, "option meta.a of f(): it must be a text, received undefined"],
  ];
  for (const [filter, message] of wrong) {
    assertThrows(() => checkFilter(filter as never, "f()"), TypeError, message);
  }
});

test("describeFilter() and describeValues() name what was wanted and what there is", () => {
  const filter = { tags: ["x"], zone: "z", version: "3", meta: { color: "red" } };
  assertEquals(describeFilter(filter), 'tag "x", zone "z", version "3", meta.color "red"');
  const many = Array.from(
    { length: 12 },
    (_, i) => endpoint(`e${i}`, { meta: { version: `${i}` } }),
  );
  assertEquals(
    describeValues({ ...filter, tags: [] }, many),
    "zones there are: none; versions there are: " +
      '"0", "1", "2", "3", "4", "5", "6", "7", "8", "9" and 2 more; values of meta.color: none',
  );
  assertEquals(
    describeValues({ tags: ["x"] }, [
      endpoint("a", { tags: ["a", "b"] }),
      endpoint("b", { tags: ["b"] }),
    ]),
    'tags there are: "a", "b"',
  );
  assertEquals(
    describeValues({ meta: { constructor: "x" } }, many),
    "values of meta.constructor: none",
  );
});
