/**
 * Times the import of a module on Deno, in a process of its own.
 *
 * @module
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));

// Times the import alone, as the start of the process costs ten times more. A module may leave in
// `evaluated` how long its own code ran.
const PROGRAM = `import process from "node:process";
const started = performance.now();
await import(process.argv[2]);
console.log(JSON.stringify([performance.now() - started, globalThis.evaluated ?? 0]));
`;

/** What is imported. */
export interface TimedImport {
  path: string;
  /** Whether Deno's cache is empty, as on a machine that has never run it. @default {false} */
  coldCache?: boolean;
}

/** How long it takes. */
export interface Times {
  leastMs: number;
  medianMs: number;
  /** The least that its code ran, where it tells. */
  evaluationMs: number;
}

/**
 * Imports some modules over and over.
 *
 * @param imports What is imported.
 * @param rounds How often.
 * @returns How long each takes.
 */
export async function importTimes(
  imports: readonly TimedImport[],
  rounds: number,
): Promise<Times[]> {
  const folder = await mkdtemp(join(tmpdir(), "piloted-bench-"));
  try {
    const program = join(folder, "program.mjs");
    await writeFile(program, PROGRAM);
    const results = imports.map((): [number, number][] => []);
    // In turn, so that whatever else the machine does falls on all; the first round fills caches.
    for (let round = -1; round < rounds; round++) {
      for (const [index, { path, coldCache = false }] of imports.entries()) {
        const cache = join(folder, `cache-${round}-${index}`);
        const result = await timeOnce(program, path, coldCache ? cache : undefined);
        if (round >= 0) results[index]!.push(result);
      }
    }
    return results.map(summarize);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function timeOnce(
  program: string,
  path: string,
  cache: string | undefined,
): Promise<[number, number]> {
  const args = ["run", "-A", "--no-check", "-c", CONFIG, program, pathToFileURL(path).href];
  const env = { ...process.env, ...cache !== undefined && { DENO_DIR: cache } };
  const { stdout } = await run(process.execPath, args, { env });
  return JSON.parse(stdout);
}

function summarize(results: readonly [number, number][]): Times {
  const totals = results.map(([total]) => total).sort((a, b) => a - b);
  return {
    leastMs: totals[0]!,
    medianMs: totals[Math.floor(totals.length / 2)]!,
    evaluationMs: Math.min(...results.map(([, evaluation]) => evaluation)),
  };
}
