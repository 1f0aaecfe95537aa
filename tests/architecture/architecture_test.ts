import { assert, assertEquals } from "@std/assert";
import { test } from "../support/test.ts";
import { readProject } from "./project.ts";
import { coreFaults, importFaults, nameFaults, shapeFaults } from "./rules.ts";

const modules = await readProject(["src"]);
const all = [...modules.values()];

test("architecture: the house is read, every room of it", () => {
  assert(all.length > 40, `only ${all.length} files`);
  assert(all.some(({ imports }) => imports.length > 3));
});

test("architecture: imports follow the directions and name only allowed packages", () => {
  assertEquals(all.flatMap(importFaults), []);
});

test("architecture: runtimes and console are named only in their rooms", () => {
  assertEquals(all.flatMap(nameFaults), []);
});

test("architecture: no export *, no file above 350 lines, names in snake_case", () => {
  assertEquals(all.flatMap(shapeFaults), []);
});

test("architecture: mod.ts reaches the core alone", () => {
  assertEquals(coreFaults(modules), []);
});
