import { assert, assertEquals } from "@std/assert";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "../support/test.ts";
import { circleFaults } from "./circles.ts";
import { namedPaths, pathFaults } from "./named_paths.ts";
import { publicDoors, readProject, readTree, ROOT } from "./project.ts";
import {
  coreFaults,
  importFaults,
  nameFaults,
  PLANNED_ROOMS,
  roomOf,
  ROOMS,
  shapeFaults,
} from "./rules.ts";
import { unusedExports } from "./unused_exports.ts";

const modules = await readProject(["src"]);
const all = [...modules.values()];

test("architecture: the house is read, every room of it", () => {
  assert(all.length > 40, `only ${all.length} files`);
  assert(all.some(({ imports }) => imports.length > 3));
  const built = new Set(all.map(({ path }) => roomOf(path).replace(/\/.*/, "")));
  const rooms = [...built].filter((room) => !room.endsWith(".ts"));
  const expected = ROOMS.filter((room) => !PLANNED_ROOMS.includes(room));
  assertEquals(rooms.sort(), [...expected].sort());
});

test("architecture: imports follow the directions and name only allowed packages", () => {
  assertEquals(all.flatMap(importFaults), []);
});

test("architecture: no file imports itself through others, not even types", () => {
  assertEquals(circleFaults(modules), []);
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

test("architecture: every export is imported by another file or shown by a door", async () => {
  const project = await readProject(["src", "tests", "scripts", "bench", "examples"]);
  assertEquals(unusedExports(project, await publicDoors()), []);
});

test("architecture: documents name only files and folders that exist", async () => {
  const tree = await readTree();
  const documents = tree.filter((path) => /^(docs\/)?[^/]+\.md$/.test(path));
  assert(documents.length > 3);
  const faults: string[] = [];
  for (const path of documents) {
    const text = await readFile(join(ROOT, path), "utf8");
    faults.push(...pathFaults(path, namedPaths(text, path.replace(/\/?[^/]*$/, "")), tree));
  }
  assertEquals(faults, []);
});

test("architecture: CONTRIBUTING.md describes every room", async () => {
  const text = await readFile(join(ROOT, "CONTRIBUTING.md"), "utf8");
  const described = [...text.matchAll(/^\| `src\/([a-z]+)\/[^`]*` \|/gm)].map(([, room]) => room!);
  const rooms = await readdir(join(ROOT, "src"), { withFileTypes: true });
  const folders = rooms.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  assertEquals(described.sort(), folders.sort());
});
