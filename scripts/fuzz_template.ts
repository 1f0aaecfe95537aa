/**
 * Renders random and mutated templates and stops at the first that ends in anything but a text or a
 * PilotedError, or takes too long.
 *
 *     deno run -A scripts/fuzz_template.ts [how many, 100000]
 *
 * The seed is printed; PILOTED_SEED repeats a run.
 *
 * @module
 */
import fc from "fast-check";
import process from "node:process";
import { checkTemplate, randomTemplate } from "../tests/template/random_template.ts";

const numRuns = Number(process.argv[2] ?? 100_000);
const seed = Number(process.env.PILOTED_SEED ?? Date.now() % 2 ** 31);
const outcomes = { rendered: 0, parse: 0, exec: 0 };
const start = performance.now();

console.log(`Rendering ${numRuns} templates with PILOTED_SEED=${seed}`);
await fc.assert(
  fc.asyncProperty(randomTemplate, async (template) => {
    outcomes[await checkTemplate(template)]++;
  }),
  { seed, numRuns },
);
const seconds = ((performance.now() - start) / 1000).toFixed(1);
console.log(
  `${outcomes.rendered} rendered, ${outcomes.parse} not parsed, ${outcomes.exec} not executed, in ${seconds} s`,
);
