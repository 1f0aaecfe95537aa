import { assert, assertEquals } from "@std/assert";
import { seededRandom } from "../../bench/balance/seeded_random.ts";
import { RandomBits } from "../../src/balance/random_bits.ts";
import { test } from "../support/test.ts";
import { seed } from "./support.ts";

test("RandomBits is spread evenly", () => {
  const bits = new RandomBits(seededRandom(seed));
  const counts = new Array<number>(16).fill(0);
  for (let i = 0; i < 160_000; i++) counts[Math.floor(bits.below(16))]!++;
  for (const count of counts) assert(Math.abs(count - 10_000) < 600, String(counts));
});

test("RandomBits gives the same numbers for the same seed, and others for another", () => {
  const numbers = (seed: number) => {
    const bits = new RandomBits(seededRandom(seed));
    return Array.from({ length: 8 }, () => bits.below(1));
  };
  assertEquals(numbers(1), numbers(1));
  assert(numbers(1).every((number, i) => number !== numbers(2)[i]));
});

test("RandomBits does not get stuck on a generator that gives zeros", () => {
  const bits = new RandomBits(() => 0);
  const numbers = Array.from({ length: 100 }, () => bits.below(1));
  assert(numbers.every((number) => number >= 0 && number < 1));
  assert(new Set(numbers.slice(20)).size > 70);
});
