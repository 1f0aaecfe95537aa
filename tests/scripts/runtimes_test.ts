import { assertEquals } from "@std/assert";
import process from "node:process";
import { type Counts, runsOn, RUNTIMES } from "../../scripts/runtimes.ts";
import { isInstalled } from "../../scripts/set_up.ts";
import { test } from "../support/test.ts";

function counts(runtime: string, output: string): Counts | undefined {
  return RUNTIMES.find(({ name }) => name === runtime)!.readCounts(output);
}

test("readCounts() reads Deno's summary", () => {
  const read = (output: string) => counts("deno", output);
  assertEquals(read("ok | 12 passed | 0 failed (2s)\n"), { passed: 12, failed: 0, skipped: 0 });
  assertEquals(
    read("a ... ok\n\nFAILED | 3 passed (4 steps) | 2 failed | 1 ignored (2s)\n\nerror"),
    {
      passed: 3,
      failed: 2,
      skipped: 1,
    },
  );
  assertEquals(read("\x1b[0m\x1b[32mok\x1b[0m | 5 passed | 0 failed \x1b[38m(1ms)\x1b[0m\n"), {
    passed: 5,
    failed: 0,
    skipped: 0,
  });
  assertEquals(read("error: Module not found"), undefined);
});

test("readCounts() reads Bun's summary, files that can't be loaded included", () => {
  const read = (output: string) => counts("bun", output);
  assertEquals(read("(pass) a\n\n 12 pass\n 0 fail\nRan 12 tests across 3 files. [98.00ms]\n"), {
    passed: 12,
    failed: 0,
    skipped: 0,
  });
  assertEquals(read("\n 2 pass\n 1 skip\n 3 fail\n 1 error\nRan 6 tests across 2 files.\n"), {
    passed: 2,
    failed: 4,
    skipped: 1,
  });
  assertEquals(read("error: Cannot find module"), undefined);
});

test("readCounts() reads Node's summary, cancelled tests included", () => {
  const rest = "cancelled 1\nℹ skipped 2\nℹ todo 0\nℹ duration_ms 14.6\n";
  assertEquals(counts("node", `✔ a (1ms)\nℹ tests 9\nℹ suites 0\nℹ pass 5\nℹ fail 1\nℹ ${rest}`), {
    passed: 5,
    failed: 2,
    skipped: 2,
  });
  assertEquals(counts("node", "# pass 5\n# fail 0\n"), { passed: 5, failed: 0, skipped: 0 });
  assertEquals(counts("node", "node: bad option"), undefined);
});

test("readCounts() takes the last summary, which is the runner's own", () => {
  const printed = "ok | 1 passed | 9 failed (1ms)\n";
  const own = "ok | 2 passed | 0 failed (1ms)\n";
  assertEquals(counts("deno", printed + own), { passed: 2, failed: 0, skipped: 0 });
});

test("readFailures() names failed tests and their files", () => {
  const read = (runtime: string, output: string) =>
    RUNTIMES.find(({ name }) => name === runtime)!.readFailures(output);
  const two = { names: ["a: x => y", "b"], files: ["./tests/x_test.ts", "./tests/y_test.ts"] };
  assertEquals(
    read(
      "deno",
      "running 2 tests from ./tests/x_test.ts\nfine ... ok (1ms)\na: x => y ... \x1b[31mFAILED\x1b[0m (3ms)\n" +
        "running 1 test from ./tests/y_test.ts\nb ...\n---- output ----\n---- output end ----\nb ... FAILED (1s)\n" +
        " FAILURES \n\nb => ./tests/support/test.ts:1:2\n",
    ),
    two,
  );
  assertEquals(
    read(
      "deno",
      "running 2 tests from ./tests/x_test.ts\na ...\nUncaught error from ./tests/x_test.ts FAILED\n" +
        "a ... cancelled (0ms)\nb ... cancelled (0ms)\n\nFAILED | 1 passed | 3 failed (1s)\n",
    ),
    { names: ["Uncaught error from ./tests/x_test.ts", "a", "b"], files: ["./tests/x_test.ts"] },
  );
  assertEquals(
    read(
      "bun",
      "\ntests/x_test.ts:\n(pass) fine [1.00ms]\n(fail) a: x => y [2.37ms]\n\ntests/y_test.ts:\n(fail) b\n\n2 tests failed:\n(fail) a: x => y [2.37ms]\n(fail) b\n",
    ),
    two,
  );
  assertEquals(
    read(
      "node",
      "✔ fine (1ms)\n✖ a: x => y (2.9ms)\n  Error\n" +
        `Failed file: ${process.cwd()}/tests/x_test.ts\n✖ b (1.1ms)\nFailed file: tests/y_test.ts\n` +
        "\n✖ failing tests:\n\n✖ b (1.1ms)\n",
    ),
    two,
  );
  assertEquals(read("node", "✔ fine (1ms)\n"), { names: [], files: [] });
});

test("runsOn() leaves a file of one runtime to that runtime", () => {
  assertEquals(["deno", "bun", "node"].filter((name) => runsOn("a/b_test.ts", name)).length, 3);
  assertEquals(["deno", "bun", "node"].filter((name) => runsOn("a/b.node_test.ts", name)), [
    "node",
  ]);
  assertEquals(runsOn("a/b.ts", "node"), false);
});

test("isInstalled() compares versions and lets optional packages be missing", () => {
  const locked = { "": {}, "node_modules/a": { version: "1.0.0" } };
  const optional = { ...locked, "node_modules/b": { version: "1.0.0", optional: true } };
  const installed = { "node_modules/a": { version: "1.0.0" } };
  assertEquals(isInstalled(locked, installed), true);
  assertEquals(isInstalled(optional, installed), true);
  assertEquals(isInstalled(locked, {}), false);
  assertEquals(isInstalled(locked, { "node_modules/a": { version: "1.0.1" } }), false);
  assertEquals(
    isInstalled(locked, { ...installed, "node_modules/c": { version: "1.0.0" } }),
    false,
  );
});
