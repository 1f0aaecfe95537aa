/**
 * The three runtimes that the suite runs on: how each is called and how its summary is read.
 *
 * @module
 */
import { join, relative, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";

/** What a test runner says that it did. */
export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** What failed, as far as a test runner names it. */
export interface Failures {
  /** Names of the tests. */
  names: string[];
  /** The files that they are in, each once, relative to the root. */
  files: string[];
}

/** One runtime with its test runner. */
export interface Runtime {
  /** `deno`, `bun` or `node`. */
  readonly name: string;
  /** Prints its version. */
  readonly versionCommand: readonly string[];
  /** Runs test files; their paths are appended. */
  readonly testCommand: readonly string[];
  /** Reads the runner's closing lines; `undefined` where there are none. */
  readCounts(output: string): Counts | undefined;
  /** Reads which tests failed, and in which files. */
  readFailures(output: string): Failures;
}

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const DENO = process.versions.deno ? [process.execPath] : ["npx", "-y", "deno@2"];
const BUN = join(ROOT, "node_modules", ".bin", "bun");

/** Every runtime, in the order in which the suite runs. */
export const RUNTIMES: readonly Runtime[] = [
  {
    name: "deno",
    versionCommand: [...DENO, "--version"],
    // The types are checked by themselves, once, and not before every run.
    testCommand: [...DENO, "test", "-A", "--no-check"],
    readCounts(output) {
      // ok | 12 passed (3 steps) | 0 failed | 1 ignored (2s)
      const line = last(output, /^.*\| (\d+) passed.* \| (\d+) failed(?:.* \| (\d+) ignored)?/gm);
      return line && { passed: line[0]!, failed: line[1]!, skipped: line[2]! };
    },
    // running 2 tests from ./tests/a_test.ts
    // a fails ... FAILED (3ms)
    // Uncaught error from ./tests/a_test.ts FAILED
    // b ... cancelled (0ms)
    readFailures: (output) =>
      failures(
        output,
        /^running \d+ tests? from (\S+)$/,
        /^(.+?)(?: \.\.\.)? (?:FAILED|cancelled)(?: \(|$)/,
      ),
  },
  {
    name: "bun",
    versionCommand: [BUN, "--version"],
    // Each file in a fresh global object, as Deno and Node do it.
    testCommand: [BUN, "test", "--isolate"],
    readCounts(output) {
      //  12 pass
      //  1 skip
      //  0 fail
      //  1 error         (a file that can't be loaded)
      const number = (word: string) => last(output, new RegExp(`^ *(\\d+) ${word}s?$`, "gm"))?.[0];
      const passed = number("pass");
      const failed = number("fail");
      if (passed === undefined || failed === undefined) return undefined;
      return { passed, failed: failed + (number("error") ?? 0), skipped: number("skip") ?? 0 };
    },
    // tests/a_test.ts:
    // (fail) a fails [3.00ms]
    // At the end it names them once more, below "2 tests failed:".
    readFailures: (output) =>
      failures(
        output.split(/^\d+ tests? failed:$/m)[0]!,
        /^(\S+_test\.ts):$/,
        /^\(fail\) (.*?)(?: \[[\d.]+m?s\])?$/,
      ),
  },
  {
    name: "node",
    versionCommand: ["node", "--version"],
    // Node runs each file in a process of its own, one after the other.
    testCommand: [
      "node",
      "--import",
      "tsx",
      "--test",
      "--test-reporter=spec",
      "--test-concurrency=1",
      // A test that failed and left a server open must not hold the run for ever.
      "--test-force-exit",
    ],
    readCounts(output) {
      // ℹ pass 12
      const number = (word: string) => last(output, new RegExp(`^[ℹ#] ${word} (\\d+)$`, "gm"))?.[0];
      const passed = number("pass");
      const failed = number("fail");
      if (passed === undefined || failed === undefined) return undefined;
      return {
        passed,
        failed: failed + (number("cancelled") ?? 0),
        skipped: (number("skipped") ?? 0) + (number("todo") ?? 0),
      };
    },
    // ✖ a fails (3.1ms)
    // Failed file: /checkout/tests/a_test.ts     (tests/support/test.ts, when its process ends)
    readFailures(output) {
      const lines = plainLines(output);
      const end = lines.indexOf("✖ failing tests:");
      const found = (pattern: RegExp, among: readonly string[]) =>
        among.flatMap((line) => pattern.exec(line)?.[1] ?? []);
      return {
        names: found(/^✖ (.*?)(?: \([\d.]+ms\))?$/, end < 0 ? lines : lines.slice(0, end)),
        files: fromRoot(found(/^Failed file: (.+)$/, lines)),
      };
    },
  },
];

/**
 * Whether a test file is for a runtime: `x_test.ts` for each, `x.node_test.ts` for Node alone.
 *
 * @param file Path of the file.
 * @param runtime Name of the runtime.
 * @returns Whether it runs there.
 */
export function runsOn(file: string, runtime: string): boolean {
  const only = /\.(deno|bun|node)_test\.ts$/.exec(file)?.[1];
  return file.endsWith("_test.ts") && (only === undefined || only === runtime);
}

// The files of failed tests are those whose heading came last before them.
function failures(output: string, heading: RegExp, failure: RegExp): Failures {
  const names: string[] = [];
  const files: string[] = [];
  let current: string | undefined;
  for (const line of plainLines(output)) {
    current = heading.exec(line)?.[1] ?? current;
    const name = failure.exec(line)?.[1];
    if (name === undefined) continue;
    names.push(name);
    if (current !== undefined) files.push(current);
  }
  return { names, files: fromRoot(files) };
}

function fromRoot(files: readonly string[]): string[] {
  return [...new Set(files.map((file) => `./${relative(ROOT, resolve(ROOT, file))}`))];
}

function plainLines(output: string): string[] {
  return stripVTControlCharacters(output).split(/\r?\n/);
}

// The groups of the last match as numbers: a test may itself print such a line, the runner is last.
function last(output: string, pattern: RegExp): number[] | undefined {
  return [...stripVTControlCharacters(output).matchAll(pattern)].at(-1)?.slice(1).map((group) =>
    Number(group ?? 0)
  );
}
