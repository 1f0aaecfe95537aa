/**
 * Sets up what the tests need and runs the suite on Deno, Bun and Node.
 *
 *     deno task test [--runtime deno|bun|node]... [--jobs N] [file or folder]...
 *
 * All runtimes run side by side, since most of the time is waiting; two at a time in CI, where a slow
 * machine must not make a test fail. `--jobs` says otherwise. The output of each is shown in one
 * piece when it ends, and as it comes where there is only one at a time.
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
import { runCommand } from "./run_command.ts";
import { type Counts, runsOn, type Runtime, RUNTIMES } from "./runtimes.ts";
import { consulForTests, ensureNodeModules } from "./set_up.ts";
import { sideBySide } from "./side_by_side.ts";

interface Outcome extends Counts {
  runtime: string;
  seconds: number;
  /** Why it failed, where the counts alone do not say it. */
  problem?: string;
}

const ROOT = fileURLToPath(new URL("../", import.meta.url));
// A run that takes longer hangs: the whole suite is meant to take less than 5 minutes.
const LIMIT_MS = 25 * 60_000;

async function main(): Promise<number> {
  const started = performance.now();
  const { values, positionals } = parseArgs({
    args: process.argv.slice(2),
    allowPositionals: true,
    options: {
      runtime: { type: "string", multiple: true },
      jobs: { type: "string", default: process.env.CI === "true" ? "2" : "3" },
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

  const suites = RUNTIMES.filter(({ name }) => chosen.includes(name))
    .map((runtime) => ({ runtime, own: files.filter((file) => runsOn(file, runtime.name)) }))
    .filter(({ own }) => own.length > 0);
  const apart = jobs > 1 && suites.length > 1;
  // The longest first, which is Node's: it alone runs the browser and the soak.
  const longestFirst = suites.toSorted((a, b) => b.own.length - a.own.length);
  const outcomes = await sideBySide(
    jobs,
    longestFirst,
    ({ runtime, own }) => runSuite(runtime, own, consul, apart),
  );
  if (outcomes.length === 0) {
    throw new Error(`Cannot test: no test file in ${positionals.join(", ")}`);
  }
  return report(outcomes, (performance.now() - started) / 1000);
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

async function runSuite(
  runtime: Runtime,
  files: string[],
  consul: string | undefined,
  apart: boolean,
): Promise<Outcome> {
  const env = testEnvironment(consul);
  const started = performance.now();
  const title = `=== ${runtime.name}: ${files.length} test files`;
  console.log(apart ? `${title}, running` : `\n${title}`);
  const version = await runCommand(runtime.versionCommand, { cwd: ROOT, env, onOutput() {} });
  const printed: string[] = [];
  const result = await runCommand([...runtime.testCommand, ...files], {
    cwd: ROOT,
    env,
    limitMs: LIMIT_MS,
    ...apart && { onOutput: (text) => void printed.push(text) },
  });
  if (apart) process.stdout.write(`\n${title}\n${printed.join("")}`);
  const counts = runtime.readCounts(result.output);
  const outcome: Outcome = {
    passed: 0,
    failed: 0,
    skipped: 0,
    ...counts,
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

function report(outcomes: readonly Outcome[], seconds: number): number {
  const total: Outcome = { runtime: "total", passed: 0, failed: 0, skipped: 0, seconds };
  for (const outcome of outcomes) {
    total.passed += outcome.passed;
    total.failed += outcome.failed;
    total.skipped += outcome.skipped;
  }
  console.log(`\n${"runtime".padEnd(16)}  passed  failed  skipped  seconds`);
  for (const { runtime, passed, failed, skipped, seconds, problem } of [...outcomes, total]) {
    const cells = [`${passed}`.padStart(6), `${failed}`.padStart(6), `${skipped}`.padStart(7)];
    const time = seconds.toFixed(1).padStart(7);
    console.log([runtime.padEnd(16), ...cells, time, problem ?? ""].join("  ").trimEnd());
  }
  const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : "";
  console.log(`\n${total.passed} passed, ${total.failed} failed${skipped}`);
  return total.failed === 0 ? 0 : 1;
}

process.exitCode = await main().catch((error) => {
  console.error(error instanceof Error ? error.message : error);
  return 1;
});
