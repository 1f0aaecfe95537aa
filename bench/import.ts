/**
 * What it costs to import the core: time on Deno, and size as a browser or an edge runtime would
 * load it.
 *
 *     deno run -A bench/import.ts
 *
 * Exits with 1 when a figure is above its limit. The time is also taken apart: the same code is
 * imported as one file, as JavaScript and with an empty cache, so that the differences tell what
 * evaluation, the number of files and the types cost.
 *
 * @module
 */
import { bundleSize, type CodeSize, LARGEST_AT_IMPORT } from "../scripts/bundle_size.ts";
import process from "node:process";
import { importTimes, type Times } from "./import/import_times.ts";
import { withVariants } from "./import/variants.ts";

const ROUNDS = 15;
const LONGEST_MS = 10;
const LARGEST_ROOMS = 8;

function row(name: string, ...cells: string[]): void {
  console.log(name.padEnd(48) + cells.map((cell) => cell.padStart(12)).join(""));
}

async function timeImports(): Promise<boolean> {
  return await withVariants(async (variants) => {
    const { empty, door, alone, javascript, bundle, files, laterFiles } = variants;
    const times = await importTimes([
      { path: empty },
      { path: door },
      { path: alone },
      { path: alone, coldCache: true },
      { path: javascript },
      { path: bundle },
    ], ROUNDS);
    const [none, asIs, asAlone, asCold, asJavaScript, asBundle] = times as [Times, ...Times[]];
    // Other work on the machine only adds, so the least is what the import itself costs.
    const cost = (times: Times | undefined) => times!.leastMs - none.leastMs;
    row(`import on Deno, ${ROUNDS} times, over an empty module`, "least ms", "median ms");
    const show = (name: string, times: Times | undefined, limit = "") =>
      row(name, cost(times).toFixed(2), (times!.medianMs - none.medianMs).toFixed(2), limit);
    show("mod.ts", asIs, `< ${LONGEST_MS}`);
    show("without the files that it imports later", asAlone);
    show("the same, the first time", asCold);
    show("the same, as JavaScript", asJavaScript);
    show("the same, as one JavaScript file", asBundle);
    console.log();
    row("what the time is made of", "ms");
    const part = (name: string, ms: number, files?: number) =>
      row(name, ms.toFixed(2), files === undefined ? "" : `${(ms / files).toFixed(3)} each`);
    part("running the code", asBundle!.evaluationMs);
    part("reading and compiling it", cost(asBundle) - asBundle!.evaluationMs);
    part(`${files} files instead of one`, cost(asJavaScript) - cost(asBundle), files);
    part("TypeScript whose types were removed before", cost(asAlone) - cost(asJavaScript), files);
    // Deno reads whatever a literal import() names together with the file that has it.
    part(`${laterFiles} files that are imported later`, cost(asIs) - cost(asAlone), laterFiles);
    part("the first time: removing the types", cost(asCold) - cost(asAlone), files);
    return cost(asIs) < LONGEST_MS;
  });
}

async function measureSize(): Promise<boolean> {
  const { atImport, later, files } = await bundleSize(["json5"]);
  const kilobytes = ({ minified, gzipped }: CodeSize) =>
    [minified, gzipped].map((bytes) => (bytes / 1000).toFixed(1));
  console.log();
  row("bundle of mod.ts without json5", "minified kB", "gzipped kB");
  row("loaded at import", ...kilobytes(atImport), `< ${LARGEST_AT_IMPORT / 1000}`);
  row("loaded when it is needed, re2js in it", ...kilobytes(later));
  const rooms = new Map<string, number>();
  for (const [file, bytes] of files) {
    const room = file.replace(/^src\/|\/[^/]*$/g, "");
    rooms.set(room, (rooms.get(room) ?? 0) + bytes);
  }
  const largest = [...rooms].sort(([, a], [, b]) => b - a).slice(0, LARGEST_ROOMS);
  for (const [room, bytes] of largest) row(`  at import: ${room}`, (bytes / 1000).toFixed(1));
  return atImport.gzipped < LARGEST_AT_IMPORT;
}

const fast = await timeImports();
const small = await measureSize();
if (!fast || !small) process.exitCode = 1;
