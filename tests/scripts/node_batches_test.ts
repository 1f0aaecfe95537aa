import { assertEquals } from "@std/assert";
import { readFile, rm } from "node:fs/promises";
import { nodeBatches } from "../../scripts/node_batches.ts";
import { test } from "../support/test.ts";

test("nodeBatches() runs every file once, and those of other rooms by themselves", async () => {
  const many = Array.from({ length: 13 }, (_, i) => `./tests/balance/x${i}_test.ts`);
  const files = ["./tests/cli/a_test.ts", ...many, "./tests/live/b_test.ts"];
  const paths = await nodeBatches(files, "node_batches_test_of_itself");
  try {
    assertEquals(paths.length, 4);
    assertEquals(paths.slice(0, 2), ["./tests/cli/a_test.ts", "./tests/live/b_test.ts"]);
    const imported = await Promise.all(paths.slice(2).map((path) => readFile(path, "utf8")));
    assertEquals(
      imported.join("").trim().split("\n").map((line) => line.replace(/^.*\/tests/, "./tests")),
      many.map((file) => `${file}";`),
    );
  } finally {
    await Promise.all(paths.slice(2).map((path) => rm(path)));
  }
});
