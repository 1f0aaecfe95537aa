import { assertEquals, assertRejects } from "@std/assert";
import { sideBySide } from "../../scripts/side_by_side.ts";
import { test } from "../support/test.ts";

/** Runs that end when they are told to. */
function heldRuns(): { begun: string[]; end: Record<string, () => void>; run: Run } {
  const begun: string[] = [];
  const end: Record<string, () => void> = {};
  const run = (item: string) => {
    begun.push(item);
    return new Promise<string>((resolve) => end[item] = () => resolve(item.toUpperCase()));
  };
  return { begun, end, run };
}

type Run = (item: string) => Promise<string>;

function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

test("sideBySide() begins the next when one ends, and keeps the order of results", async () => {
  const { begun, end, run } = heldRuns();
  const results = sideBySide(2, ["a", "b", "c"], run);
  assertEquals(begun, ["a", "b"]);
  end.b!();
  await turn();
  assertEquals(begun, ["a", "b", "c"]);
  end.c!();
  end.a!();
  assertEquals(await results, ["A", "B", "C"]);
});

test("sideBySide() with a limit of 1 runs one after the other", async () => {
  const { begun, end, run } = heldRuns();
  const results = sideBySide(1, ["a", "b"], run);
  assertEquals(begun, ["a"]);
  end.a!();
  await turn();
  end.b!();
  assertEquals(await results, ["A", "B"]);
});

test("sideBySide() begins no other run after one that failed", async () => {
  const { begun, end, run } = heldRuns();
  const results = sideBySide(
    2,
    ["a", "b", "c"],
    (item) => item === "a" ? Promise.reject(new Error("broken")) : run(item),
  );
  await assertRejects(() => results, Error, "broken");
  end.b!();
  await turn();
  assertEquals(begun, ["b"]);
});

test("sideBySide() has nothing to do without items", async () => {
  assertEquals(await sideBySide(2, [], () => Promise.reject(new Error("called"))), []);
});
