/**
 * Tables of comparisons, for a terminal and for Markdown.
 *
 * @module
 */
import {
  type Comparison,
  figure,
  lossOf,
  oursOf,
  ratioOf,
  type Spread,
  spreadOf,
} from "./comparison.ts";

/** Cells of a comparison, with their heads. */
export function cellsOf(comparison: Comparison): string[][] {
  const ours = oursOf(comparison);
  const rows = comparison.samples.map((sample) => {
    const own = spreadOf(sample.values);
    const ratio = ratioOf(sample, ours);
    return [
      sample.isOurs ? `${sample.peer} *` : sample.peer,
      figure(own.median),
      rangeOf(own),
      figure(ratio.median),
      rangeOf(ratio),
    ];
  });
  return [["", comparison.unit, "range", `/ ${ours.peer}`, "range"], ...rows];
}

function rangeOf({ least, most }: Spread): string {
  return Number.isNaN(least) ? "-" : `${figure(least)} - ${figure(most)}`;
}

/** A comparison as text. */
export function textOf(comparison: Comparison): string {
  const cells = cellsOf(comparison);
  const widths = cells[0]!.map((_, i) => Math.max(...cells.map((row) => row[i]!.length)));
  const lines = cells.map((row) =>
    row.map((cell, i) => i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)).join("  ")
  );
  return [
    `${comparison.title} (${comparison.better} is better)`,
    ...lines.map((line) => `  ${line}`.trimEnd()),
    ...remarksOf(comparison).map((remark) => `  ${remark}`),
    "",
  ].join("\n");
}

/** A comparison in Markdown. */
export function markdownOf(comparison: Comparison): string {
  const [head, ...rows] = cellsOf(comparison);
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    `**${comparison.title}** (${comparison.better} is better)`,
    "",
    line(head!),
    `|---|${"---:|".repeat(head!.length - 1)}`,
    ...rows.map(line),
    "",
    ...remarksOf(comparison).flatMap((remark) => [`${remark}.`, ""]),
  ].join("\n");
}

function remarksOf(comparison: Comparison): string[] {
  return [lossOf(comparison), comparison.note].filter((text) => text !== undefined);
}
