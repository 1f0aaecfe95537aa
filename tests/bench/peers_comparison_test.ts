import { assert, assertEquals, assertThrows } from "@std/assert";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type Comparison,
  figure,
  lossOf,
  ratioOf,
  type Sample,
  spreadOf,
  winnerOf,
} from "../../bench/peers/comparison.ts";
import { cellsOf, markdownOf } from "../../bench/peers/report.ts";
import { placesIn, type RowResult, tablesOf, writeResults } from "../../bench/peers/results.ts";
import { withTemporaryFolder } from "../support/temporary_folder.ts";
import { withSection } from "../../bench/numbers/marked_section.ts";
import { test } from "../support/test.ts";

function sample(peer: string, values: number[], isOurs = false): Sample {
  return { peer, isOurs, values };
}

function comparison(better: "less" | "more", ...samples: Sample[]): Comparison {
  return { title: "Delay", unit: "ms", better, samples, isDrawn: true };
}

const MACHINE = { cpu: "fast", cpus: 4, memoryGb: 8, system: "Linux" };

function result(title: string, otherWork = 0): RowResult {
  const comparisons = [comparison("less", sample("ours", [2], true), sample("<theirs>", [NaN]))];
  const common = {
    measuredOn: "2026-01-02",
    seconds: 3,
    machine: MACHINE,
    versions: { node: "20" },
  };
  return { title, otherWork, comparisons, ...common };
}

test("spreadOf() leaves out what is missing", () => {
  assertEquals(spreadOf([5, 1, NaN, 3]), { median: 3, least: 1, most: 5 });
  assertEquals(spreadOf([4, 1, 3, 2]).median, 2.5);
  assertEquals(spreadOf([NaN]), { median: NaN, least: NaN, most: NaN });
});

test("ratioOf() divides within each round, and has none where ours is 0", () => {
  const ours = sample("ours", [1, 10, 100], true);
  assertEquals(ratioOf(sample("theirs", [2, 30, 200]), ours), { median: 2, least: 2, most: 3 });
  assertEquals(ratioOf(sample("theirs", [2]), ours).median, 0.2);
  assertEquals(ratioOf(sample("b", [2, 2, 2]), sample("ours", [0, 0, 1], true)).median, NaN);
});

test("winnerOf() and lossOf() say so when a peer wins, and only then", () => {
  const ours = sample("ours", [10], true);
  const more = sample("theirs", [20]);
  assertEquals(winnerOf(comparison("less", ours, more))?.peer, "ours");
  assertEquals(winnerOf(comparison("more", ours, more))?.peer, "theirs");
  assertEquals(lossOf(comparison("less", ours, more)), undefined);
  assertEquals(lossOf(comparison("more", ours, more)), "theirs wins, 2.00 times");
  assertEquals(lossOf(comparison("less", more, ours, sample("equal", [10]))), undefined);
  assertEquals(lossOf(comparison("less", ours, sample("none", [0]))), "none wins");
  const floor = { ...sample("nothing", [0]), isFloor: true };
  assertEquals(winnerOf(comparison("less", ours, more, floor))?.peer, "ours");
  // A peer is compared with the best of ours, not with the first.
  const best = sample("ours, better", [40], true);
  assertEquals(lossOf(comparison("more", ours, more, best)), undefined);
});

test("figure() has three digits", () => {
  assertEquals([0, 0.1234, 1.234, 12.34, 123.4, 12_345].map(figure), [
    "0",
    "0.123",
    "1.23",
    "12.3",
    "123",
    "12,345",
  ]);
  assertEquals(figure(NaN), "-");
});

test("cellsOf() compares with the first of ours", () => {
  const cells = cellsOf(comparison("less", sample("ours", [2, 4], true), sample("b", [4, 4])));
  assertEquals(cells, [
    ["", "ms", "range", "/ ours", "range"],
    ["ours *", "3.00", "2.00 - 4.00", "1.00", "1.00 - 1.00"],
    ["b", "4.00", "4.00 - 4.00", "1.50", "1.00 - 2.00"],
  ]);
  assertThrows(() => cellsOf(comparison("less", sample("b", [1]))), Error, "no sample is ours");
});

test("markdownOf() says in a sentence who wins", () => {
  const text = markdownOf(comparison("less", sample("ours", [2], true), sample("theirs", [1])));
  assert(text.includes("theirs wins, 2.00 times."), text);
});

test("withSection() replaces what is between the marks of a benchmark, and nothing else", () => {
  const before =
    "a\n<!-- x begins -->\nold\n<!-- x ends -->\n<!-- y begins --><!-- y ends -->\nb\n";
  const after = withSection(before, "x", "new\n");
  assertEquals(after, before.replace("\nold\n", "\n\nnew\n\n"));
  assertEquals(withSection(after, "x", "new"), after);
  assertThrows(() => withSection(before, "z", ""), Error, "lacks <!-- z begins -->");
});

test("tablesOf() says what disturbed a measurement", () => {
  const text = tablesOf({ quiet: result("Quiet"), busy: result("Busy", 3) });
  const [, quiet, busy] = text.split("### ");
  assert(!quiet!.includes("ther work") && quiet!.includes("--only quiet"), text);
  assert(busy!.includes("**Other work used 3 processors**"), text);
});

test("writeResults() keeps families that did not run, missing figures included", () =>
  withTemporaryFolder(async (folder) => {
    const places = placesIn(join(folder, "new"));
    const order = ["a", "b"];
    await writeResults(places, { b: result("B") }, order);
    await writeResults(places, { a: result("A", 3) }, order);
    const kept = JSON.parse(await readFile(places.json, "utf8"));
    assertEquals(Object.keys(kept), order);
    assertEquals(kept.b.comparisons[0].samples[1].values, [null]);
    const picture = await readFile(places.picture, "utf8");
    assert(picture.includes("&lt;theirs&gt;") && !picture.includes("NaN"), picture);
    assert(picture.includes("other work"), picture);
  }));
