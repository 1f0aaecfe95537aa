import { assertAlmostEquals, assertEquals } from "@std/assert";
import { seededRandom } from "../../bench/balance/seeded_random.ts";
import { WeightedSampler } from "../../src/balance/weighted_sampler.ts";
import { test } from "../support/test.ts";
import { members, seed, tally } from "./support.ts";

const DRAWS = 100_000;

/** Gives ids as a sampler draws them, never `other`'s and never an excluded one. */
function drawing(
  names: string[],
  other = -1,
  exclude?: (endpoint: { id: string }) => boolean,
): () => string {
  const sampler = new WeightedSampler(seededRandom(seed));
  sampler.update(members(...names));
  return () => sampler.members[sampler.draw(other, exclude)]?.endpoint.id ?? "nothing";
}

test("WeightedSampler draws in proportion to weight", () => {
  const counts = tally(DRAWS, drawing(["a:1", "b:2", "c:3", "d:4", "e:0"]));
  assertEquals(counts.e, undefined);
  ["a", "b", "c", "d"].forEach((id, i) => {
    assertAlmostEquals(counts[id]! / DRAWS, (i + 1) / 10, 0.01);
  });
});

test("WeightedSampler draws equal weights equally", () => {
  for (const weight of [0, 1, 7]) {
    const counts = tally(DRAWS, drawing(["a", "b", "c", "d"].map((id) => `${id}:${weight}`)));
    for (const id of ["a", "b", "c", "d"]) assertAlmostEquals(counts[id]! / DRAWS, 0.25, 0.01);
  }
});

test("WeightedSampler draws the second by the weights of the rest", () => {
  const counts = tally(DRAWS, drawing(["a:5", "b:2", "c:1"], 0));
  assertEquals(counts.a, undefined);
  assertAlmostEquals(counts.b! / DRAWS, 2 / 3, 0.01);
});

test("WeightedSampler finds light ones beside a giant by their weights", () => {
  const counts = tally(DRAWS / 10, drawing(["giant:1000000000", "b:2", "c:1"], 0));
  assertAlmostEquals(counts.b! / (DRAWS / 10), 2 / 3, 0.03);
});

test("WeightedSampler draws around a giant anywhere in the list by the weights of the rest", () => {
  const shares = { b: 1 / 3, c: 1 / 6, d: 1 / 2 };
  for (let place = 0; place < 4; place++) {
    const names = ["b:2", "c:1", "d:3"];
    names.splice(place, 0, "giant:1000000000");
    const counts = tally(DRAWS / 10, drawing(names, place));
    assertEquals(counts.giant, undefined);
    for (const [id, share] of Object.entries(shares)) {
      assertAlmostEquals(counts[id]! / (DRAWS / 10), share, 0.03);
    }
  }
});

test("WeightedSampler draws around a member of equal weights equally", () => {
  for (let place = 0; place < 3; place++) {
    const counts = tally(DRAWS, drawing(["a", "b", "c"], place));
    const left = ["a", "b", "c"].filter((_, i) => i !== place);
    assertEquals(Object.keys(counts).sort(), left);
    assertAlmostEquals(counts[left[0]!]! / DRAWS, 0.5, 0.01);
  }
});

test("WeightedSampler draws what a caller leaves of many by weight", () => {
  const names = [...Array.from({ length: 200 }, (_, i) => `m${i}:1000`), "x:2", "y:1"];
  const counts = tally(DRAWS / 10, drawing(names, 0, ({ id }) => id.startsWith("m")));
  assertAlmostEquals(counts.x! / (DRAWS / 10), 2 / 3, 0.03);
});

test("WeightedSampler finds the only one of 200 that is not excluded, or none", () => {
  const names = Array.from({ length: 200 }, (_, i) => `m${i}:${i % 3}`);
  assertEquals(drawing(names, -1, ({ id }) => id !== "m118")(), "m118");
  assertEquals(drawing(names, -1, () => true)(), "nothing");
  assertEquals(drawing(["a"], 0)(), "nothing");
  assertEquals(drawing([])(), "nothing");
});
