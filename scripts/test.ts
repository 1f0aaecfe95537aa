/**
 * Sets up what the tests need and runs the suite on Deno, Bun and Node.
 *
 *     deno task test [--runtime deno|bun|node]... [--jobs N] [file or folder]...
 *
 * Most of the time of a test is waiting, so the files of each runtime are dealt into parts and four
 * parts run side by side. `--jobs` says otherwise. The output of a part is shown in one piece when it
 * ends, and as it comes where there is only one at a time.
 *
 * What failed beside other parts is run again, alone, when at most six files are concerned: a test
 * that needs real time can be late on a busy machine. Tests that pass then are counted as passed and
 * named as unstable; the names of those that failed again are repeated at the end.
 *
 * Closes with the line `N passed, N failed` and exits with 1 unless every runtime ran tests and
 * all of them passed.
 *
 * @module
 */
import { readdir, stat } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { nodeBatches } from "./node_batches.ts";
import { runCommand } from "./run_command.ts";
import { type Counts, type Failures, runsOn, type Runtime, RUNTIMES } from "./runtimes.ts";
import { consulForTests, ensureNodeModules, serversForTests } from "./set_up.ts";
import { sideBySide } from "./side_by_side.ts";

interface Outcome extends Counts {
  runtime: string;
  seconds: number;
  /** What was run. */
  part: Part;
  failures: Failures;
  /** Why it failed, where the counts alone do not say it. */
  problem?: string;
}

/** One line of the closing table. */
type Row = Omit<Outcome, "part" | "failures">;

/** Files of one runtime that run in one go. */
interface Part {
  runtime: Runtime;
  files: readonly string[];
  /** Heads its output. */
  title: string;
}

const ROOT = fileURLToPath(new URL("../", import.meta.url));
// A run that takes longer hangs: the whole suite is meant to take less than 5 minutes.
const LIMIT_MS = 25 * 60_000;
const FILES_OF_A_PART = 60;
const FILES_RUN_AGAIN = 6;

async function main(): Promise<number> {
  const started = performance.now();
  const { values, positionals } = parseArgs({
    args: process.argv.slice(2),
    allowPositionals: true,
    options: {
      runtime: { type: "string", multiple: true },
      jobs: { type: "string", default: "4" },
    },
  });
  const jobs = Number(values.jobs);
  if (!Number.isInteger(jobs) || jobs < 1) {
    throw new Error(`Cannot test: --jobs must be a positive integer, received ${values.jobs}`);
  }
  const chosen = values.runtime ?? RUNTIMES.map(({ name }) => name);
  const unknown = chosen.find((name) => !RUNTIMES.some((runtime) => runtime.name === name));
  if (unknown !== undefined) throw new Error(`Cannot test: no runtime is named ${unknown}`);
  const files = await testFiles(positionals.length > 0 ? positionals : [join(ROOT, "tests")]);

  await ensureNodeModules(ROOT);
  const consul = await consulForTests();
  console.log(`Set-up: Consul ${consul ?? "missing, so that its suites can't run"}`);
  await serversForTests(files);

  const parts = RUNTIMES.filter(({ name }) => chosen.includes(name)).flatMap((runtime) => {
    const own = files.filter((file) => runsOn(file, runtime.name));
    const count = jobs === 1 ? 1 : Math.ceil(own.length / FILES_OF_A_PART);
    return dealt(own, count).map((files, index) => ({
      runtime,
      files,
      title: `=== ${runtime.name}${count > 1 ? `, part ${index + 1} of ${count}` : ""}`,
    }));
  });
  const apart = jobs > 1 && parts.length > 1;
  // Node's take the longest, since each file is a process and it alone runs the browser.
  const longestFirst = parts.toSorted((a, b) =>
    Number(b.runtime.name === "node") - Number(a.runtime.name === "node")
  );
  const outcomes = await sideBySide(jobs, longestFirst, (part) => runPart(part, consul, apart));
  if (outcomes.length === 0) {
    throw new Error(`Cannot test: no test file in ${positionals.join(", ")}`);
  }
  const unstable = apart
    ? [...await runCrashedAgain(outcomes, consul), ...await runFailedAgain(outcomes, consul)]
    : [];
  return report(outcomes, unstable, (performance.now() - started) / 1000);
}

// A runtime that crashed takes its whole part along. One such part is run again; Deno 2.9 crashes in
// its HTTP/2 now and then.
async function runCrashedAgain(
  outcomes: Outcome[],
  consul: string | undefined,
): Promise<string[]> {
  const crashed = outcomes.filter(({ problem }) => problem?.includes("killed by SIG"));
  const [outcome] = crashed;
  if (outcome === undefined || crashed.length > 1) return [];
  const { part, problem, runtime } = outcome;
  const title = `=== ${part.runtime.name}, crashed before`;
  const again = await runPart({ ...part, title }, consul, false);
  if (again.problem !== undefined) return [];
  outcomes[outcomes.indexOf(outcome)] = { ...again, seconds: outcome.seconds + again.seconds };
  return [`${runtime}: a whole part, ${problem}`];
}

// Returns the names of the tests that passed this time, and takes them off the failed ones.
async function runFailedAgain(
  outcomes: Outcome[],
  consul: string | undefined,
): Promise<string[]> {
  const failed = outcomes.filter(({ failed, failures: { names } }) =>
    failed > 0 && failed === names.length
  );
  const count = failed.reduce((sum, { failures: { files } }) => sum + files.length, 0);
  if (count === 0 || count > FILES_RUN_AGAIN) return [];
  const unstable: string[] = [];
  for (const outcome of failed) {
    const { files, names } = outcome.failures;
    const { runtime } = outcome.part;
    const title = `=== ${runtime.name}, failed before`;
    const again = await runPart({ runtime, files, title }, consul, false);
    outcome.seconds += again.seconds;
    if (files.length === 0 || again.failed > 0) continue;
    outcome.failed -= names.length;
    outcome.passed += names.length;
    outcome.failures = { names: [], files: [] };
    unstable.push(...names.map((name) => `${outcome.runtime}: ${name}`));
  }
  return unstable;
}

// Neighbours in a folder are often equally slow, and so go to different parts.
function dealt(files: readonly string[], count: number): string[][] {
  return Array.from({ length: count }, (_, part) => files.filter((_, i) => i % count === part));
}

async function testFiles(paths: string[]): Promise<string[]> {
  const found: string[] = [];
  for (const path of paths.map((path) => resolve(path))) {
    if ((await stat(path)).isFile()) {
      found.push(path);
      continue;
    }
    for (const entry of await readdir(path, { recursive: true, withFileTypes: true })) {
      if (entry.isFile() && entry.name.endsWith("_test.ts")) {
        found.push(join(entry.parentPath, entry.name));
      }
    }
  }
  // Bun takes a bare name for a filter, and a path only when it begins with a dot.
  return found.map((path) => `./${relative(ROOT, path)}`).sort();
}

async function runPart(
  part: Part,
  consul: string | undefined,
  apart: boolean,
): Promise<Outcome> {
  const { runtime, files, title } = part;
  const env = testEnvironment(consul);
  const started = performance.now();
  console.log(
    `${apart ? "" : "\n"}${title}: ${files.length} test files${apart ? ", running" : ""}`,
  );
  const version = await runCommand(runtime.versionCommand, { cwd: ROOT, env, onOutput() {} });
  const printed: string[] = [];
  const paths = apart && runtime.name === "node"
    ? await nodeBatches(files, title.replaceAll(/\W+/g, "_"))
    : files;
  const result = await runCommand([...runtime.testCommand, ...paths], {
    cwd: ROOT,
    env,
    limitMs: LIMIT_MS,
    ...apart && { onOutput: (text) => void printed.push(text) },
  });
  if (apart) process.stdout.write(`\n${title}\n${printed.join("")}`);
  const counts = runtime.readCounts(result.output);
  const outcome: Outcome = {
    part,
    passed: 0,
    failed: 0,
    skipped: 0,
    ...counts,
    failures: runtime.readFailures(result.output),
    runtime: `${runtime.name} ${/\d+\.\d+\.\d+/.exec(version.output)?.[0] ?? ""}`.trim(),
    seconds: (performance.now() - started) / 1000,
  };
  if (counts === undefined) outcome.problem = `no summary, ${result.ending}`;
  else if (counts.passed + counts.failed === 0) outcome.problem = "ran no test";
  else if (!result.ok && counts.failed === 0) outcome.problem = result.ending;
  if (outcome.problem !== undefined) outcome.failed += 1;
  return outcome;
}

// Settings of the developer's own Consul must not reach the tests.
function testEnvironment(consul: string | undefined): Record<string, string | undefined> {
  const kept = Object.entries(process.env).filter(([name]) =>
    !/^(CONTAINERPILOT|CONSUL_|FORCE_COLOR)/.test(name)
  );
  return { ...Object.fromEntries(kept), NO_COLOR: "1", ...(consul && { CONSUL_BIN: consul }) };
}

function report(
  outcomes: readonly Outcome[],
  unstable: readonly string[],
  seconds: number,
): number {
  const rows = new Map<string, Row>();
  const none = { passed: 0, failed: 0, skipped: 0 };
  const total: Row = { ...none, runtime: "total", seconds };
  for (const outcome of outcomes) {
    const row = rows.get(outcome.runtime) ??
      { ...none, runtime: outcome.runtime, seconds: 0 };
    rows.set(outcome.runtime, row);
    row.seconds += outcome.seconds;
    if (outcome.problem !== undefined) row.problem ??= outcome.problem;
    for (const sum of [row, total]) {
      sum.passed += outcome.passed;
      sum.failed += outcome.failed;
      sum.skipped += outcome.skipped;
    }
  }
  console.log(`\n${"runtime".padEnd(16)}  passed  failed  skipped  seconds`);
  for (const { runtime, passed, failed, skipped, seconds, problem } of [...rows.values(), total]) {
    const cells = [`${passed}`.padStart(6), `${failed}`.padStart(6), `${skipped}`.padStart(7)];
    const time = seconds.toFixed(1).padStart(7);
    console.log([runtime.padEnd(16), ...cells, time, problem ?? ""].join("  ").trimEnd());
  }
  list("Unstable: failed beside other parts, passed alone", unstable);
  list(
    "Failed",
    outcomes.flatMap(({ runtime, failures }) =>
      failures.names.map((name) => `${runtime}: ${name}`)
    ),
  );
  const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : "";
  console.log(`\n${total.passed} passed, ${total.failed} failed${skipped}`);
  return total.failed === 0 ? 0 : 1;
}

function list(title: string, names: readonly string[]): void {
  if (names.length > 0) console.log(`\n${title}\n${names.map((name) => `  ${name}`).join("\n")}`);
}

process.exitCode = await main().catch((error) => {
  console.error(error instanceof Error ? error.message : error);
  return 1;
});
