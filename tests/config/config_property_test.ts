import { assert } from "@std/assert";
import fc from "fast-check";
import process from "node:process";
import { readDocument, SyntaxFault } from "../../src/config/json5_document.ts";
import { test } from "../support/test.ts";
import { checkConfigText, configText } from "./config_texts.ts";

const seed = Number(process.env.PILOTED_SEED ?? Date.now() % 2 ** 31);

test(`parseConfig() ends with a configuration or a PilotedError, with PILOTED_SEED=${seed}`, async () => {
  const outcomes = { accepted: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(configText, async (text) => {
      outcomes[await checkConfigText(text)]++;
    }),
    { seed, numRuns: 5000 },
  );
  // The texts are of use only while both kinds are among them.
  assert(outcomes.accepted > 300 && outcomes.refused > 1000, JSON.stringify(outcomes));
});

test(`readDocument() reads what JSON.stringify() writes, with PILOTED_SEED=${seed}`, () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      assert(JSON.stringify(readDocument(text).value) === JSON.stringify(JSON.parse(text)), text);
    }),
    { seed, numRuns: 2000 },
  );
});

test(`readDocument() throws nothing but a fault inside of the text, with PILOTED_SEED=${seed}`, () => {
  fc.assert(
    fc.property(configText, (text) => {
      try {
        readDocument(text);
      } catch (fault) {
        assert(fault instanceof SyntaxFault, String(fault));
        assert(fault.offset >= 0 && fault.offset <= text.length, String(fault.offset));
      }
    }),
    { seed, numRuns: 5000 },
  );
});
