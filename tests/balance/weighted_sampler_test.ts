import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { seededRandom } from "../../bench/balance/seeded_random.ts";
import { WeightedSampler } from "../../src/balance/weighted_sampler.ts";
import { test } from "../support/test.ts";
import { members, seed, tally } from "./support.ts";

const DRAWS = 100_000;

function sampling(...names: string[]): WeightedSampler {
  const sampler = new WeightedSampler(seededRandom(seed));
  sampler.update(members(...names));
  return sampler;
}

test("WeightedSampler draws in proportion to weight", () => {
  const sampler = sampling("a:1", "b:2", "c:3", "d:4", "e:0");
  const counts = tally(DRAWS, () => sampler.draw()!.endpoint.id);
  assertEquals(counts.e, undefined);
  ["a", "b", "c", "d"].forEach((id, i) => {
    assertAlmostEquals(counts[id]! / DRAWS, (i + 1) / 10, 0.01);
  });
});

test("WeightedSampler draws equal weights equally", () => {
  const sampler = sampling("a:7", "b:7", "c:7", "d:7");
  const counts = tally(DRAWS, () => sampler.draw()!.endpoint.id);
  for (const id in counts) assertAlmostEquals(counts[id]! / DRAWS, 0.25, 0.01);
});

test("WeightedSampler draws equally where every weight is 0", () => {
  const sampler = sampling("a:0", "b:0");
  const counts = tally(DRAWS, () => sampler.draw()!.endpoint.id);
  for (const id in counts) assertAlmostEquals(counts[id]! / DRAWS, 0.5, 0.01);
});

test("WeightedSampler draws the second by the weights of the rest", () => {
  const sampler = sampling("a:5", "b:2", "c:1");
  const first = sampler.members[0]!;
  const counts = tally(DRAWS, () => sampler.draw(first)!.endpoint.id);
  assertEquals(counts.a, undefined);
  assertAlmostEquals(counts.b! / DRAWS, 2 / 3, 0.01);
});

test("WeightedSampler finds light ones beside a giant by their weights", () => {
  const sampler = sampling("giant:1000000000", "b:2", "c:1");
  const giant = sampler.members[0]!;
  const counts = tally(DRAWS / 10, () => sampler.draw(giant)!.endpoint.id);
  assertAlmostEquals(counts.b! / (DRAWS / 10), 2 / 3, 0.03);
});

test("WeightedSampler finds the only one that is not excluded among weights of 0", () => {
  const sampler = sampling(...Array.from({ length: 200 }, (_, i) => `m${i}:0`));
  const drawn = sampler.draw(undefined, ({ id }) => id !== "m117");
  assertEquals(drawn?.endpoint.id, "m117");
  assert(sampler.draw(drawn, ({ id }) => id !== "m117") === undefined);
});
