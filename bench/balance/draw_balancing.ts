/**
 * The picture of docs/balancing.md.
 *
 * @module
 */
import type { BalancerName } from "../../src/balance/create_balancer.ts";
import { linkerd2016 } from "./linkerd_2016.ts";
import { towerDemo } from "./tower_demo.ts";
import { quantile } from "./world.ts";

const LINES: readonly { name: BalancerName; color: string }[] = [
  { name: "round-robin", color: "#d1495b" },
  { name: "least-pending", color: "#d9a400" },
  { name: "p2c-ewma", color: "#00798c" },
];
const WIDTH = 340;
const HEIGHT = 220;

interface Axis {
  readonly label: string;
  readonly ticks: readonly { at: number; text: string }[];
}

/** Both simulations side by side, as SVG. */
export function drawBalancing(seed: number): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 860 340" font-family="sans-serif" font-size="12" role="img">`,
    `<title>Latency percentiles and late answers with round-robin, least-pending and p2c-ewma</title>`,
    `<rect width="860" height="340" fill="#fff"/>`,
    `<g transform="translate(60 50)">${towerPanel(seed)}</g>`,
    `<g transform="translate(480 50)">${linkerdPanel(seed)}</g>`,
    ...LINES.map(({ name, color }, i) =>
      `<g transform="translate(${
        220 + 150 * i
      } 326)"><path d="M0-4h24" stroke="${color}" stroke-width="3"/><text x="30">${name}</text></g>`
    ),
    `</svg>\n`,
  ].join("\n");
}

/** Percentile against latency, both logarithmic. */
function towerPanel(seed: number): string {
  const x = (part: number) => -Math.log10(1 - part) / 4 * WIDTH;
  const y = (ms: number) => HEIGHT - (Math.log10(Math.max(0.1, ms)) + 1) / 4 * HEIGHT;
  const curves = LINES.map(({ name, color }) => {
    const { latencies } = towerDemo(name, seed);
    const points = Array.from({ length: 81 }, (_, i): [number, number] => {
      const part = 1 - 10 ** (-4 * i / 80);
      return [x(part), y(quantile(latencies, part))];
    });
    return line(points, color);
  });
  return frame(
    "tower's demo: ten endpoints, 1 to 1,000 ms",
    {
      label: "percentile of the requests",
      ticks: [0, 0.9, 0.99, 0.999, 0.9999].map((part) => ({ at: x(part), text: `${part * 100}` })),
    },
    {
      label: "latency, ms",
      ticks: [0.1, 1, 10, 100, 1_000].map((ms) => ({ at: y(ms), text: `${ms}` })),
    },
    curves,
  );
}

/** Second against the part of its requests that is answered late. */
function linkerdPanel(seed: number): string {
  const x = (second: number) => second / 60 * WIDTH;
  const y = (percent: number) => HEIGHT - percent / 10 * HEIGHT;
  const curves = LINES.map(({ name, color }) => {
    const { lateBySecond } = linkerd2016(name, seed);
    return line(lateBySecond.map((part, second) => [x(second + 0.5), y(100 * part)]), color);
  });
  const slow = `<rect x="${x(15)}" width="${x(30)}" height="${HEIGHT}" fill="#eee"/>`;
  return frame(
    "Linkerd 2016: one of 11 slow for half a minute",
    {
      label: "second",
      ticks: [0, 15, 30, 45, 60].map((second) => ({ at: x(second), text: `${second}` })),
    },
    {
      label: "answered after more than 1 s, %",
      ticks: [0, 2, 4, 6, 8, 10].map((percent) => ({ at: y(percent), text: `${percent}` })),
    },
    [slow, ...curves],
  );
}

function frame(title: string, x: Axis, y: Axis, content: readonly string[]): string {
  const horizontal = x.ticks.map(({ at, text }) =>
    `<text x="${at.toFixed(1)}" y="${HEIGHT + 18}" text-anchor="middle">${text}</text>`
  );
  const vertical = y.ticks.map(({ at, text }) =>
    `<path d="M0 ${at.toFixed(1)}h${WIDTH}" stroke="#ccc" stroke-width=".5"/>` +
    `<text x="-6" y="${(at + 4).toFixed(1)}" text-anchor="end">${text}</text>`
  );
  return [
    `<text y="-26" font-weight="bold">${title}</text>`,
    ...content.filter((part) => part.startsWith("<rect")),
    ...vertical,
    `<path d="M0 0v${HEIGHT}h${WIDTH}" fill="none" stroke="#333"/>`,
    ...content.filter((part) => !part.startsWith("<rect")),
    ...horizontal,
    `<text x="${WIDTH / 2}" y="${HEIGHT + 38}" text-anchor="middle">${x.label}</text>`,
    `<text x="-34" y="-9" fill="#555">${y.label}</text>`,
  ].join("\n");
}

function line(points: readonly (readonly [number, number])[], color: string): string {
  const path = points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L");
  return `<path d="M${path}" fill="none" stroke="${color}" stroke-width="2"/>`;
}
