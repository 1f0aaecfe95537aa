/**
 * Gives a watcher odd answers of Consul (truncated, reordered, of wrong types, with huge numbers,
 * duplicate ids, an index that goes back, ...) and stops at the first that ends in anything but a
 * typed error, an endpoint left out, or a good list.
 *
 *     deno run -A scripts/fuzz_source.ts [how many answers, 50000]
 *
 * The seed is printed; PILOTED_SEED repeats a run.
 *
 * @module
 */
import fc from "fast-check";
import process from "node:process";
import { answer } from "../tests/source/odd_answers.ts";
import { watchAnswers } from "../tests/source/watch_answers.ts";

const ROW = 50;
const rows = Math.ceil(Number(process.argv[2] ?? 50_000) / ROW);
const seed = Number(process.env.PILOTED_SEED ?? Date.now() % 2 ** 31);
const total = { taken: 0, refused: 0 };
const start = performance.now();

console.log(`Giving ${rows * ROW} answers with PILOTED_SEED=${seed}`);
await fc.assert(
  fc.asyncProperty(fc.array(answer, { minLength: ROW, maxLength: ROW }), async (answers) => {
    const { taken, refused } = await watchAnswers(answers);
    total.taken += taken;
    total.refused += refused;
  }),
  { seed, numRuns: rows },
);
const seconds = ((performance.now() - start) / 1000).toFixed(1);
console.log(`${total.taken} taken, ${total.refused} refused, in ${seconds} s`);
