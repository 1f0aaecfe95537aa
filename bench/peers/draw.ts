/**
 * The picture of the comparisons that are marked for it: a panel of bars for each.
 *
 * @module
 */
import { type Comparison, figure, spreadOf } from "./comparison.ts";

const WIDTH = 470;
const LABEL = 225;
const BAR = 150;
const LINE = 22;
const HEAD = 44;
const COLORS = { ours: "#00798c", peer: "#9aa5b1" };

/** Draws comparisons in two columns, as SVG. Each bar is the median, the thin line the range. */
export function drawComparisons(comparisons: readonly Comparison[], caption: string): string {
  const columns: { y: number; panels: string[] }[] = [
    { y: 20, panels: [] },
    { y: 20, panels: [] },
  ];
  for (const comparison of comparisons) {
    const [left, right] = columns as [typeof columns[0], typeof columns[0]];
    const column = right.y < left.y ? right : left;
    const x = column === left ? 20 : 20 + WIDTH;
    column.panels.push(`<g transform="translate(${x} ${column.y})">${panel(comparison)}</g>`);
    column.y += HEAD + comparison.samples.length * LINE + 24;
  }
  const height = Math.max(...columns.map(({ y }) => y)) + 24;
  const width = 2 * WIDTH + 20;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" role="img">`,
    `<title>Piloted beside its peers: ${
      escape(comparisons.map(({ title }) => title).join("; "))
    }</title>`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...columns.flatMap(({ panels }) => panels),
    `<text x="20" y="${height - 12}" fill="#555">${escape(caption)}</text>`,
    `</svg>\n`,
  ].join("\n");
}

function panel({ title, unit, better, samples }: Comparison): string {
  const spreads = samples.map(({ values }) => spreadOf(values));
  const most = Math.max(
    ...spreads.map((one) => one.most).filter(Number.isFinite),
    Number.MIN_VALUE,
  );
  const scale = (value: number) => (value / most * BAR).toFixed(1);
  const lines = samples.map(({ peer, isOurs }, i) => {
    const { median, least, most } = spreads[i]!;
    const y = HEAD + i * LINE;
    const label = `<text x="${LABEL - 8}" y="${y + 12}" text-anchor="end"${
      isOurs ? ` font-weight="bold"` : ""
    }>${escape(peer)}</text>`;
    if (Number.isNaN(median)) return label;
    const color = isOurs ? COLORS.ours : COLORS.peer;
    return label +
      `<rect x="${LABEL}" y="${y}" width="${scale(median)}" height="16" fill="${color}"/>` +
      `<path d="M${LABEL + Number(scale(least))} ${y + 8}H${
        LABEL + Number(scale(most))
      }" stroke="#333"/>` +
      `<text x="${LABEL + Number(scale(most)) + 6}" y="${y + 12}">${figure(median)}</text>`;
  });
  return [
    `<text y="14" font-weight="bold">${escape(title)}</text>`,
    `<text y="32" fill="#555">${escape(unit)}, ${better} is better</text>`,
    ...lines,
  ].join("\n");
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
