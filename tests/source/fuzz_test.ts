import { assert } from "@std/assert";
import fc from "fast-check";
import { seed } from "../balance/support.ts";
import { test } from "../support/test.ts";
import { answer } from "./odd_answers.ts";
import { watchAnswers } from "./watch_answers.ts";

test(`Watcher lives through 2,000 odd answers of Consul, with PILOTED_SEED=${seed}`, async () => {
  const total = { taken: 0, refused: 0 };
  const row = fc.array(answer, { minLength: 20, maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(row, async (answers) => {
      const { taken, refused } = await watchAnswers(answers);
      total.taken += taken;
      total.refused += refused;
    }),
    { seed, numRuns: 100 },
  );
  // The answers are of use only while both kinds are among them.
  assert(total.taken > 500 && total.refused > 300, JSON.stringify(total));
});
