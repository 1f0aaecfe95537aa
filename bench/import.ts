/**
 * What it costs to import the core: time over an empty module on Deno, and size as a browser or an
 * edge runtime would load it.
 *
 *     deno run -A bench/import.ts
 *
 * Exits with 1 when a figure is above its limit.
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
import { bundleSize, type CodeSize } from "../scripts/bundle_size.ts";

const run = promisify(execFile);
const DOOR = fileURLToPath(new URL("../mod.ts", import.meta.url));
const CONFIG = fileURLToPath(new URL("../deno.json", import.meta.url));
const ROUNDS = 21;
const LONGEST_MS = 10;
const LARGEST_KB = 20;

// Times the import alone, in a process of its own, as the start of the process costs ten times more.
const PROGRAM = `const started = performance.now();
await import(process.argv[2]);
console.log(performance.now() - started);
`;

interface Times {
  least: number;
  median: number;
}

async function importTimes(paths: readonly string[], folder: string): Promise<Times[]> {
  const program = join(folder, "program.mjs");
  await writeFile(program, `import process from "node:process";\n${PROGRAM}`);
  const times = paths.map((): number[] => []);
  // In turn, so that whatever else the machine does falls on both; the first round fills caches.
  for (let round = -1; round < ROUNDS; round++) {
    for (const [index, path] of paths.entries()) {
      const args = ["run", "-A", "--no-check", "-c", CONFIG, program, pathToFileURL(path).href];
      const { stdout } = await run(process.execPath, args);
      if (round >= 0) times[index]!.push(Number(stdout));
    }
  }
  return times.map((own) => {
    own.sort((a, b) => a - b);
    return { least: own[0]!, median: own[Math.floor(ROUNDS / 2)]! };
  });
}

function row(name: string, ...cells: string[]): void {
  console.log(name.padEnd(40) + cells.map((cell) => cell.padStart(12)).join(""));
}

async function main(): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), "piloted-bench-"));
  try {
    const empty = join(folder, "empty.ts");
    await writeFile(empty, "export {};\n");
    const [none, door] = await importTimes([empty, DOOR], folder);
    // Other work on the machine only adds, so the least is what the import itself costs.
    const costMs = door!.least - none!.least;
    row(`import on Deno, ${ROUNDS} times`, "least ms", "median ms");
    row("an empty module", none!.least.toFixed(2), none!.median.toFixed(2));
    row("mod.ts", door!.least.toFixed(2), door!.median.toFixed(2));
    row("over an empty module", costMs.toFixed(2), "", `< ${LONGEST_MS}`);

    const { atImport, later } = await bundleSize(["json5"]);
    const kilobytes = ({ minified, gzipped }: CodeSize) =>
      [minified, gzipped].map((bytes) => (bytes / 1000).toFixed(1));
    console.log();
    row("bundle of mod.ts without json5", "minified kB", "gzipped kB");
    row("loaded at import", ...kilobytes(atImport), `< ${LARGEST_KB}`);
    row("loaded when it is needed, re2js in it", ...kilobytes(later));
    return costMs < LONGEST_MS && atImport.gzipped < LARGEST_KB * 1000;
  } finally {
    await rm(folder, { recursive: true });
  }
}

if (!await main()) process.exitCode = 1;
