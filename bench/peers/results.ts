/**
 * What was measured, as it is kept: `results.json`, `docs/peers.svg`, and the tables in
 * `docs/numbers.md`. Nobody else writes these.
 *
 * @module
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { NUMBERS, writeSection } from "../numbers/marked_section.ts";
import type { Comparison } from "./comparison.ts";
import { drawComparisons } from "./draw.ts";
import { isBusy, type Machine } from "./machine.ts";
import { markdownOf } from "./report.ts";

/** What one family of rows found. */
export interface RowResult {
  readonly title: string;
  /** Day of the measurement. */
  readonly measuredOn: string;
  readonly seconds: number;
  /** Processors that other programs used right before or after it, whichever was more. */
  readonly otherWork: number;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
  readonly comparisons: readonly Comparison[];
}

/** By name of the family. */
export type Results = Record<string, RowResult>;

/** Where results are written. */
export interface Places {
  readonly json: string;
  readonly picture: string;
  /** A document with the marks; none when only the two others are written. */
  readonly document?: string;
}

/** The files of this repository. */
export function repositoryPlaces(): Places {
  const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
  return {
    json: at("bench/peers/results.json"),
    picture: at("docs/peers.svg"),
    document: NUMBERS,
  };
}

/** Files in another folder. */
export function placesIn(folder: string): Places {
  return { json: join(folder, "results.json"), picture: join(folder, "peers.svg") };
}

/**
 * Adds results to those of earlier runs, and writes all.
 *
 * @param places Where to.
 * @param fresh Results of this run.
 * @param order Names of all families, in the order of the document.
 */
export async function writeResults(
  places: Places,
  fresh: Results,
  order: readonly string[],
): Promise<void> {
  const earlier = await readResults(places.json);
  const results = Object.fromEntries(
    order.flatMap((name) => {
      const result = fresh[name] ?? earlier[name];
      return result === undefined ? [] : [[name, result] as const];
    }),
  );
  await mkdir(join(places.json, ".."), { recursive: true });
  await writeFile(places.json, JSON.stringify(results, undefined, 2) + "\n");
  const all = Object.values(results);
  const drawn = all.flatMap(({ comparisons }) => comparisons).filter(({ isDrawn }) => isDrawn);
  const busy = all.some(({ otherWork }) => isBusy(otherWork));
  const caption = "Medians, thin lines: range of the rounds." +
    (busy ? " Measured while other work ran on the machine." : "");
  await writeFile(places.picture, drawComparisons(drawn, caption));
  if (places.document === undefined) return;
  await writeSection(places.document, "bench:peers", tablesOf(results));
}

/** All tables in Markdown, one section for each family. */
export function tablesOf(results: Results): string {
  return Object.entries(results).map(([name, result]) =>
    `### ${result.title}\n\n${describe(name, result)}\n\n` +
    result.comparisons.map(markdownOf).join("\n")
  ).join("\n");
}

/** One line: how, when and on what. */
export function describe(name: string, result: RowResult): string {
  const { machine, versions } = result;
  const busy = isBusy(result.otherWork)
    ? `. **Other work used ${result.otherWork} processors**`
    : "";
  const software = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `\`deno task bench:peers --only ${name}\`, ${result.measuredOn}, ${
    result.seconds.toFixed(0)
  } s; ${machine.cpus} CPUs (${machine.cpu}), ${machine.memoryGb} GB, ${machine.system}${busy}. ${
    software.join(", ")
  }.`;
}

async function readResults(path: string): Promise<Results> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch {
    return {};
  }
  // JSON has no NaN: a figure that is missing is null there.
  return JSON.parse(text, (key, value) => value === null && /^\d+$/.test(key) ? NaN : value);
}
