/**
 * Reads random and mutated configurations and stops at the first that ends in anything but a
 * configuration or a PilotedError.
 *
 *     deno run -A scripts/fuzz_config.ts [how many, 100000]
 *
 * The seed is printed; PILOTED_SEED repeats a run.
 *
 * @module
 */
import fc from "fast-check";
import process from "node:process";
import { checkConfigText, configText } from "../tests/config/config_texts.ts";

const numRuns = Number(process.argv[2] ?? 100_000);
const seed = Number(process.env.PILOTED_SEED ?? Date.now() % 2 ** 31);
const outcomes = { accepted: 0, refused: 0 };
const start = performance.now();

console.log(`Reading ${numRuns} configurations with PILOTED_SEED=${seed}`);
await fc.assert(
  fc.asyncProperty(configText, async (text) => {
    outcomes[await checkConfigText(text)]++;
  }),
  { seed, numRuns },
);
const seconds = ((performance.now() - start) / 1000).toFixed(1);
console.log(`${outcomes.accepted} accepted, ${outcomes.refused} refused, in ${seconds} s`);
